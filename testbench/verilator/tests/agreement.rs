//! Verilator and the in-process engine give the same outputs in every cycle.

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use common::toys::{self, ReportBug};
use common::{
    both, config, designs, engine, frames_of, model, options, sequencer, toolchain, trace,
};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::register_crossing::register_crossing;
use seqnic_hdl::rtl::{ClockDomain, Design, Direction, MemoryStyle, Module, Reset, Simulator, lit};
use seqnic_hdl::tops;
use seqnic_sim::traffic::{CaptureReader, TraceKind};
use seqnic_spec::Config;
use seqnic_testbench::{Clocks, Cosim, Engine};
use seqnic_verilator::{Initial, Lockstep, Toolchain, VerilatorEngine};

/// Drives all inputs at random; `limit` bounds the lowest word of an input.
fn agree(
    toolchain: &Toolchain,
    design: &Arc<Design>,
    cycles: u64,
    limit: impl Fn(&str) -> Option<u64>,
) -> Lockstep<Simulator, VerilatorEngine> {
    let mut engines = both(toolchain, design, 1);
    let mut rng = Pcg64Mcg::seed_from_u64(cycles);
    let inputs: Vec<_> = design
        .ports()
        .filter(|port| port.direction == Direction::Input)
        .map(|port| {
            let id = engines.port(&port.name).expect("it is a port");
            (id, port.width.div_ceil(64), limit(&port.name))
        })
        .collect();
    engines.reset();
    for _ in 0..cycles {
        for &(port, words, limit) in &inputs {
            // Bits above the width too: they must not matter.
            let mut value: Vec<u64> = (0..words).map(|_| rng.next_u64()).collect();
            if let Some(limit) = limit {
                value[0] %= limit;
            }
            engines.set(port, &value);
        }
        engines.eval();
        engines.clock();
    }
    if let Some(difference) = engines.difference() {
        panic!("{}: {difference}", design.name());
    }
    assert_eq!(engines.compared().cycles, cycles);
    engines
}

#[test]
fn ports_of_all_widths() {
    let Some(toolchain) = toolchain() else { return };
    let engines = agree(&toolchain, &designs::ports(), 500, |_| None);
    assert_eq!(engines.compared().undefined_bits, 0);
    agree(&toolchain, &designs::combinational(), 100, |_| None);
}

#[test]
fn memories() {
    let Some(toolchain) = toolchain() else { return };
    use MemoryStyle::{Block, Distributed, Registers, Ultra};
    for (style, depth, lane_bits) in [
        (Distributed, 16, 16),
        (Distributed, 5, 1),
        (Block, 64, 33),
        (Block, 3, 8),
        (Ultra, 40, 33),
        (Registers, 8, 70),
        (Registers, 1, 5),
    ] {
        let design = designs::memory(style, depth, lane_bits);
        let within = |name: &str| name.contains('_').then_some(depth as u64);
        let engines = agree(&toolchain, &design, 2000, within);
        // What was never written is not compared, and everything is written soon.
        let compared = engines.compared();
        assert!(compared.undefined_bits > 0, "{compared:?}");
        assert!(compared.undefined_bits * 2 < compared.bits, "{compared:?}");
    }
}

#[test]
fn random_expressions() {
    let Some(toolchain) = toolchain() else { return };
    for seed in 0..12 {
        let engines = agree(&toolchain, &designs::random(seed), 2000, |_| None);
        assert_eq!(engines.compared().undefined_bits, 0);
    }
}

fn examples() -> Vec<(String, Config)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = fs::read_dir(&folder).expect("there are examples");
    let mut examples: Vec<(String, Config)> = files
        .map(|file| file.expect("it is listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let name = path.file_stem().expect("it has a name").to_string_lossy();
            let text = fs::read_to_string(&path).expect("it can be read");
            (name.clone().into_owned(), config(&text))
        })
        .filter(|(_, config)| config.int().is_none())
        .collect();
    examples.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert!(examples.len() > 5);
    examples
}

#[test]
fn sequencers_of_all_examples_agree_on_every_output_in_every_cycle() {
    let Some(toolchain) = toolchain() else { return };
    for (name, config) in examples() {
        for (kind, packets, stall, idle) in [
            (TraceKind::Uniform, 400, 30, 30),
            (TraceKind::Dctcp, 800, 0, 0),
            (TraceKind::Zipf, 300, 70, 5),
        ] {
            let engines = both(&toolchain, &sequencer(&config), 7);
            let mut cosim = Cosim::new(engines, &config, options(stall, idle, 3))
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let report = cosim
                .run(trace(kind, packets, 5))
                .unwrap_or_else(|failure| panic!("{name}: {failure}"));
            let engines = cosim.into_engine();
            if let Some(difference) = engines.difference() {
                panic!("{name}: {difference}");
            }
            let compared = engines.compared();
            assert!(compared.cycles >= report.cycles, "{name}: {compared:?}");
            assert!(
                compared.undefined_bits < compared.bits,
                "{name}: {compared:?}"
            );
        }
    }
}

#[test]
fn a_capture_agrees_in_every_cycle() {
    let Some(toolchain) = toolchain() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let text = fs::read_to_string(folder.join("conntrack.toml")).expect("it can be read");
    let config = config(&text);
    let capture = folder.join("captures/tcp-loss.pcap");
    let packets = CaptureReader::read_all(capture).unwrap_or_else(|error| panic!("{error}"));
    let frames = packets.len() as u64;
    let engines = both(&toolchain, &sequencer(&config), 1);
    let mut cosim = Cosim::new(engines, &config, options(30, 30, 1)).expect("it has its ports");
    let report = cosim
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(report.frames_out, frames);
    if let Some(difference) = cosim.into_engine().difference() {
        panic!("{difference}");
    }
}

#[test]
fn strippers_agree_on_every_output_in_every_cycle() {
    let Some(toolchain) = toolchain() else { return };
    for (name, config) in examples().into_iter().step_by(4) {
        let design = tops::stripper(&config).unwrap_or_else(|error| panic!("{name}: {error}"));
        let engines = both(&toolchain, &design, 7);
        let mut cosim = Cosim::stripper(engines, &config, options(30, 30, 3))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        cosim
            .run(trace(TraceKind::Uniform, 100, 5))
            .unwrap_or_else(|failure| panic!("{name}: {failure}"));
        if let Some(difference) = cosim.into_engine().difference() {
            panic!("{name}: {difference}");
        }
    }
}

#[test]
fn two_clocks_and_two_resets() {
    let Some(toolchain) = toolchain() else { return };
    let design = register_crossing("register_crossing").expect("it is sound");
    let mut engines = both(&toolchain, &design, 1);
    let mut rng = Pcg64Mcg::seed_from_u64(1);
    let inputs: Vec<_> = design
        .ports()
        .filter(|port| port.direction == Direction::Input)
        .map(|port| engines.port(&port.name).expect("it is a port"))
        .collect();
    engines.reset();
    let mut cycles = 0;
    for (edge, rising) in Clocks::new(7, 5, 2).take(6000).enumerate() {
        // Now and then a side is in reset.
        for domain in ClockDomain::ALL {
            engines.select(&[domain]);
            let part = edge as u64 / 16;
            if edge % 16 == 0 {
                engines.hold_reset(part % 8 == 3 + 4 * domain as u64);
            }
        }
        for &port in &inputs {
            engines.set(port, &[rng.next_u64()]);
        }
        engines.eval();
        engines.select(rising);
        engines.clock();
        cycles += u64::from(rising.contains(&ClockDomain::Datapath));
    }
    if let Some(difference) = engines.difference() {
        panic!("{difference}");
    }
    assert!(engines.compared().cycles > cycles / 2);
}

/// An engine in another's place whose batches are played signal by signal.
struct BySignal(VerilatorEngine);

impl Engine for BySignal {
    type Port = <VerilatorEngine as Engine>::Port;

    fn port(&self, name: &str) -> Option<Self::Port> {
        self.0.port(name)
    }

    fn width(&self, port: Self::Port) -> usize {
        self.0.width(port)
    }

    fn set(&mut self, port: Self::Port, words: &[u64]) {
        self.0.set(port, words);
    }

    fn get(&self, port: Self::Port) -> &[u64] {
        self.0.get(port)
    }

    fn eval(&mut self) {
        self.0.eval();
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        self.0.select(domains);
    }

    fn clock(&mut self) {
        self.0.clock();
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.0.hold_reset(asserted);
    }
}

#[test]
fn the_loop_in_cpp_and_the_loop_in_rust_are_the_same() {
    let Some(toolchain) = toolchain() else { return };
    let toml = "bus = { data_bits = 128, tuser_bits = 70 }\nhistory.rows = 5\nspray = { cores = 5, steering = \"tdest\" }\n\
                timestamp.source = \"port\"";
    let config = config(toml);
    let model = model(&toolchain, &sequencer(&config));
    for (stall, idle) in [(0, 0), (30, 30), (80, 10), (10, 80)] {
        let options = options(stall, idle, 9);
        let start = || engine(&model, Initial::Random(4));
        let mut in_cpp = Cosim::new(start(), &config, options.clone()).expect("it has its ports");
        let mut in_rust =
            Cosim::new(BySignal(start()), &config, options).expect("it has its ports");
        let packets = || trace(TraceKind::Uniform, 300, 2);
        let mut frames = [Vec::new(), Vec::new()];
        let reports = [
            in_cpp.run_with(packets(), |frame| {
                frames[0].push((frame.cycle, frame.bytes.to_vec()))
            }),
            in_rust.run_with(packets(), |frame| {
                frames[1].push((frame.cycle, frame.bytes.to_vec()))
            }),
        ]
        .map(|report| report.unwrap_or_else(|failure| panic!("{failure}")))
        .map(|report| seqnic_testbench::Report {
            elapsed: Default::default(),
            ..report
        });
        assert_eq!(reports[0], reports[1]);
        assert!(frames[0] == frames[1], "the frames are the same");
        // And the ports are left alike.
        let (in_cpp, in_rust) = (in_cpp.into_engine(), in_rust.into_engine());
        for port in sequencer(&config).ports() {
            let words = |engine: &VerilatorEngine| {
                engine
                    .get(engine.port(&port.name).expect("a port"))
                    .to_vec()
            };
            assert_eq!(words(&in_cpp), words(&in_rust.0), "{}", port.name);
        }
    }
}

#[test]
fn the_loops_see_the_same_reports() {
    let Some(toolchain) = toolchain() else { return };
    let config = config(toys::TOML);
    let model = model(&toolchain, &toys::reporter(ReportBug::Nothing));
    let lengths = [60, 64, 1, 17, 8, 100, 39, 64, 65, 3, 80].repeat(20);
    let start = || engine(&model, Initial::Random(4));
    for (stall, idle) in [(0, 0), (30, 30), (80, 10)] {
        let (options, packets) = (options(stall, idle, 9), || frames_of(lengths.clone(), 3));
        let oracle = || Box::new(toys::Reported::default());
        let in_cpp = Cosim::with_oracle(start(), &config, options.clone(), oracle());
        let in_rust = Cosim::with_oracle(BySignal(start()), &config, options, oracle());
        let of_cpp = in_cpp.expect("it has its ports").run(packets());
        let of_rust = in_rust.expect("it has its ports").run(packets());
        let [of_cpp, of_rust] = [of_cpp, of_rust]
            .map(|report| report.unwrap_or_else(|failure| panic!("{failure}")))
            .map(|report| seqnic_testbench::Report {
                elapsed: Default::default(),
                ..report
            });
        assert_eq!(of_cpp.reports, 220);
        assert_eq!(of_cpp, of_rust);
    }
}

#[test]
fn engines_on_a_thread_of_their_own_do_the_same() {
    let Some(toolchain) = toolchain() else { return };
    let config = config("bus.data_bits = 64\nhistory.rows = 3\nspray.cores = 3");
    let design = sequencer(&config);
    let model = model(&toolchain, &design);
    let run = |overlap_after| {
        let cosim = Cosim::new(
            engine(&model, Initial::Random(4)),
            &config,
            options(20, 20, 9),
        );
        let mut cosim = cosim
            .expect("it has its ports")
            .overlap_after(overlap_after);
        let mut frames = Vec::new();
        let run = cosim.run_with(trace(TraceKind::Uniform, 300, 2), |frame| {
            frames.push((frame.cycle, frame.bytes.to_vec()));
        });
        run.unwrap_or_else(|failure| panic!("{failure}"));
        // The model goes on where the other thread left it.
        let mut engine = cosim.into_engine();
        engine.run(10);
        engine.eval();
        let words = design.ports().map(|port| {
            let id = engine.port(&port.name).expect("a port");
            engine.get(id).to_vec()
        });
        (frames, words.collect::<Vec<_>>())
    };
    assert!(run(0) == run(u64::MAX));

    let run = |overlap_after| {
        let engines = both(&toolchain, &design, 7);
        let cosim = Cosim::new(engines, &config, options(20, 20, 9));
        let mut cosim = cosim
            .expect("it has its ports")
            .overlap_after(overlap_after);
        cosim
            .run(trace(TraceKind::Uniform, 300, 2))
            .unwrap_or_else(|failure| panic!("{failure}"));
        let engines = cosim.into_engine();
        assert_eq!(engines.difference(), None);
        engines.compared()
    };
    assert_eq!(run(0), run(u64::MAX));
}

#[test]
fn cosimulation_passes_and_a_wrong_design_fails_in_both_engines_alike() {
    let Some(toolchain) = toolchain() else { return };
    let good = config("bus.data_bits = 256\nhistory.rows = 4\nspray.cores = 4");
    // Another history than the model's.
    let other = config("bus.data_bits = 256\nhistory.rows = 4\nspray.cores = 3");
    let start =
        |config: &Config| engine(&model(&toolchain, &sequencer(config)), Initial::Random(1));
    let packets = || trace(TraceKind::Dctcp, 500, 1);
    let report = Cosim::new(start(&good), &good, options(20, 20, 1))
        .expect("it has its ports")
        .run(packets())
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((report.frames_in, report.frames_out), (500, 500));

    let failure = Cosim::new(start(&other), &good, options(20, 20, 1))
        .expect("it has its ports")
        .run(packets())
        .expect_err("it has 3 cores");
    let builtin = Cosim::new(
        Simulator::new(&sequencer(&other), 1),
        &good,
        options(20, 20, 1),
    )
    .expect("it has its ports")
    .run(packets())
    .expect_err("it has 3 cores");
    assert_eq!(failure.to_string(), builtin.to_string());
}

/// A counter that jumps at one count.
fn counter(jump: u64) -> Arc<Design> {
    let mut m = Module::new("counter", "Counts.");
    let count = m.register("count", 8, Reset::To(0));
    m.next(&count, count.is(20).mux(&lit(8, jump), &count.plus(1)));
    m.output_of("other", lit(1, 0));
    m.output_of("value", &count);
    m.build().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn lockstep_reports_the_first_difference() {
    let Some(toolchain) = toolchain() else { return };
    let (design, wrong) = (counter(21), counter(53));
    let builtin = ("builtin", Simulator::new(&design, 1));
    let verilator = (
        "verilator",
        engine(&model(&toolchain, &wrong), Initial::Random(1)),
    );
    let mut engines = Lockstep::new(&design, builtin, verilator);
    engines.reset();
    for _ in 0..40 {
        engines.eval();
        engines.clock();
    }
    let difference = engines.difference().expect("they differ from 21 on");
    assert_eq!(
        (difference.cycle, &difference.port[..], difference.bit),
        (21, "value", 5)
    );
    assert_eq!(difference.values, [vec![21], vec![53]]);
    assert_eq!(engines.compared().cycles, 21);
    let text = "cycle 21: value differs from bit 5 on\n  builtin    0000000000000015\n  verilator  0000000000000035";
    assert_eq!(difference.to_string(), text);
}

#[test]
fn undefined_state_is_what_was_asked_for() {
    let Some(toolchain) = toolchain() else { return };
    let mut m = Module::new("undefined", "A register that nothing defines.");
    let kept = m.register("kept", 100, Reset::None);
    m.next(&kept, &kept);
    m.output_of("value", &kept);
    let design = m.build().unwrap_or_else(|error| panic!("{error}"));
    let model = model(&toolchain, &design);
    let value = |initial| {
        let mut engine = engine(&model, initial);
        let port = engine.port("value").expect("it is there");
        engine.reset();
        engine.run(5);
        engine.eval();
        engine.get(port).to_vec()
    };
    assert_eq!(value(Initial::Zeros), [0, 0]);
    assert_eq!(value(Initial::Ones), [u64::MAX, (1 << 36) - 1]);
    assert_eq!(value(Initial::Random(7)), value(Initial::Random(7)));
    assert_ne!(value(Initial::Random(7)), value(Initial::Random(8)));
    assert_ne!(value(Initial::Random(0)), value(Initial::Random(u64::MAX)));
}
