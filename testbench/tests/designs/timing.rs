//! When things happen: the latency of a frame, and the time that it is given.

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_spec::Config;
use seqnic_testbench::Engine;

use super::Engines;
use super::driver::Driver;
use crate::common::{config, frames_of};
use crate::engines;

const BUSES: [usize; 6] = [64, 128, 256, 512, 1024, 2048];

/// Cycles from the first beat of a lone frame to the first beat that comes out for it.
fn latency(driver: &mut Driver<impl Engine>, frame: &[u8]) -> u64 {
    // The history is cleared, and what was ahead is gone.
    driver.run(600);
    driver.send(frame);
    let mut started = None;
    loop {
        let after = driver.step(|_| true, |_| true);
        if after.took_first {
            started = Some(after.cycle);
        }
        if after.gave_first {
            return after.cycle - started.expect("nothing comes out before it went in");
        }
        assert!(after.cycle < 100_000, "nothing comes out");
    }
}

#[test]
fn a_lone_frame_starts_to_leave_after_2_to_4_cycles_and_1_more_for_each_skid_buffer() {
    let Some(engines) = engines() else { return };
    let rows = [
        ("connection-tracker", "paper", true),
        ("heavy-hitter", "bpf-profile", true),
        ("ddos-mitigator", "paper-padded", true),
        ("none", "paper", false),
    ];
    let skids = [(false, false), (true, false), (false, true), (true, true)];
    let cases = engines
        .cases(BUSES)
        .by(rows)
        .by(["distributed", "block", "registers"])
        .by(["distributed", "block"])
        .by(skids);
    for (((bus_and_row, storage), fifo_storage), (input_skid, output_skid)) in cases {
        let (data_bits, (row, layout, has_history)) = bus_and_row;
        let config = config(&format!(
            r#"
            bus.data_bits = {data_bits}
            history = {{ row = "{row}", rows = 6, storage = "{storage}" }}
            prefix.layout = "{layout}"
            spray.cores = 6
            pipeline = {{ fifo_storage = "{fifo_storage}", input_skid = {input_skid}, output_skid = {output_skid} }}
            "#
        ));
        // Rows with the frame's length are not read from the beat that waits.
        let waits_for_headers = has_history && (data_bits < 1024 || row != "heavy-hitter");
        let through = match (fifo_storage, waits_for_headers) {
            ("block", true) if data_bits >= 1024 => 4,
            ("block", _) | (_, true) => 3,
            _ => 2,
        };
        let expected = through + u64::from(input_skid) + u64::from(output_skid);
        let mut driver = Driver::new(engines.sequencer(&config), &config);
        for packet in frames_of([60, 1, 64, 1514, 129, 600], 1) {
            assert_eq!(
                latency(&mut driver, &packet.data),
                expected,
                "{} bytes\n{}",
                packet.data.len(),
                config.to_toml()
            );
        }
    }
}

#[test]
fn the_stripper_lets_a_frame_leave_1_cycle_behind_its_first_byte_and_1_more_unless_aligned() {
    let Some(engines) = engines() else { return };
    let prefixes: [fn(usize) -> usize; 6] = [
        |_| 1,
        |_| 14,
        |bus_bytes| bus_bytes,
        |bus_bytes| bus_bytes + 1,
        |bus_bytes| 3 * bus_bytes,
        |_| 500,
    ];
    for (data_bits, prefix_bytes) in engines.cases(BUSES).by(prefixes) {
        let bus_bytes = data_bits / 8;
        let prefix_bytes = prefix_bytes(bus_bytes);
        let config = config(&format!(
            r#"
            bus.data_bits = {data_bits}
            history.row = "none"
            prefix.section = [{{ kind = "padding", bytes = {prefix_bytes} }}]
            spray.steering = "tdest"
            "#
        ));
        let mut driver = Driver::new(engines.stripper(&config), &config);
        let skipped_beats = (prefix_bytes / bus_bytes) as u64;
        let carries = u64::from(prefix_bytes % bus_bytes != 0);
        for length in [prefix_bytes + 4 * bus_bytes, prefix_bytes + 700] {
            assert_eq!(
                latency(&mut driver, &vec![7; length]),
                skipped_beats + 1 + carries,
                "{length} bytes\n{}",
                config.to_toml()
            );
        }
    }
}

/// A configuration whose prefix is the time of the frame and the time of the one before it.
fn timed(data_bits: usize, source: &str, input_skid: bool) -> Config {
    config(&format!(
        r#"
        bus.data_bits = {data_bits}
        history = {{ rows = 1, field = [{{ source = "timestamp" }}] }}
        prefix.section = [{{ kind = "timestamp", order = "big" }}, {{ kind = "rows" }}]
        spray = {{ cores = 1, steering = "tdest" }}
        timestamp = {{ {source} }}
        pipeline.input_skid = {input_skid}
        "#
    ))
}

#[test]
fn time_is_that_of_the_cycle_in_which_the_first_beat_is_accepted_at_the_port() {
    let Some(engines) = engines() else { return };
    let sources = [
        ("source = \"counter\", increment = 7", Some(7)),
        ("source = \"port\"", None),
    ];
    let cases = engines.cases([64, 512, 1024]).by(sources).by([false, true]);
    for ((data_bits, (source, increment)), input_skid) in cases {
        let config = timed(data_bits, source, input_skid);
        let mut driver = Driver::new(engines.sequencer(&config), &config);
        let mut random = Pcg64Mcg::seed_from_u64(3);
        let lengths = [1, 200, 64, 9, 700, 60].into_iter().cycle().take(60);
        for packet in frames_of(lengths, 1) {
            driver.send(&packet.data);
        }
        let mut times = vec![0];
        while driver.frames.len() < 60 {
            // The sink sleeps at times, so that first beats wait at the port.
            let port = random.next_u64();
            driver.set("timestamp", port);
            let is_offered = random.random_range(0..100) < 60;
            let after = driver.step(|_| is_offered, |now| now.cycle / 80 % 2 == 1);
            if after.took_first {
                times.push(increment.map_or(port, |increment| increment * after.cycle));
            }
            assert!(after.cycle < 100_000, "nothing comes out");
        }
        for (number, frame) in driver.frames.iter().enumerate() {
            let shown = [&frame[..8], &frame[8..16]];
            let expected = [times[number + 1], times[number]].map(u64::to_be_bytes);
            assert_eq!(shown, expected, "frame {number}\n{}", config.to_toml());
        }
    }
}
