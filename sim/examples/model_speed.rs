//! Packets per second of the sequencer model and of the traffic generators, on one core.
//!
//! `cargo run --release -p seqnic-sim --example model_speed`

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use seqnic_sim::model::Sequencer;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;

const FRAME_BYTES: usize = 64;
const GENERATED: usize = 2_000_000;
const DISTINCT: usize = 4_096;
const ROUNDS: usize = 5_000;

fn main() -> Result<(), Box<dyn Error>> {
    for kind in TraceKind::ALL {
        let spec = TraceSpec {
            frame_bytes: Some(FRAME_BYTES),
            ..TraceSpec::new(kind, GENERATED, 1)
        };
        let trace = Trace::new(&spec)?;
        let start = Instant::now();
        let bytes: usize = trace.map(|packet| black_box(packet.data).len()).sum();
        report(&format!("{kind} traffic"), bytes / FRAME_BYTES, start);
    }

    // The design of the paper's table 2: 16 rows of 14 bytes on a bus of 1,024 bits.
    let config = Config::from_toml_str("history = { row = \"table2\", rows = 16 }", "table2.toml")?;
    let spec = TraceSpec {
        frame_bytes: Some(FRAME_BYTES),
        ..TraceSpec::new(TraceKind::Dctcp, DISTINCT, 1)
    };
    let packets: Vec<Packet> = Trace::new(&spec)?.collect();
    let mut sequencer = Sequencer::new(&config);
    let mut out = Vec::new();
    let start = Instant::now();
    for packet in packets.iter().cycle().take(DISTINCT * ROUNDS) {
        out.clear();
        black_box(sequencer.process(&packet.data, packet.timestamp_ns, &mut out));
        black_box(&out);
    }
    report("sequencer model", DISTINCT * ROUNDS, start);
    Ok(())
}

fn report(what: &str, packets: usize, start: Instant) {
    let rate = packets as f64 / start.elapsed().as_secs_f64() / 1e6;
    println!("{what:<16} {rate:6.1} million packets per second of {FRAME_BYTES} bytes");
}
