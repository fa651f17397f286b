//! What a pattern cannot do whatever its size.

use seqnic_spec::{Config, RowOrder, SectionKind, Steering};

use crate::chip::Chip;
use crate::error::Refusal;
use crate::pattern::Pattern;

/// What a pattern cannot do whatever its size.
pub(super) fn check(config: &Config, chip: Chip, pattern: Pattern) -> Result<(), Refusal> {
    let refuse = |rule, figure: &str, limit: &str, fix: &str| {
        Err(Refusal {
            pattern: Some(format!("pattern {}", pattern.name())),
            ..Refusal::new(rule, figure, limit, fix)
        })
    };
    let order = config.prefix().row_order();
    match (pattern, order) {
        (Pattern::Shift, Some(RowOrder::Array)) => {
            return refuse(
                "row-order",
                "the prefix has its rows in array order",
                "rows that move leave oldest first, without an index",
                "use --prefix bpf-profile, or another pattern",
            );
        }
        (Pattern::Paper | Pattern::Private | Pattern::Pairs, Some(RowOrder::OldestFirst)) => {
            return refuse(
                "row-order",
                "the prefix has its rows oldest first",
                "rows that stay in their registers leave in array order",
                "use --prefix paper, or --pattern shift",
            );
        }
        _ => {}
    }
    if pattern == Pattern::Pairs && chip == Chip::Tofino1 {
        return refuse(
            "salu-outputs",
            "a register gives two words",
            "Tofino 1 takes one word from a register",
            "use --chip tofino2, or another pattern",
        );
    }
    if pattern == Pattern::TwoPipe && order.is_none() {
        return refuse(
            "history",
            "there is no history",
            "two pipes hold rows that one does not",
            "use --pattern paper",
        );
    }
    if matches!(config.steering(), Steering::Tuser { .. }) {
        return refuse(
            "steering",
            "spray.steering = \"tuser\"",
            "a switch has no sideband beside its packets",
            "steer by \"source-mac\", \"vlan\" or, for an egress port or queue for each core, \"tdest\"",
        );
    }
    if config.row().uses_frame_length() {
        if pattern == Pattern::TwoPipe {
            return refuse(
                "frame-length",
                "a row holds frame.length",
                "only the egress knows it, and of two pipes the first begins in the ingress",
                "leave the field out, or use another pattern",
            );
        }
        if config.steering() == Steering::Tdest {
            return refuse(
                "frame-length",
                "a row holds frame.length",
                "only the egress knows it, where the port of a packet is chosen already",
                "steer by \"source-mac\" or \"vlan\", or leave the field out",
            );
        }
    }
    for section in config.prefix().sections() {
        if let SectionKind::SequenceNumber { bytes, .. } = section.kind
            && bytes > 4
        {
            return refuse(
                "register-width",
                &format!("a sequence number of {bytes} bytes"),
                "a register adds 32 bits",
                "give the section 4 bytes or fewer",
            );
        }
    }
    Ok(())
}
