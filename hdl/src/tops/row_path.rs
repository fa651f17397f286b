//! From the beats of a frame to its row: header window, parser and extractor.

use seqnic_spec::Config;

use super::{Built, block_name};
use crate::blocks::header_parser::{Scope, header_parser};
use crate::blocks::header_window::{self, Wanted, header_window};
use crate::blocks::row_extractor::{needed_headers, needed_positions, row_extractor};
use crate::rtl::Module;

const DOC: &str = "\
Row path: watches accepted beats and gives the history row of each frame.

    beat ---> [ header window ] --+----------------------> [ row extractor ] ---> row
                                  +--> [ header parser ] ------^

Latency: that of the header window; a row that holds the frame's length comes with its last beat.
Throughput: 1 beat a cycle. Backpressure: none. Reset, storage: see the blocks.
Source: state-compute replication, section 3.3.";

/// The row path of a configuration that has rows. Inputs `accept`, `tdata`, `tkeep`, `tlast`, and `time_now` when the row holds
/// the time; outputs `row`, `row_valid`, one row for each frame in the order of the frames.
pub fn row_path(config: &Config) -> Built {
    let layout = config.row();
    let mut m = Module::new(block_name(config, "row_path"), DOC);
    let wanted = Wanted {
        time: layout.uses_timestamp(),
        length: layout.uses_frame_length(),
    };
    let window = header_window(
        &block_name(config, "header_window"),
        config.data_bits(),
        wanted,
    )?;
    let window = m.instance("header_window", &window);
    let bus = config.data_bits();
    for (port, bits) in [
        ("accept", 1),
        ("tdata", bus),
        ("tkeep", bus / 8),
        ("tlast", 1),
    ] {
        let input = m.input(port, bits);
        m.connect(window, port, input);
    }
    if wanted.time {
        let time = m.input("time_now", 64);
        m.connect(window, "time_now", time);
    }

    let window_stays = header_window::latency_cycles(bus) > 0;
    let extractor = row_extractor(&block_name(config, "row_extractor"), layout, window_stays)?;
    let extractor = m.instance("row_extractor", &extractor);
    let positions = needed_positions(layout);
    let mut from_window = vec!["header_valid"];
    from_window.extend(positions.window.then_some("window"));
    from_window.extend(wanted.time.then_some("header_time"));
    if wanted.length {
        from_window.extend(["frame_length", "frame_valid"]);
    }
    for port in from_window {
        let value = m.output_from(window, port);
        m.connect(extractor, port, value);
    }
    let mut from_parser: Vec<_> = needed_headers(layout).collect();
    from_parser.extend(positions.tags.then_some("tags"));
    from_parser.extend(positions.layer4_words.then_some("layer4_words"));
    if !from_parser.is_empty() {
        let scope = Scope::of(layout.requires());
        let parser = header_parser(&block_name(config, "header_parser"), scope)?;
        let parser = m.instance("header_parser", &parser);
        for port in ["window", "window_keep"] {
            let value = m.output_from(window, port);
            m.connect(parser, port, value);
        }
        for port in from_parser {
            let value = m.output_from(parser, port);
            m.connect(extractor, port, value);
        }
    }
    for port in ["row", "row_valid"] {
        let value = m.output_from(extractor, port);
        m.output_of(port, value);
    }
    m.build()
}
