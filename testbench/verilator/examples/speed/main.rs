//! How fast a whole cosimulation in Verilator is, next to a loop in C++ that only drives and collects.
//!
//! `cargo run --release -p seqnic-verilator --example speed [PACKETS [CAPTURE]]`: random frames of 64 to 1514 bytes
//! through a sequencer of 1024 bits and 16 rows, by default 500,000. All runs are made five times in turns, and the
//! best of each counts: what else the machine does makes a run slower, never faster. The distinct frames are written
//! to `CAPTURE`, for other benches to play.
//!
//! The cosimulation checks a batch of cycles while the next one is played, which takes two idle processors; what it
//! reaches with one is measured, too.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Options};
use seqnic_verilator::{Initial, Model, Toolchain, VerilatorEngine, build_program};

const CONFIG: &str = include_str!("../../../../examples/table2-16.toml");

/// Frames that are played over and over, so that neither run measures where frames come from.
const DISTINCT_FRAMES: usize = 10_000;

const ROUNDS: usize = 5;

/// What a run did, and how long it took.
struct Run {
    seconds: f64,
    cycles: u64,
    bytes_out: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let packets = env::args()
        .nth(1)
        .map_or(Ok(500_000), |count| count.parse())?;
    let config = Config::from_toml_str(CONFIG, "examples/table2-16.toml")?;
    let design = tops::sequencer(&config)?;
    let toolchain = Toolchain::find()?;
    println!(
        "{}; {}",
        toolchain.verilator_version(),
        toolchain.compiler_version()
    );
    // A cache of its own, so that something is built to be measured.
    let folder = tempfile::tempdir()?;
    let toolchain = toolchain.with_cache(folder.path().join("cache"));
    let start = Instant::now();
    let stripper = tops::stripper(&config)?;
    VerilatorEngine::build(&toolchain, &stripper, Initial::Random(1))?;
    println!(
        "runtime and a first model, built and loaded: {:.2} s",
        since(start)
    );
    let start = Instant::now();
    VerilatorEngine::build(&toolchain, &design, Initial::Random(1))?;
    println!("another model, built and loaded: {:.2} s", since(start));
    let model = Model::build(&toolchain, &design)?;
    let program = build_program(&toolchain, &design, include_str!("bare.cpp"))?;

    let frames = random_frames();
    if let Some(capture) = env::args().nth(2) {
        let mut capture = CaptureWriter::create(capture)?;
        frames.iter().try_for_each(|frame| capture.write(frame))?;
        capture.finish()?;
    }
    let file = folder.path().join("frames");
    fs::write(&file, with_lengths(&frames))?;
    let mut best: [Option<Run>; 3] = [const { None }; 3];
    for _ in 0..ROUNDS {
        let runs = [
            run_bare(&program, &file, packets)?,
            cosimulate(&model, &config, &frames, packets, true)?,
            cosimulate(&model, &config, &frames, packets, false)?,
        ];
        for (best, run) in best.iter_mut().zip(runs) {
            keep_best(best, run);
        }
    }
    let [Some(bare), Some(cosim), Some(alone)] = &best else {
        return Err("nothing was run".into());
    };
    for (name, run) in [
        ("bare loop in C++", bare),
        ("cosimulation with scoreboard", cosim),
        ("the same in one thread", alone),
    ] {
        if run.bytes_out != bare.bytes_out {
            return Err(format!("{} and {} bytes came out", bare.bytes_out, run.bytes_out).into());
        }
        let per_second = |count: f64| count / run.seconds;
        println!(
            "{name:30} {:9.0} packets/s {:10.0} cycles/s {:6.3} of the bare loop",
            per_second(packets as f64),
            per_second(run.cycles as f64),
            bare.seconds / run.seconds
        );
    }
    Ok(())
}

fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64()
}

fn keep_best(best: &mut Option<Run>, run: Run) {
    if best.as_ref().is_none_or(|best| run.seconds < best.seconds) {
        *best = Some(run);
    }
}

fn random_frames() -> Vec<Packet> {
    let mut rng = Pcg64Mcg::seed_from_u64(1);
    let frame = |i| {
        let mut data = vec![0; rng.random_range(64..=1514)];
        rng.fill_bytes(&mut data);
        // IPv4, no fragment, and TCP, so that rows are made of them.
        data[12..15].copy_from_slice(&[0x08, 0x00, 0x45]);
        data[20..22].fill(0);
        data[23] = 6;
        Packet {
            timestamp_ns: i as u64,
            data,
        }
    };
    (0..DISTINCT_FRAMES).map(frame).collect()
}

fn with_lengths(frames: &[Packet]) -> Vec<u8> {
    let frames = frames.iter();
    let parts = frames.flat_map(|frame| {
        [
            (frame.data.len() as u32).to_le_bytes().to_vec(),
            frame.data.clone(),
        ]
    });
    parts.flatten().collect()
}

/// The whole of it: source, both monitors, golden model, scoreboard.
fn cosimulate(
    model: &Model,
    config: &Config,
    frames: &[Packet],
    packets: usize,
    overlaps: bool,
) -> Result<Run, Box<dyn Error>> {
    let engine = VerilatorEngine::new(model, Initial::Random(1))?;
    let mut cosim = Cosim::new(engine, config, Options::default())?;
    if !overlaps {
        cosim = cosim.overlap_after(u64::MAX);
    }
    let report = cosim.run(frames.iter().cycle().take(packets).cloned())?;
    Ok(Run {
        seconds: report.elapsed.as_secs_f64(),
        cycles: report.cycles,
        bytes_out: report.bytes_out,
    })
}

fn run_bare(program: &Path, frames: &Path, packets: usize) -> Result<Run, Box<dyn Error>> {
    let output = Command::new(program)
        .arg(frames)
        .arg(packets.to_string())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let &[seconds, cycles, bytes_out, _frames] = &words[..] else {
        return Err(format!("{}: {text}", output.status).into());
    };
    Ok(Run {
        seconds: seconds.parse()?,
        cycles: cycles.parse()?,
        bytes_out: bytes_out.parse()?,
    })
}
