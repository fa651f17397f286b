//! How fast a replica is: packets per second on one core without dispatch, and what a row of the history adds.
//!
//! `cargo run --release -p seqnic-sim --example replica_speed`

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

const PACKETS: usize = 400_000;
const ROUNDS: usize = 9;
const BATCH: usize = 256;

fn main() {
    let spec = TraceSpec {
        frame_bytes: Some(192),
        ..TraceSpec::new(TraceKind::Hadoop, PACKETS, 1)
    };
    let packets: Vec<Packet> = Trace::new(&spec).expect("a legal trace").collect();
    println!("{PACKETS} packets of Hadoop traffic, 192 bytes each; medians of {ROUNDS} rounds");
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
    let with_history = ns_per_frame(&program, packets, 8);
    let row = (with_history - alone) / 7.0;
    let name = P::NAME;
    println!("{name:<18}{:>19.1}{alone:>12.1}{row:>9.1}", 1_000.0 / alone);
}

/// The median time of a frame of core 0.
fn ns_per_frame<P: Program>(program: &P, packets: &[Packet], cores: u64) -> f64 {
    let mut raw = RawConfig {
        history: P::Meta::history(),
        ..RawConfig::default()
    };
    raw.prefix.timestamp_bytes = Some(8);
    raw.spray.cores = Some(cores);
    raw.history.rows = Some(cores);
    let config = Config::try_from(raw).expect("a legal configuration");
    let format = FrameFormat::new::<P::Meta>(&config).expect("it holds what the program reads");
    let mut sequencer = Sequencer::new(&config);
    let mut bytes = Vec::new();
    let mut frames: Vec<Range<usize>> = Vec::new();
    for packet in packets {
        let start = bytes.len();
        let sprayed = sequencer.process(&packet.data, packet.timestamp_ns, &mut bytes);
        match sprayed.core {
            0 => frames.push(start..bytes.len()),
            _ => bytes.truncate(start),
        }
    }
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let mut replica = Replica::new(program.clone(), &format);
            let mut verdicts: Vec<Verdict> = Vec::with_capacity(BATCH);
            let start = Instant::now();
            for batch in frames.chunks(BATCH) {
                verdicts.clear();
                replica.process_batch(
                    batch.iter().map(|frame| &bytes[frame.clone()]),
                    &mut verdicts,
                );
                std::hint::black_box(&verdicts);
            }
            start.elapsed().as_nanos() as f64 / frames.len() as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}
