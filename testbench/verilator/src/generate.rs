//! The C++ of one configuration: what ties the class that Verilator makes to our interface.

use std::fmt::Write;

use seqnic_hdl::rtl::{ClockDomain, Direction, Verilog};

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
    // Of the domains that the top module has; without state there are none.
    let drive = |wire: fn(ClockDomain) -> &'static str, value: &str| -> String {
        let line = |domain: ClockDomain| {
            let bit = domain as u8;
            format!("if (domains >> {bit} & 1) top.{} = {value}; ", wire(domain))
        };
        verilog.domains.iter().copied().map(line).collect()
    };
    let clock = drive(ClockDomain::clock, "level");
    let reset = drive(ClockDomain::reset, "!asserted");
    format!(
        r#"#include "{CLASS}.h"

namespace {{

struct Wires {{
    static void clock({CLASS} &top, std::uint8_t domains, bool level) {{ {clock}}}
    static void reset({CLASS} &top, std::uint8_t domains, bool asserted) {{ {reset}}}
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
