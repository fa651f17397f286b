//! A design as rust-hdl-core sees it. The only file that knows rust-hdl-core.

use rust_hdl_core::ast::{BlackBox, VerilogLiteral};
use rust_hdl_core::prelude::{
    Atom, AtomKind, Block, Logic, ModuleDefines, PinConstraint, Probe, TypeDescriptor, TypeKind,
    VCDValue, Verilog,
};

use super::printer::Printer;
use crate::rtl::design::{Child, Design, Driver, Role};

/// The text that rust-hdl-core makes of one module, without those below it.
pub(super) fn module(design: &Design) -> String {
    let mut defines = ModuleDefines::default();
    Shell(design).accept(&design.name, &mut defines);
    defines.defines()
}

/// A design.
struct Shell<'a>(&'a Design);

impl Logic for Shell<'_> {
    fn update(&mut self) {}

    fn hdl(&self) -> Verilog {
        Verilog::Custom(Printer(self.0).body())
    }
}

impl Block for Shell<'_> {
    fn connect_all(&mut self) {}

    fn update_all(&mut self) {}

    fn has_changed(&self) -> bool {
        false
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        let design = self.0;
        probe.visit_start_scope(name, self);
        for clock in design.clocks() {
            probe.visit_atom(
                clock,
                &Wire {
                    width: 1,
                    kind: AtomKind::InputParameter,
                },
            );
        }
        let case_driven: Vec<u32> = design
            .drivers
            .iter()
            .filter(|driver| matches!(driver, Driver::Case(_)))
            .map(|driver| driver.target().index)
            .collect();
        for (index, signal) in design.signals.iter().enumerate() {
            let kind = match signal.role {
                Role::Input => AtomKind::InputParameter,
                Role::Output => AtomKind::OutputPassthrough,
                Role::Register => AtomKind::LocalSignal,
                Role::Wire if case_driven.contains(&(index as u32)) => AtomKind::LocalSignal,
                Role::Wire => AtomKind::StubOutputSignal,
                Role::Child(_) => continue,
            };
            probe.visit_atom(
                &signal.name,
                &Wire {
                    width: signal.width,
                    kind,
                },
            );
        }
        for child in &design.instances {
            BlackBoxed(child).accept(&child.name, probe);
        }
        probe.visit_end_scope(name, self);
    }
}

/// A child as its parent's text sees it: a name and ports.
struct BlackBoxed<'a>(&'a Child);

impl Logic for BlackBoxed<'_> {
    fn update(&mut self) {}

    fn hdl(&self) -> Verilog {
        Verilog::Blackbox(BlackBox {
            code: String::new(),
            name: self.0.design.name.clone(),
        })
    }
}

impl Block for BlackBoxed<'_> {
    fn connect_all(&mut self) {}

    fn update_all(&mut self) {}

    fn has_changed(&self) -> bool {
        false
    }

    fn accept(&self, name: &str, probe: &mut dyn Probe) {
        probe.visit_start_scope(name, self);
        for clock in self.0.design.clocks() {
            probe.visit_atom(
                clock,
                &Wire {
                    width: 1,
                    kind: AtomKind::InOutParameter,
                },
            );
        }
        for port in self.0.design.ports() {
            probe.visit_atom(
                &port.name,
                &Wire {
                    width: port.width,
                    kind: AtomKind::InOutParameter,
                },
            );
        }
        probe.visit_end_scope(name, self);
    }
}

/// A signal as rust-hdl-core sees it.
struct Wire {
    width: usize,
    kind: AtomKind,
}

impl Atom for Wire {
    fn bits(&self) -> usize {
        self.width
    }

    fn connected(&self) -> bool {
        true
    }

    fn changed(&self) -> bool {
        false
    }

    fn kind(&self) -> AtomKind {
        self.kind
    }

    fn descriptor(&self) -> TypeDescriptor {
        TypeDescriptor {
            name: format!("bits{}", self.width),
            kind: TypeKind::Bits(self.width),
        }
    }

    fn vcd(&self) -> VCDValue {
        VCDValue::Vector(Vec::new())
    }

    fn id(&self) -> usize {
        0
    }

    fn verilog(&self) -> VerilogLiteral {
        0_u32.into()
    }

    fn constraints(&self) -> Vec<PinConstraint> {
        Vec::new()
    }
}
