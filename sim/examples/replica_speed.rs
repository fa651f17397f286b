//! How fast a replica is: packets per second on one core without dispatch, and what a row of the history adds.
//!
//! `cargo run --release -p seqnic-sim --example replica_speed`

use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use seqnic_sim::host::programs::{
    ConnectionTracker, DdosMitigator, Forwarder, HeavyHitter, LoadBalancer, PortKnocking,
    TokenBucket,
};
use seqnic_sim::host::{FrameFormat, Metadata, Program, Replica, Verdict};
use seqnic_sim::model::Sequencer;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::{Config, RawConfig};

/// As many frames of a core as a network card's ring has, so that they are in the cache as freshly received ones are.
const FRAMES: usize = 2_048;
const ROUNDS: usize = 200;
const BATCH: usize = 64;
const MOST_CORES: u64 = 8;

fn main() {
    let spec = TraceSpec {
        frame_bytes: Some(192),
        ..TraceSpec::new(TraceKind::Hadoop, FRAMES * MOST_CORES as usize, 1)
    };
    let packets: Vec<Packet> = Trace::new(&spec).expect("a legal trace").collect();
    println!("Hadoop traffic, frames of 192 bytes; medians of batches of {BATCH} frames");
    println!("program             million packets/s   ns/packet   ns/row");
    measure(Forwarder, &packets);
    measure(DdosMitigator::default(), &packets);
    measure(HeavyHitter::default(), &packets);
    measure(TokenBucket::default(), &packets);
    measure(PortKnocking::default(), &packets);
    measure(ConnectionTracker::default(), &packets);
    measure(LoadBalancer::default(), &packets);
}

/// One core that gets every packet, and one that gets one of eight with seven rows in front of it.
fn measure<P: Program>(program: P, packets: &[Packet]) {
    let alone = ns_per_frame(&program, packets, 1);
    let with_history = ns_per_frame(&program, packets, MOST_CORES);
    let row = (with_history - alone) / (MOST_CORES - 1) as f64;
    let name = P::NAME;
    println!("{name:<18}{:>19.1}{alone:>12.1}{row:>9.1}", 1_000.0 / alone);
}

/// The median time of a frame of core 0. Batches are short, so that most are not interrupted.
fn ns_per_frame<P: Program>(program: &P, packets: &[Packet], cores: u64) -> f64 {
    let mut raw = RawConfig {
        history: P::Meta::history(),
        ..RawConfig::default()
    };
    // The index pointer says which rows are new, and goes on when the frames come again.
    raw.prefix.timestamp_bytes = Some(8);
    raw.spray.cores = Some(cores);
    raw.history.rows = Some(cores);
    let config = Config::try_from(raw).expect("a legal configuration");
    let format = FrameFormat::new::<P::Meta>(&config).expect("it holds what the program reads");
    let mut sequencer = Sequencer::new(&config);
    let mut bytes = Vec::new();
    let mut frames: Vec<Range<usize>> = Vec::new();
    for packet in &packets[..FRAMES * cores as usize] {
        let start = bytes.len();
        let sprayed = sequencer.process(&packet.data, packet.timestamp_ns, &mut bytes);
        match sprayed.core {
            0 => frames.push(start..bytes.len()),
            _ => bytes.truncate(start),
        }
    }
    let mut replica = Replica::new(program.clone(), &format);
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(BATCH);
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for batch in frames.chunks(BATCH) {
            verdicts.clear();
            let start = Instant::now();
            replica.process_batch(
                batch.iter().map(|frame| &bytes[frame.clone()]),
                &mut verdicts,
            );
            times.push(start.elapsed().as_nanos() as f64 / batch.len() as f64);
            black_box(&verdicts);
        }
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
