//! INT nodes, one design for each role.

use seqnic_spec::Config;
use seqnic_spec::int::{Encapsulation, Int, IntMode, IntRole};

use super::int_path::IntPath;
use super::int_reports::{Inserted, reports_of_source};
use super::{Built, block_name, int_reporter, int_sink};
use crate::blocks::flow_hash::{self, flow_hash};
use crate::blocks::int_parser;
use crate::blocks::int_source::{self, int_source};
use crate::blocks::int_transit::{self, int_transit};
use crate::blocks::watchlist::watchlist;
use crate::rtl::{Expr, Module, Reset};

const TRANSIT_DOC: &str = "\
INT transit hop: pushes its metadata behind the INT-MD header of frames that have one.

    s_axis --+--> [ frame editor                            ] --> m_axis
             |         ^ command
             +--> [ header window ] -> [ INT parser ] -> [ INT transit ]
             +--> tuser: [ queue ] --------------------------^

A frame waits in the editor until its command is there. tuser counts on the first beat of a frame: the metadata of the hop, and
the length of the frame; it is held on all beats of the output.
Latency: 14 cycles from the last beat that the header window takes to the command, and that of the editor.
Throughput: 1 output beat a cycle without bubbles; a frame that fits a beat with what is pushed costs one cycle.
Backpressure: s_axis_tready falls when the editor's queue of beats is full. Reset: synchronous, active low.
Storage: see the blocks. Source: P4.org INT dataplane specification v2.1, section 5.";

const SOURCE_DOC: &str = "\
INT source: puts shim, INT header and, with INT-MD, its own metadata into frames on the watchlist.

    s_axis --+--> [ frame editor                                     ] --> m_axis
             |         ^ command
             +--> [ header window ] -> [ INT parser ] --+-> [ INT source ]
             |                         [ watchlist  ] --+        ^
             +--> tuser: [ queue ] ------------------------------+

A frame waits in the editor until its command is there. tuser counts on the first beat of a frame: the metadata of the node, and
the length of the frame; it is held on all beats of the output. With INT-MX a copy of the frame waits as well, and is
reported if the frame gets a header.
Latency: 16 to 18 cycles from the last beat that the header window takes to the command, and that of the editor.
Throughput: 1 output beat a cycle without bubbles; a frame that fits a beat with what is inserted costs one cycle.
Backpressure: s_axis_tready falls when the editor's queue of beats is full. Reset: synchronous, active low.
Storage: see the blocks. Source: P4.org INT dataplane specification v2.1, section 5.";

/// The INT node of a configuration that has one, `<name>_int_<role>`. Ports `s_axis_*`, `m_axis_*`; where it reports, also
/// `m_axis_report_*` and `reports_dropped`.
pub fn int_node(config: &Config) -> Built {
    let Some(node) = config.int() else {
        return refused(config, "the configuration has no [int]");
    };
    match (node.role(), node.mode(), node.report()) {
        (IntRole::Transit, IntMode::Md, _) => transit(config, node),
        (IntRole::Source, ..) => source(config, node),
        (IntRole::Sink, _, Some(report)) => match node.encapsulation() {
            Some(encapsulation) => int_sink(config, node, encapsulation, report),
            None => refused(config, "a sink needs int.encapsulation"),
        },
        // The transit hop of INT-MX changes nothing, as the nodes of INT-XD.
        (IntRole::Node | IntRole::Mirror | IntRole::Transit, _, Some(report)) => {
            int_reporter(config, node, report)
        }
        _ => refused(
            config,
            &format!(
                "role \"{}\" of mode \"{}\" is not there in hardware; use another int.role",
                node.role(),
                node.mode()
            ),
        ),
    }
}

fn refused(config: &Config, reason: &str) -> Built {
    let mut m = Module::new(block_name(config, "int_node"), "");
    m.output_of("m_axis_tvalid", Expr::refused(1, reason));
    m.build()
}

fn transit(config: &Config, node: &Int) -> Built {
    let mut m = Module::new(block_name(config, "int_transit"), TRANSIT_DOC);
    let path = IntPath::new(&mut m, config, node, int_transit::editor_spec(config))?;
    let design = int_transit(&block_name(config, "int_transit_edit"), config, node)?;
    let block = m.instance("int_transit_edit", &design);
    path.connect(&mut m, block, &design);
    path.finish(&mut m, config, block)?;
    m.build()
}

fn source(config: &Config, node: &Int) -> Built {
    let mut m = Module::new(block_name(config, "int_source"), SOURCE_DOC);
    let path = IntPath::new(&mut m, config, node, int_source::editor_spec(config, node))?;
    let design = int_source(&block_name(config, "int_source_edit"), config, node)?;
    let block = m.instance("int_source_edit", &design);
    path.connect(&mut m, block, &design);

    let list = watchlist(&block_name(config, "watchlist"), node.watch())?;
    let list = m.instance("watchlist", &list);
    let found = path.parsed(&mut m, "found");
    m.connect(list, "valid", found);
    for (port, found) in [
        ("window", "found_window"),
        ("ipv4", "found_ipv4"),
        ("ipv6", "found_ipv6"),
        ("tcp", "found_tcp"),
        ("ports", "found_ports"),
        ("tags", "found_tags"),
        ("layer4_words", "found_words"),
    ] {
        let value = path.parsed(&mut m, found);
        m.connect(list, port, value);
    }
    let matched = m.output_from(list, "matched");
    m.connect(block, "matched", matched);
    let in_header = matches!(node.encapsulation(), Some(Encapsulation::Protocol(_)));
    let in_report = node.report().is_some_and(|report| report.collectors > 1);
    let mut flow = None;
    if in_header || in_report {
        let hash = m.instance("flow_hash", &flow_hash(&block_name(config, "flow_hash"))?);
        for (port, found) in [
            ("window", "found_window"),
            ("ipv6", "found_ipv6"),
            ("ports", "found_ports"),
            ("tags", "found_tags"),
            ("layer4_words", "found_words"),
        ] {
            let value = path.parsed(&mut m, found);
            m.connect(hash, port, value);
        }
        let mut hash = m.output_from(hash, "hash");
        let known = int_parser::FOUND_CYCLES + flow_hash::LATENCY_CYCLES;
        for cycle in known..int_parser::LATENCY_CYCLES {
            hash = m.delayed(&format!("hash_{cycle}"), Reset::None, hash);
        }
        if in_header {
            m.connect(block, "hash", &hash);
        }
        flow = Some(hash);
    }
    if let Some(report) = node.report() {
        let inserted = Inserted {
            beat: &path.beat,
            accept: &path.accept,
            known: &m.output_from(block, "command_valid"),
            words: &m.output_from(block, "command_insert"),
            parsed: &path.parsed(&mut m, "parsed"),
            flow: flow.as_ref(),
        };
        reports_of_source(&mut m, config, node, report, &inserted)?;
    }
    path.finish(&mut m, config, block)?;
    m.build()
}
