//! From the beats of a frame to its row: header window, parser and extractor.
//!
//! A bus word of 1024 bits holds all headers, and waits in the beat queues while its frame's prefix is sent. There the
//! row is read from: headers are found on the way in ([`header_scan`]), and the queues are the pipeline stage between
//! finding and extracting. On narrower buses, and for rows with the frame's length, [`row_path`] does both on the way in.

use seqnic_spec::Config;

use super::{Built, block_name};
use crate::blocks::header_parser::{FRONT_BYTES, Scope, Stage, header_parser};
use crate::blocks::header_window::{self, WINDOW_BYTES, Wanted, header_window};
use crate::blocks::row_extractor::{needed_findings, needed_headers, row_extractor};
use crate::rtl::{Expr, Module, RtlError, all_of};

const DOC: &str = "\
Row path: watches accepted beats and gives the history row of each frame.

    beat --+--> [ header window ] --+-----------------------> [ row extractor ] ---> row
           |                        +--> [ header parser ] --------^
           +---- from 256 bits on -------^

Latency: that of the header window; a row that holds the frame's length comes with its last beat.
Throughput: 1 beat a cycle. Backpressure: none. Reset, storage: see the blocks.
Source: state-compute replication, section 3.3.";

/// The row path of a configuration that has rows. Inputs `accept`, `tdata`, `tkeep`, `tlast`, and `time_now` when the row holds
/// the time; outputs `row`, `row_valid`, one row for each frame in the order of the frames.
pub fn row_path(config: &Config) -> Built {
    let layout = config.row();
    let mut m = Module::new(block_name(config, "row_path"), DOC);
    let bus = config.data_bits();
    let window_stays = header_window::latency_cycles(bus) > 0;
    let parses_first_beat = finds_headers(config) && window_stays && bus >= 8 * FRONT_BYTES;
    let wanted = Wanted {
        time: layout.uses_timestamp(),
        length: layout.uses_frame_length(),
        first: parses_first_beat,
    };
    let window = header_window(&block_name(config, "header_window"), bus, wanted)?;
    let window = m.instance("header_window", &window);
    let ports = [
        ("accept", 1),
        ("tdata", bus),
        ("tkeep", bus / 8),
        ("tlast", 1),
    ];
    let [_, data, keep, _] = ports.map(|(port, bits)| {
        let input = m.input(port, bits);
        m.connect(window, port, &input);
        input
    });
    if wanted.time {
        let time = m.input("time_now", 64);
        m.connect(window, "time_now", time);
    }

    let extractor = row_extractor(&block_name(config, "row_extractor"), layout, window_stays)?;
    let extractor = m.instance("row_extractor", &extractor);
    let needed = needed_findings(layout);
    let mut from_window = vec!["header_valid"];
    from_window.extend(needed.window.then_some("window"));
    from_window.extend(wanted.time.then_some("header_time"));
    if wanted.length {
        from_window.extend(["frame_length", "frame_valid"]);
    }
    for port in from_window {
        let value = m.output_from(window, port);
        m.connect(extractor, port, value);
    }
    if finds_headers(config) {
        let mut of_window = |port| m.output_from(window, port);
        let mut inputs = vec![("window_keep", of_window("window_keep"))];
        let stage = match parses_first_beat {
            true => {
                inputs.push(("first", of_window("first_beat")));
                inputs.push(("front", data.slice(0, 8 * FRONT_BYTES)));
                inputs.push(("front_keep", keep.slice(0, FRONT_BYTES)));
                Stage::FirstBeat
            }
            false => {
                inputs.push(("window", of_window("window")));
                Stage::None
            }
        };
        for (port, value) in found(&mut m, config, stage, inputs)? {
            m.connect(extractor, port, value);
        }
    }
    for port in ["row", "row_valid"] {
        let value = m.output_from(extractor, port);
        m.output_of(port, value);
    }
    m.build()
}

const SCAN_DOC: &str = "\
Header scan: finds the headers of the first beat of a frame that a row is made of.

    beat ---> [ header parser ] ---> matched, tags, layer4_words

Latency: 1 cycle. Throughput: 1 beat a cycle. Backpressure: none. Reset, storage: see the header parser.";

/// Whether rows are read from the first beat of a frame where it waits for its prefix to be sent.
pub fn reads_waiting_beat(config: &Config) -> bool {
    config.rows() > 0
        && header_window::latency_cycles(config.data_bits()) == 0
        && !config.row().uses_frame_length()
}

/// The scan of a configuration that finds headers. Inputs `window`, `window_keep`; outputs those of `matched`, `tags`, `layer4_words`
/// that the row needs, a cycle later.
pub fn header_scan(config: &Config) -> Built {
    let mut m = Module::new(block_name(config, "header_scan"), SCAN_DOC);
    let inputs = [("window", 8 * WINDOW_BYTES), ("window_keep", WINDOW_BYTES)]
        .map(|(port, bits)| (port, m.input(port, bits)));
    for (port, value) in found(&mut m, config, Stage::Delayed, inputs)? {
        m.output_of(port, value);
    }
    m.build()
}

/// Whether the row of a configuration depends on headers.
pub fn finds_headers(config: &Config) -> bool {
    found_in_headers(config).next().is_some()
}

/// What an extractor must be told about the headers: ports of a scan.
pub fn found_in_headers(config: &Config) -> impl Iterator<Item = &'static str> {
    let needed = needed_findings(config.row());
    [
        ("matched", needed.matched),
        ("tags", needed.tags),
        ("layer4_words", needed.layer4_words),
    ]
    .into_iter()
    .filter_map(|(port, is_needed)| is_needed.then_some(port))
}

/// The values of [`found_in_headers`], by a parser with these inputs.
fn found(
    m: &mut Module,
    config: &Config,
    stage: Stage,
    inputs: impl IntoIterator<Item = (&'static str, Expr)>,
) -> Result<Vec<(&'static str, Expr)>, RtlError> {
    let scope = Scope::of(config.row().requires());
    let parser = header_parser(&block_name(config, "header_parser"), scope, stage)?;
    let parser = m.instance("header_parser", &parser);
    for (port, value) in inputs {
        m.connect(parser, port, value);
    }
    let headers = needed_headers(config.row()).map(|port| m.output_from(parser, port));
    let matched = all_of(headers.collect::<Vec<_>>());
    let matched = m.wire("has_all_headers", matched);
    // All ones are what stands for a missing header in either.
    let mut position = |port| {
        let found = m.output_from(parser, port);
        let missing = (!&matched).repeat(found.width());
        found | missing
    };
    let value = |port| match port {
        "matched" => (port, matched.clone()),
        _ => (port, position(port)),
    };
    Ok(found_in_headers(config).map(value).collect())
}
