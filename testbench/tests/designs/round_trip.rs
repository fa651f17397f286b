//! What goes through the sequencer and the stripper comes back as it was.

use seqnic_sim::traffic::TraceKind;
use seqnic_spec::Config;
use seqnic_testbench::axis::SentFrame;
use seqnic_testbench::{Cosim, Expected, Options, Oracle, RoundTrip, RoundTripError};

use super::Engines;
use crate::common::toys::{self, Bug, PassThrough};
use crate::common::{config, frames_of, options, stress, trace};
use crate::engines;

fn comes_back(engines: &impl Engines, config: &Config, stall: u8, idle: u8) {
    let packets = || stress(80, 5).chain(trace(TraceKind::Dctcp, 80, 6));
    let mut trip = RoundTrip::new(
        engines.sequencer(config),
        engines.stripper(config),
        config,
        options(stall, idle, 7),
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let (sequenced, stripped) = trip
        .run(packets())
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((sequenced.frames_in, stripped.frames_out), (160, 160));
    assert_eq!(sequenced.bytes_in, stripped.bytes_out);
    assert_eq!(
        sequenced.bytes_out,
        sequenced.bytes_in + 160 * config.prefix_bytes() as u64
    );
}

#[test]
fn frames_come_back_as_they_were() {
    let Some(engines) = engines() else { return };
    let histories = [
        ("table2", 16, "paper"),
        ("connection-tracker", 7, "bpf-profile"),
        ("heavy-hitter", 3, "bpf-profile-numbered"),
        ("none", 1, "paper"),
    ];
    let buses = [64, 128, 256, 512, 1024, 2048];
    for (data_bits, (row, rows, layout)) in engines.cases(buses).by(histories) {
        let config = config(&format!(
            r#"
            bus = {{ data_bits = {data_bits}, tuser_bits = 16 }}
            history = {{ row = "{row}", rows = {rows} }}
            prefix.layout = "{layout}"
            spray.cores = 4
            "#
        ));
        comes_back(&engines, &config, 0, 0);
        comes_back(&engines, &config, 30, 30);
    }
}

/// A model with the bug of its design: byte 5 of beat 13 is wrong.
struct SameMistake;

impl Oracle for SameMistake {
    fn expect(&mut self, frame: &SentFrame, _time: u64, out: &mut Expected) -> bool {
        out.bytes.extend_from_slice(&frame.packet.data);
        out.bytes[13 * 8 + 5] ^= 4;
        true
    }
}

#[test]
fn a_mistake_that_design_and_model_share_is_caught() {
    let Some(engines) = engines() else { return };
    let config = config(toys::TOML);
    let cosim = |bug, oracle: Box<dyn Oracle>| {
        let engine = engines.start(&toys::register_slice(bug));
        Cosim::with_oracle(engine, &config, Options::default(), oracle)
            .expect("toys have all ports")
    };
    let right = cosim(Bug::Nothing, Box::new(PassThrough));
    let wrong = cosim(Bug::CorruptsByte, Box::new(SameMistake));
    let result = RoundTrip::of(right, wrong).run(frames_of([200], 1));
    assert!(
        matches!(result, Err(RoundTripError::Changed { number: 0, .. })),
        "{result:?}"
    );
}

#[test]
fn names_the_design_that_fails() {
    let Some(engines) = engines() else { return };
    let config = config(toys::TOML);
    let cosim = |bug| {
        let engine = engines.start(&toys::register_slice(bug));
        Cosim::with_oracle(engine, &config, Options::default(), Box::new(PassThrough))
            .expect("toys have all ports")
    };
    let run =
        |first, second| RoundTrip::of(cosim(first), cosim(second)).run(frames_of([200; 9], 1));
    let (wrong, right) = (Bug::CorruptsByte, Bug::Nothing);
    assert!(matches!(
        run(wrong, right),
        Err(RoundTripError::Sequencer(_))
    ));
    assert!(matches!(
        run(right, wrong),
        Err(RoundTripError::Stripper(_))
    ));
    assert!(run(right, right).is_ok());
}
