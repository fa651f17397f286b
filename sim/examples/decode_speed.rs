//! Flows per second of FlowRadar single decode, on one core, at 1.3 cells per flow, beside those of plain peeling in the
//! same run: one flow after the other from a queue, with cells of the same size and the same hash functions.
//!
//! `cargo run --release -p seqnic-sim --example decode_speed [HASH]`

use std::error::Error;
use std::time::{Duration, Instant};

use seqnic_sim::host::collector::{Assembler, Switch};
use seqnic_sim::model::flowradar::{FlowKey, FlowRadarEncoder, HashBank};
use seqnic_spec::Config;

/// As in `seqnic`: it keeps memory, of which a decode needs fresh pages otherwise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Flows, cells in percent of flows so that the sub-tables have 1.3 cells per flow, and repetitions.
const SIZES: [(u64, u32); 4] = [
    (10_000, 200),
    (100_000, 50),
    (1_000_000, 20),
    (4_000_000, 8),
];

fn main() -> Result<(), Box<dyn Error>> {
    let clock = Clock(Instant::now());
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
        let plain = Plain::new(&encoder, HashBank::of_tables(config.geometry()));
        let mut assembler = Assembler::default();
        let fragments: Vec<_> = encoder.fragments().collect();
        let start = clock.now();
        for fragment in &fragments {
            assembler.add(fragment)?;
        }
        let assembly = clock.now() - start;
        let image = assembler.finish().next().ok_or("an epoch arrived")?;
        let (mut best, mut reading, mut peeling) = (Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..rounds {
            let start = clock.now();
            let mut switch = Switch::<2>::new(&image)?;
            reading = reading.min(clock.now() - start);
            let start = clock.now();
            switch.decode();
            best = best.min(clock.now() - start);
            let report = switch.report();
            // The filter may take one in a million flows for a known one.
            let decoded = report.flows_decoded as u64;
            assert!(
                recorded - decoded <= recorded / 1_000_000,
                "{:?}",
                report.reasons
            );
            let mut cells = plain.cells.clone();
            let start = clock.now();
            let found = plain.peel(&mut cells);
            peeling = peeling.min(clock.now() - start);
            assert_eq!(found.len() as u64, decoded);
        }
        let rate = |time: Duration| recorded as f64 / time.as_secs_f64() / 1e6;
        println!(
            "{recorded:>9} flows, {:.3} cells per flow: decode {:5.1} M flows/s, with the cells read from the export \
             {:5.1}, with reassembly {:5.1}; plain peeling {:5.1}, ratio {:.2}",
            cells as f64 / recorded as f64,
            rate(best),
            rate(best + reading),
            rate(best + reading + assembly),
            rate(peeling),
            peeling.as_secs_f64() / best.as_secs_f64(),
        );
    }
    Ok(())
}

/// The time that this thread runs, to which other programs add nothing but by what they leave in the caches; where the
/// system does not say, the time that passes.
struct Clock(Instant);

impl Clock {
    fn now(&self) -> Duration {
        // Brings the account up to date.
        std::thread::yield_now();
        let account = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let nanoseconds = account.and_then(|text| text.split(' ').next()?.parse().ok());
        nanoseconds.map_or_else(|| self.0.elapsed(), Duration::from_nanos)
    }
}

/// Plain peeling.
struct Plain {
    hash: HashBank,
    table_cells: u32,
    cells: Vec<Cell>,
}

/// A cell of 32 bytes.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Cell {
    key: [u64; 2],
    packets: u32,
    flows: u8,
}

impl Plain {
    fn new(encoder: &FlowRadarEncoder, hash: HashBank) -> Self {
        let tables = encoder.quiet().map_or(&[][..], |quiet| &quiet.bank.tables);
        let cells = tables.iter().flatten().map(|cell| {
            let words = cell.flow_xor.words();
            Cell {
                key: [words[0], words[1]],
                packets: cell.packet_count,
                flows: cell.flow_count,
            }
        });
        Self {
            hash,
            // A sub-table has at most 2^25 cells.
            table_cells: tables.first().map_or(0, |cells| cells.len() as u32),
            cells: cells.collect(),
        }
    }

    /// Takes out all flows.
    fn peel(&self, cells: &mut [Cell]) -> Vec<([u64; 2], u32)> {
        let singles = (0..).zip(&*cells).filter(|(_, cell)| cell.flows == 1);
        let mut queue: Vec<u32> = singles.map(|(place, _)| place).collect();
        let mut flows = Vec::with_capacity(cells.len());
        while let Some(place) = queue.pop() {
            let single = cells[place as usize];
            if single.flows != 1 {
                continue;
            }
            let places: [u32; 3] = self.hash.indices(&single.key);
            for (table, place) in (0..).zip(places) {
                let place = table * self.table_cells + place;
                let cell = &mut cells[place as usize];
                cell.key = [cell.key[0] ^ single.key[0], cell.key[1] ^ single.key[1]];
                cell.packets = cell.packets.wrapping_sub(single.packets);
                cell.flows -= 1;
                if cell.flows == 1 {
                    queue.push(place);
                }
            }
            flows.push((single.key, single.packets));
        }
        flows
    }
}
