//! Flows per second of FlowRadar single decode, on one core, at 1.3 cells per flow.
//!
//! `cargo run --release -p seqnic-sim --example decode_speed [HASH]`

use std::error::Error;
use std::time::{Duration, Instant};

use seqnic_sim::host::collector::{Assembler, Switch};
use seqnic_sim::model::flowradar::{FlowKey, FlowRadarEncoder};
use seqnic_spec::Config;

/// Flows, cells in percent of flows so that the sub-tables have 1.3 cells per flow, and repetitions.
const SIZES: [(u64, u32); 4] = [(10_000, 200), (100_000, 50), (1_000_000, 7), (4_000_000, 3)];

fn main() -> Result<(), Box<dyn Error>> {
    let hash = std::env::args().nth(1).unwrap_or("crc-sum".to_owned());
    for (flows, rounds) in SIZES {
        let text =
            format!("flowradar = {{ flows = {flows}, cells_percent = 130, hash = \"{hash}\" }}");
        let config = Config::from_toml_str(&text, "speed")?;
        let config = config.flowradar().ok_or("there is an encoder")?;
        let mut encoder = FlowRadarEncoder::new(config);
        let cells = config.geometry().total_cells() as u64;
        // As many flows as make 1.3 cells for each, for sizes are rounded up.
        let recorded = cells * 10 / 13;
        for flow in 0..recorded {
            let low = flow.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            encoder.record(
                &FlowKey::from_words(&[low, flow % 251]),
                1 + flow as u32 % 9,
                0,
            );
        }
        encoder.request_swap();
        let mut assembler = Assembler::default();
        let fragments: Vec<_> = encoder.fragments().collect();
        let start = Instant::now();
        for fragment in &fragments {
            assembler.add(fragment)?;
        }
        let assembly = start.elapsed();
        let image = assembler.finish().next().ok_or("an epoch arrived")?;
        let (mut best, mut reading) = (Duration::MAX, Duration::MAX);
        for _ in 0..rounds {
            let start = Instant::now();
            let mut switch = Switch::<2>::new(&image)?;
            reading = reading.min(start.elapsed());
            let start = Instant::now();
            switch.decode();
            best = best.min(start.elapsed());
            let report = switch.report();
            assert!(report.is_complete(), "{:?}", report.reasons);
        }
        let rate = |time: Duration| recorded as f64 / time.as_secs_f64() / 1e6;
        println!(
            "{recorded:>9} flows, {:.3} cells per flow: decode {:5.1} M flows/s, with the cells read from the export \
             {:5.1}, with reassembly {:5.1}",
            cells as f64 / recorded as f64,
            rate(best),
            rate(best + reading),
            rate(best + reading + assembly),
        );
    }
    Ok(())
}
