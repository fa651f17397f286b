//! Random configurations under random traffic and random pauses: the hardware equals the model, and a source without pauses
//! is answered without bubbles.
//!
//! `SEQNIC_RANDOM_CASES` sets the number of configurations; `SEQNIC_RANDOM_SEED` draws others.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::thread;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_testbench::axis::Pause;
use seqnic_testbench::{Options, Report, RoundTrip};

use super::Engines;
use super::configurations::configurations;
use crate::engines;

/// What is tried at once in one configuration.
struct Case {
    config: Config,
    kind: TraceKind,
    packets: usize,
    stall: u8,
    idle: u8,
    seed: u64,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            config,
            kind,
            packets,
            stall,
            idle,
            seed,
        } = self;
        writeln!(
            f,
            "{packets} packets of {kind}, stall {stall} %, idle {idle} %, seed {seed}"
        )?;
        f.write_str(&config.to_toml())
    }
}

fn cases() -> impl Strategy<Value = Case> {
    let kind = select(vec![
        TraceKind::Uniform,
        TraceKind::Headers,
        TraceKind::Zipf,
        TraceKind::Dctcp,
    ]);
    let pause = || prop_oneof![Just(0), 1..=50_u8, 51..=90_u8];
    // Half of the runs go on until the history is full and its oldest row has been overwritten.
    let packets = (1..=30_usize, any::<bool>());
    (
        configurations(),
        kind,
        packets,
        pause(),
        pause(),
        any::<u32>(),
    )
        .prop_map(|(config, kind, (packets, full), stall, idle, seed)| {
            let packets = packets + if full { config.rows() } else { 0 };
            Case {
                config,
                kind,
                packets,
                stall,
                idle,
                seed: seed.into(),
            }
        })
}

/// Whether a cycle stayed empty. A FIFO that the configuration makes shallow is not held to that.
fn has_bubbles(config: &Config, sequenced: &Report) -> bool {
    const DEEP_BEATS: usize = 16;
    let empty = sequenced.ready_cycles - sequenced.output_beats;
    config.pipeline().fifo_beats >= DEEP_BEATS && empty > 0
}

/// Sequencer and stripper against their models, and what comes back against what was sent.
fn check<E: Engines>(engines: &E, case: &Case, file: &Path) -> Result<(), TestCaseError> {
    let Case {
        config,
        kind,
        packets,
        stall,
        idle,
        seed,
    } = case;
    let options = Options {
        stall: Pause::Percent(*stall),
        idle: Pause::Percent(*idle),
        seed: *seed,
        arguments: format!(
            "--engine {} --config {} --trace {kind} --packets {packets}",
            E::NAME,
            file.display()
        ),
    };
    let fail = |error: &dyn fmt::Display| {
        // So that the command in the report can be run.
        std::fs::write(file, config.to_toml())
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        Err(TestCaseError::fail(error.to_string()))
    };
    let traffic = Trace::new(&TraceSpec::new(*kind, *packets, *seed))
        .expect("the defaults are within their limits");
    let (sequencer, stripper) = (engines.sequencer(config), engines.stripper(config));
    match RoundTrip::new(sequencer, stripper, config, options) {
        Ok(mut trip) => match trip.run(traffic) {
            Ok((sequenced, _)) if *idle == 0 && has_bubbles(config, &sequenced) => {
                let Report {
                    output_beats,
                    ready_cycles,
                    ..
                } = sequenced;
                fail(&format!(
                    "bubbles: {output_beats} output beats in {ready_cycles} ready cycles"
                ))
            }
            Ok(_) => Ok(()),
            Err(error) => fail(&error),
        },
        Err(error) => fail(&error),
    }
}

fn run<E: Engines>(engines: &E, cases_wanted: u32, seed: u64, part: u8) {
    let config = Cases {
        cases: cases_wanted,
        failure_persistence: None,
        ..Cases::default()
    };
    let mut bytes = [part; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let name = format!("random-configuration-{}-{part}.toml", E::NAME);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    runner
        .run(&cases(), |case| check(engines, &case, &file))
        .unwrap_or_else(|error| panic!("{error}"));
}

fn from_environment<T: FromStr>(name: &str, default: T) -> T {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

#[test]
fn random_configurations_equal_the_model() {
    let Some(engines) = engines() else { return };
    try_them(&engines);
}

fn try_them<E: Engines>(engines: &E) {
    let cases: u32 = from_environment("SEQNIC_RANDOM_CASES", E::RANDOM_CASES);
    let seed: u64 = from_environment("SEQNIC_RANDOM_SEED", 1);
    let parts = thread::available_parallelism().map_or(1, |cores| cores.get().min(16)) as u8;
    thread::scope(|scope| {
        for part in 0..parts {
            scope.spawn(move || run(engines, cases.div_ceil(parts.into()), seed, part));
        }
    });
}
