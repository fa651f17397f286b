//! What is played ahead on the engine's thread is what would have been played without one.

mod common;

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, ThreadId};

use common::toys::{self, Bug, PassThrough};
use common::{config, frames_of, options, sequencer, stress, stripper};
use seqnic_hdl::rtl::{ClockDomain, Design, Simulator};
use seqnic_sim::traffic::Packet;
use seqnic_testbench::axis::{Batch, Wiring};
use seqnic_testbench::{Cosim, Engine, Failure, Options, Report, RoundTrip, wave};

const ALWAYS: u64 = 0;
const NEVER: u64 = u64::MAX;

/// An engine in another's place that keeps a digest of the streams in each cycle, and which thread played each batch.
struct Watched {
    engine: Simulator,
    cycles: Vec<u64>,
    players: Vec<ThreadId>,
    /// A cycle that it does not survive.
    panics_in: Option<usize>,
}

const STREAMS: [&str; 8] = [
    "s_axis_tvalid",
    "s_axis_tready",
    "s_axis_tdata",
    "s_axis_tlast",
    "m_axis_tvalid",
    "m_axis_tready",
    "m_axis_tdata",
    "m_axis_tlast",
];

impl Watched {
    fn new(engine: Simulator) -> Self {
        Self {
            engine,
            cycles: Vec::new(),
            players: Vec::new(),
            panics_in: None,
        }
    }
}

impl Engine for Watched {
    type Port = <Simulator as Engine>::Port;

    fn port(&self, name: &str) -> Option<Self::Port> {
        self.engine.port(name)
    }

    fn width(&self, port: Self::Port) -> usize {
        self.engine.width(port)
    }

    fn set(&mut self, port: Self::Port, words: &[u64]) {
        self.engine.set(port, words);
    }

    fn get(&self, port: Self::Port) -> &[u64] {
        self.engine.get(port)
    }

    fn eval(&mut self) {
        self.engine.eval();
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        self.engine.select(domains);
    }

    fn clock(&mut self) {
        assert!(
            self.panics_in != Some(self.cycles.len()),
            "the engine gives up"
        );
        let mut digest = DefaultHasher::new();
        for port in STREAMS.map(|name| self.engine.port(name).expect("the streams are there")) {
            self.engine.get(port).hash(&mut digest);
        }
        self.cycles.push(digest.finish());
        self.engine.clock();
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.engine.hold_reset(asserted);
    }

    fn reset(&mut self) {
        self.engine.reset();
    }

    fn play(&mut self, wiring: &Wiring<Self::Port>, batch: &mut Batch) {
        self.players.push(thread::current().id());
        batch.play(self, wiring);
    }
}

fn simulator(design: &Arc<Design>) -> Simulator {
    Simulator::new(design, 1)
}

/// A toy that should pass frames through.
fn toy(bug: Bug, options: Options, overlap_after: u64) -> Cosim<Watched> {
    let engine = Watched::new(simulator(&toys::register_slice(bug)));
    let cosim = Cosim::with_oracle(engine, &config(toys::TOML), options, Box::new(PassThrough));
    cosim
        .expect("toys have all ports")
        .overlap_after(overlap_after)
}

fn without_time(report: Report) -> Report {
    Report {
        elapsed: Default::default(),
        ..report
    }
}

/// Whether a thread of its own played a batch.
fn has_thread(engine: &Watched) -> bool {
    let here = thread::current().id();
    engine.players.iter().any(|&player| player != here)
}

#[test]
fn an_overlapped_run_is_the_same_in_every_cycle() {
    let config = config("bus.data_bits = 64\nhistory.rows = 3\nspray.cores = 3");
    for (stall, idle) in [(0, 0), (40, 0), (0, 40), (20, 90)] {
        let run = |overlap_after| {
            let engine = Watched::new(simulator(&sequencer(&config)));
            let cosim = Cosim::new(engine, &config, options(stall, idle, 3));
            let mut cosim = cosim
                .expect("a sequencer has its ports")
                .overlap_after(overlap_after);
            let mut frames = Vec::new();
            let report = cosim
                .run_with(stress(120, 5), |frame| {
                    frames.push((frame.cycle, frame.bytes.to_vec()));
                })
                .unwrap_or_else(|failure| panic!("{failure}"));
            (without_time(report), frames, cosim.into_engine())
        };
        let (report, frames, engine) = run(NEVER);
        assert!(!has_thread(&engine));
        for overlap_after in [ALWAYS, 1000] {
            let (same_report, same_frames, overlapped) = run(overlap_after);
            assert!(has_thread(&overlapped));
            assert_eq!(report, same_report);
            assert!(frames == same_frames, "the frames are the same");
            assert!(
                engine.cycles == overlapped.cycles,
                "no cycle differs, and none is played in vain"
            );
        }
    }
}

fn bug_packets() -> Vec<Packet> {
    frames_of([60, 64, 1, 17, 8, 100, 39].repeat(100), 3)
}

fn fail(bug: Bug, overlap_after: u64) -> (Box<Failure>, Report, Watched) {
    let mut cosim = toy(bug, options(40, 20, 7), overlap_after);
    let failure = cosim.run(bug_packets()).expect_err("a bug goes unnoticed");
    let report = without_time(cosim.report());
    cosim.coast(50);
    (failure, report, cosim.into_engine())
}

#[test]
fn an_overlapped_run_fails_in_the_same_way() {
    for bug in [
        Bug::DropsValid,
        Bug::ChangesDataWhileStalled,
        Bug::WrongUser,
        Bug::MissingLast,
        Bug::CorruptsByte,
        Bug::LosesFrame,
        Bug::InventsFrame,
        Bug::StopsAccepting,
        Bug::StopsEmitting,
    ] {
        let (failure, report, engine) = fail(bug, NEVER);
        let (same_failure, same_report, overlapped) = fail(bug, ALWAYS);
        assert_eq!(failure.to_string(), same_failure.to_string(), "{bug:?}");
        assert_eq!(report, same_report, "{bug:?}");
        // What comes after the failure is the same, too.
        let cycles = failure.cycle as usize + 50;
        assert!(
            engine.cycles[..cycles] == overlapped.cycles[..cycles],
            "{bug:?}"
        );
    }
}

#[test]
fn a_waveform_of_an_overlapped_run_is_the_same() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let config = config(toys::TOML);
    let record = |overlap_after, name| {
        let path = folder.path().join(name);
        let engine = Simulator::new(&toys::register_slice(Bug::InventsFrame), 1);
        let (failure, _, _) = fail(Bug::InventsFrame, overlap_after);
        wave::record(
            engine,
            wave::window(&failure),
            &config,
            &options(40, 20, 7),
            |engine, config, options| {
                let cosim = Cosim::with_oracle(engine, config, options, Box::new(PassThrough));
                cosim.map(|cosim| cosim.overlap_after(overlap_after))
            },
            bug_packets(),
            &path,
        )
        .unwrap_or_else(|error| panic!("{error}"));
        fs::read(path).expect("it was written")
    };
    assert!(record(NEVER, "one.vcd") == record(ALWAYS, "other.vcd"));
}

#[test]
fn two_overlapped_runs_in_a_row_are_the_same() {
    let config = config("bus.data_bits = 128\nhistory.rows = 4\nspray.cores = 3");
    let run = |overlap_after| {
        let options = options(20, 20, 2);
        let sequencer = Cosim::new(simulator(&sequencer(&config)), &config, options.clone());
        let stripper = Cosim::stripper(simulator(&stripper(&config)), &config, options);
        let trip = RoundTrip::of(
            sequencer
                .expect("it has its ports")
                .overlap_after(overlap_after),
            stripper
                .expect("it has its ports")
                .overlap_after(overlap_after),
        )
        .run(stress(200, 3));
        let (sequenced, stripped) = trip.unwrap_or_else(|error| panic!("{error}"));
        [sequenced, stripped].map(without_time)
    };
    assert_eq!(run(NEVER), run(ALWAYS));
}

#[test]
fn a_panic_of_the_engine_reaches_the_caller() {
    for overlap_after in [NEVER, ALWAYS] {
        let engine = Watched {
            panics_in: Some(1000),
            ..Watched::new(Simulator::new(&toys::register_slice(Bug::Nothing), 1))
        };
        let cosim = Cosim::stripper(engine, &config(toys::TOML), Options::default());
        let mut cosim = cosim
            .expect("toys have all ports")
            .overlap_after(overlap_after);
        let run = catch_unwind(AssertUnwindSafe(|| cosim.run(frames_of([64; 500], 1))));
        let panic = run.expect_err("it gives up");
        let text = panic.downcast_ref::<&str>().copied();
        assert_eq!(text, Some("the engine gives up"));
    }
}

#[test]
fn a_run_that_is_left_ends_its_thread_and_gives_its_engine_back() {
    let mut packets = frames_of([64; 2000], 1).into_iter();
    let mut cosim = toy(Bug::Nothing, Options::default(), ALWAYS);
    for _ in 0..300 {
        let frame = cosim.next_frame(&mut packets);
        assert!(frame.is_ok_and(|frame| frame.is_some()));
    }
    // The batch that is being played counts, whole.
    let cycles = cosim.engine().cycles.len();
    assert_eq!(cycles % 64, 0);
    let engine = cosim.into_engine();
    assert!(has_thread(&engine));
    assert_eq!(engine.cycles.len(), cycles);

    let mut left = toy(Bug::Nothing, Options::default(), ALWAYS);
    let frame = left.next_frame(&mut frames_of([64; 2000], 1).into_iter());
    assert!(frame.is_ok());
}

#[test]
fn short_runs_have_no_thread() {
    let run = |frames| {
        let engine = Watched::new(Simulator::new(&toys::register_slice(Bug::Nothing), 1));
        let cosim = Cosim::stripper(engine, &config(toys::TOML), Options::default());
        let mut cosim = cosim.expect("toys have all ports");
        let report = cosim.run(frames_of(vec![64; frames], 1));
        assert!(report.is_ok_and(|report| report.frames_out == frames as u64));
        has_thread(&cosim.into_engine())
    };
    // A frame takes 8 cycles.
    assert_eq!((run(1000), run(4000)), (false, true));
}
