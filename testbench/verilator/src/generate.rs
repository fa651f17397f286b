//! The C++ of one configuration: what ties the class that Verilator makes to our interface.

use std::fmt::Write;

use seqnic_hdl::rtl::{CLOCK, Direction, RESET, Verilog};

/// The name of the class that Verilator makes.
pub(crate) const CLASS: &str = "Vmodel";

/// The port table of a top module, and the function that makes a model of it.
pub(crate) fn glue(verilog: &Verilog) -> String {
    let mut table = String::new();
    for port in &verilog.ports {
        let (name, width) = (&port.name, port.width);
        let member = member(name);
        let is_input = port.direction == Direction::Input;
        let _ = writeln!(
            table,
            "            {{\"{name}\", {width}, {is_input}, &top.{member}, sizeof top.{member}}},"
        );
    }
    // A design without state has neither.
    let drive = |wire: &str, value: &str| match verilog.is_clocked {
        true => format!("top.{wire} = {value};"),
        false => String::new(),
    };
    let (clock, reset) = (drive(CLOCK, "level"), drive(RESET, "!asserted"));
    format!(
        r#"#include "{CLASS}.h"

namespace {{

struct Wires {{
    static void clock({CLASS} &top, bool level) {{ {clock} }}
    static void reset({CLASS} &top, bool asserted) {{ {reset} }}
    static std::vector<seqnic::Port> ports({CLASS} &top) {{
        return {{
{table}        }};
    }}
}};

}}  // namespace

extern "C" __attribute__((visibility("default"))) seqnic::Model *seqnic_make_model(seqnic::Initial initial,
                                                                                   std::int32_t seed) {{
    return new seqnic::Adapter<{CLASS}, Wires>(initial, seed);
}}
"#
    )
}

/// The name of a port as a member of the class: Verilator keeps two underscores in a row for itself.
fn member(port: &str) -> String {
    port.replace("__", "___05F")
}
