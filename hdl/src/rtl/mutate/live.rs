//! Which bits of a design can be observed at the outputs of its top, ever.
//!
//! What cannot be observed can be changed without any test noticing: a mutation there gives an equivalent design. The
//! analysis goes backwards from the outputs, bit by bit through wiring and bitwise operations, and takes the
//! operands of everything else as observed whole. It never calls an observed bit unobserved.

use std::collections::HashMap;
use std::sync::Arc;

use crate::rtl::design::{Design, Role, Use};
use crate::rtl::expr::{BinaryOp, Expr, Kind};

/// One flag a bit.
pub(super) type Bits = Vec<bool>;

/// The observed bits of the signals and memories of each module, by its name.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    modules: HashMap<String, Observed>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Observed {
    signals: Vec<Bits>,
    memories: Vec<Bits>,
}

impl Observed {
    fn nothing(design: &Design) -> Self {
        Self {
            signals: design
                .signals
                .iter()
                .map(|signal| vec![false; signal.width])
                .collect(),
            memories: design
                .memories
                .iter()
                .map(|memory| vec![false; memory.width])
                .collect(),
        }
    }
}

fn any(bits: &[bool]) -> bool {
    bits.contains(&true)
}

/// Adds flags; tells whether there was a new one.
fn add(bits: &mut [bool], more: &[bool]) -> bool {
    let mut grew = false;
    for (bit, &more) in bits.iter_mut().zip(more) {
        grew |= more && !*bit;
        *bit |= more;
    }
    grew
}

impl Live {
    /// The observed bits below a top all of whose outputs are looked at.
    pub fn of(top: &Arc<Design>) -> Self {
        let mut live = Self::default();
        for design in top.modules() {
            live.modules
                .insert(design.name.clone(), Observed::nothing(&design));
        }
        let outputs = top
            .signals
            .iter()
            .map(|signal| vec![signal.role == Role::Output; signal.width]);
        live.look_at(&top.name, &outputs.collect::<Vec<_>>());
        while live.spread(top) {}
        live
    }

    fn look_at(&mut self, module: &str, bits: &[Bits]) -> bool {
        let Some(observed) = self.modules.get_mut(module) else {
            return false;
        };
        observed
            .signals
            .iter_mut()
            .zip(bits)
            .fold(false, |grew, (bits, more)| add(bits, more) | grew)
    }

    /// One step backwards through a module and all below it; false when nothing is new.
    fn spread(&mut self, design: &Arc<Design>) -> bool {
        let mut grew = false;
        let mut observed = self.modules[&design.name].clone();
        for (target, expr) in design.roots() {
            let wanted = self.wanted(design, &observed, target, expr);
            observe(expr, &wanted, &mut |signal, bits| {
                grew |= add(&mut observed.signals[signal as usize], bits)
            });
        }
        for (index, memory) in design.memories.iter().enumerate() {
            for read in &memory.reads {
                let bits = observed.signals[read.target.index as usize].clone();
                grew |= add(&mut observed.memories[index], &bits);
            }
        }
        for child in &design.instances {
            let mut outputs: Vec<Bits> = child
                .design
                .signals
                .iter()
                .map(|signal| vec![false; signal.width])
                .collect();
            for (inner, here) in &child.outputs {
                outputs[*inner as usize] = observed.signals[here.index as usize].clone();
            }
            grew |= self.look_at(&child.design.name, &outputs);
            grew |= self.spread(&child.design);
        }
        self.modules.insert(design.name.clone(), observed);
        grew
    }

    fn wanted(&self, design: &Design, observed: &Observed, target: Use, expr: &Expr) -> Bits {
        let whole = |bits: &[bool]| vec![any(bits); expr.width()];
        match target {
            Use::Signal(index) => observed.signals[index as usize].clone(),
            Use::Control(index) => whole(&observed.signals[index as usize]),
            Use::MemoryData(index) => observed.memories[index].clone(),
            Use::MemoryControl(index) => whole(&observed.memories[index]),
            Use::Input(child, port) => {
                self.modules[&design.instances[child].design.name].signals[port as usize].clone()
            }
        }
    }

    /// The bits of an expression of a module that are observed.
    pub fn bits_of_root(&self, design: &Design, target: Use, expr: &Expr) -> Bits {
        self.wanted(design, &self.modules[&design.name], target, expr)
    }

    /// Whether a register of a module is observed.
    pub fn signal(&self, design: &Design, index: u32) -> bool {
        any(&self.modules[&design.name].signals[index as usize])
    }

    /// Whether a memory of a module is observed.
    pub fn memory(&self, design: &Design, index: usize) -> bool {
        any(&self.modules[&design.name].memories[index])
    }
}

/// The bits of each operand that matter when `wanted` bits of the expression do.
pub(super) fn wanted_of_operands(expr: &Expr, wanted: &[bool]) -> Vec<Bits> {
    let whole = |operand: &Expr| vec![any(wanted); operand.width()];
    match &expr.node().kind {
        Kind::Const(_) | Kind::Signal(..) | Kind::Refused(_) => vec![],
        Kind::Not(_) => vec![wanted.to_vec()],
        Kind::Binary(BinaryOp::And | BinaryOp::Or | BinaryOp::Xor, ..) => {
            vec![wanted.to_vec(), wanted.to_vec()]
        }
        Kind::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => {
            // A carry goes up only.
            let top = wanted.iter().rposition(|&bit| bit).map_or(0, |bit| bit + 1);
            let below: Bits = (0..wanted.len()).map(|bit| bit < top).collect();
            vec![below.clone(), below]
        }
        Kind::Compare(_, a, b) => vec![whole(a), whole(b)],
        Kind::Reduce(_, a) => vec![whole(a)],
        Kind::Mux(c, ..) => vec![whole(c), wanted.to_vec(), wanted.to_vec()],
        Kind::Slice(base, lo) => {
            let mut bits = vec![false; base.width()];
            bits[*lo..lo + wanted.len()].copy_from_slice(wanted);
            vec![bits]
        }
        Kind::Concat(parts) => {
            let mut offset = 0;
            let split = |part: &Expr| {
                offset += part.width();
                wanted[offset - part.width()..offset].to_vec()
            };
            parts.iter().map(split).collect()
        }
        Kind::Repeat(a, _) => {
            let mut bits = vec![false; a.width()];
            wanted.chunks(a.width()).for_each(|copy| {
                add(&mut bits, copy);
            });
            vec![bits]
        }
    }
}

fn observe(expr: &Expr, wanted: &[bool], found: &mut impl FnMut(u32, &[bool])) {
    if !any(wanted) {
        return;
    }
    if let Some(id) = expr.as_signal() {
        return found(id.index, wanted);
    }
    for (operand, wanted) in expr
        .operands()
        .into_iter()
        .zip(wanted_of_operands(expr, wanted))
    {
        observe(operand, &wanted, found);
    }
}
