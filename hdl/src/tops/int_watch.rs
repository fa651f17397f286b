//! From the beats of a frame to whether it is on the watchlist, and to its flow.

use seqnic_spec::Config;
use seqnic_spec::int::{Encapsulation, Int, IntMode, Report, kind};

use super::int_reports::collector;
use super::{Built, block_name};
use crate::blocks::flow_hash::{self, flow_hash};
use crate::blocks::header_parser::{Scope, Stage, header_parser};
use crate::blocks::header_window::{self, Wanted, header_window};
use crate::blocks::int_parser::{self, int_parser};
use crate::blocks::sampler::sampler;
use crate::blocks::watchlist::{self, watchlist};
use crate::rtl::{Expr, Instance, Module, Reset, RtlError};

const DOC: &str = "\
INT watch: watches accepted beats and says of each frame whether it is taken, and the hash of its flow.

    beat ---> [ header window ] ---> [ header parser ] --+--> [ watchlist ] ---> [ sampler ] ---> taken
                                                         +--> [ flow hash ] ---> [ wait    ] ---> hash

Latency: 6 cycles from the last beat that the window takes. Throughput: 1 beat a cycle. Backpressure: none.
Reset, storage: see the blocks; the window twice more.";

/// The watch of a node with a watchlist. Inputs `accept`, `tdata`, `tkeep`, `tlast`; outputs, when `decided` is 1, `taken`
/// and `hash`, in the order of the frames.
pub(super) fn int_watch(config: &Config, int: &Int) -> Built {
    let mut m = Module::new(block_name(config, "int_watch"), DOC);
    let bus = config.data_bits();
    let [accept, data, keep, last] = [
        ("accept", 1),
        ("tdata", bus),
        ("tkeep", bus / 8),
        ("tlast", 1),
    ]
    .map(|(port, bits)| m.input(port, bits));
    let Headers { bytes, keep, valid } = headers(&mut m, config, [&accept, &data, &keep, &last])?;

    let parser = header_parser(
        &block_name(config, "header_parser"),
        Scope::ALL,
        Stage::Delayed,
    )?;
    let parser = m.instance("header_parser", &parser);
    m.connect(parser, "window", &bytes);
    m.connect(parser, "window_keep", &keep);
    let bytes = m.delayed("window_parsed", Reset::None, bytes);
    let valid = m.delayed("valid_parsed", Reset::To(0), valid);

    let list = watchlist(&block_name(config, "watchlist"), int.watch())?;
    let list = m.instance("watchlist", &list);
    let hash = m.instance("flow_hash", &flow_hash(&block_name(config, "flow_hash"))?);
    m.connect(list, "window", &bytes);
    m.connect(hash, "window", &bytes);
    m.connect(list, "valid", valid);
    for port in ["ipv4", "ipv6", "tcp", "ports", "tags", "layer4_words"] {
        let found = m.output_from(parser, port);
        m.connect(list, port, &found);
        if !["ipv4", "tcp"].contains(&port) {
            m.connect(hash, port, found);
        }
    }
    let mut hash = m.output_from(hash, "hash");
    for cycle in flow_hash::LATENCY_CYCLES..watchlist::LATENCY_CYCLES {
        hash = m.delayed(&format!("hash_{cycle}"), Reset::None, hash);
    }

    let samples = sampler(&block_name(config, "sampler"), int.sample_every() as usize)?;
    let samples = m.instance("sampler", &samples);
    let matched = m.output_from(list, "matched");
    m.connect(samples, "matched", matched);
    let taken = m.output_from(samples, "taken");
    let decided = m.output_from(list, "looked");
    m.output_of("decided", decided);
    m.output_of("taken", taken);
    m.output_of("hash", hash);
    m.build()
}

/// The first bytes of a frame, in registers.
pub(super) struct Headers {
    pub bytes: Expr,
    pub keep: Expr,
    /// They are there.
    pub valid: Expr,
}

/// Collects the first bytes of frames, from `accept`, `tdata`, `tkeep` and `tlast`. A bus word that holds all of them is
/// taken into registers, so that no path from the port leads on.
pub(super) fn headers(
    m: &mut Module,
    config: &Config,
    beat: [&Expr; 4],
) -> Result<Headers, RtlError> {
    let bus = config.data_bits();
    let wanted = Wanted {
        time: false,
        length: false,
        first: false,
    };
    let window = header_window(&block_name(config, "header_window"), bus, wanted)?;
    let window = m.instance("header_window", &window);
    for (port, value) in ["accept", "tdata", "tkeep", "tlast"].into_iter().zip(beat) {
        m.connect(window, port, value);
    }
    let mut of_window = |port| m.output_from(window, port);
    let (bytes, keep, valid) = (
        of_window("window"),
        of_window("window_keep"),
        of_window("header_valid"),
    );
    if header_window::latency_cycles(bus) > 0 {
        return Ok(Headers { bytes, keep, valid });
    }
    Ok(Headers {
        bytes: m.delayed("window_taken", Reset::None, bytes),
        keep: m.delayed("keep_taken", Reset::None, keep),
        valid: m.delayed("valid_taken", Reset::To(0), valid),
    })
}

/// The INT header of a frame, and its collector, in the cycle in which it is parsed.
pub(super) struct Parsed {
    pub parser: Instance,
    pub collector: Expr,
}

/// Parses the INT headers of the mode, from `accept`, `tdata`, `tkeep` and `tlast`.
pub(super) fn parse(
    m: &mut Module,
    config: &Config,
    int: &Int,
    encapsulation: Encapsulation,
    report: &Report,
    beat: [&Expr; 4],
) -> Result<Parsed, RtlError> {
    let Headers { bytes, keep, valid } = headers(m, config, beat)?;
    let kind = match int.mode() {
        IntMode::Mx => kind::MX,
        _ => kind::MD,
    };
    let parser = int_parser(&block_name(config, "int_parser"), encapsulation, kind)?;
    let parser = m.instance("int_parser", &parser);
    m.connect(parser, "window", bytes);
    m.connect(parser, "window_keep", keep);
    m.connect(parser, "header_valid", valid);

    let hash = m.instance("flow_hash", &flow_hash(&block_name(config, "flow_hash"))?);
    for (port, found) in [
        ("window", "found_window"),
        ("ipv6", "found_ipv6"),
        ("ports", "found_ports"),
        ("tags", "found_tags"),
        ("layer4_words", "found_words"),
    ] {
        let value = m.output_from(parser, found);
        m.connect(hash, port, value);
    }
    let mut hash = m.output_from(hash, "hash");
    let known = int_parser::FOUND_CYCLES + flow_hash::LATENCY_CYCLES;
    for cycle in known..int_parser::LATENCY_CYCLES {
        hash = m.delayed(&format!("hash_{cycle}"), Reset::None, hash);
    }
    Ok(Parsed {
        parser,
        collector: collector(report, &hash),
    })
}
