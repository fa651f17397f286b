use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::control_registers::control_registers;
use seqnic_sim::model::{ControlRegisters, EncoderStatus};
use seqnic_spec::registers::map;

use super::bench::{Bench, chance, config, random};

/// Cycles from a write to `load`.
const LOAD_CYCLES: usize = 2;

/// A clock edge, with the inputs as they are.
fn edge(bench: &mut Bench) {
    bench.eval();
    bench.clock();
}

/// An address of any kind: mostly one that is there, or that would be with more cores.
fn address(random: &mut Pcg64Mcg, cores: usize) -> usize {
    let start = [
        0x000, 0x020, 0x030, 0x040, 0x044, 0x054, 0x080, 0x0a0, 0x400, 0x7f0, 0x800, 0xc00, 0x100,
    ][random.random_range(0..13)];
    match random.random_range(0..3) {
        0 => {
            [0x400, 0x800, 0xc00][random.random_range(0..3)]
                + 4 * random.random_range(0..=cores.min(255))
        }
        _ => start + 4 * random.random_range(0..8),
    }
}

/// A value that is often legal.
fn value(random: &mut Pcg64Mcg, cores: usize) -> u32 {
    match random.random_range(0..4) {
        0 => random.random_range(0..=cores as u32 + 1),
        1 => 1 << random.random_range(0..32),
        2 => random.random::<u32>() & (u32::MAX >> (32 - cores.min(32))),
        _ => random.random(),
    }
}

#[test]
fn reads_what_was_written_and_counted_and_refuses_the_rest() {
    let max_weights = [1, 3, 255, 2, 1, 5, 2, 4, 1, 12];
    let all_cores = [1, 2, 7, 16, 31, 32, 33, 64, 100, 256];
    for (cores, max_weight) in all_cores.into_iter().zip(max_weights) {
        let config = config(&format!(
            "history.row = \"none\"\nspray = {{ cores = {cores}, control = true, max_weight = {max_weight}, \
             heartbeat = {} }}\n{}",
            cores % 3 != 1,
            ["", "flowradar = {}"][cores % 2]
        ));
        let mut bench = Bench::new(control_registers("registers", &config));
        let mut model = ControlRegisters::new(&config);
        let mut random = random(cores as u64);
        let (mut refusals, mut zeros, mut swapped) = (0, 0, 0);
        for round in 0..6000 {
            let place = format!("{cores} cores, round {round}");
            let (offset, data) = (address(&mut random, cores), value(&mut random, cores));
            let (writes, whole) = (chance(&mut random, 30), chance(&mut random, 95));
            let clears = offset == map::RESET.offset_bytes && writes;
            // What is counted in the cycle of the reset is another test's.
            let mut event = |percent| !clears && chance(&mut random, percent);
            let (frame_in, frame_out, begins) = (event(50), event(40), event(50));
            let (heard, fails) = (event(50), event(3));
            let heard = heard && config.has_heartbeat();
            let fails = fails && config.has_heartbeat();
            let (heard_core, failing_core) =
                (random.random_range(0..cores), random.random_range(0..cores));
            let core = random.random_range(0..cores);
            bench.set("write", writes.into());
            bench.set("write_whole", whole.into());
            bench.set("write_word", offset as u64 / 4);
            bench.set("write_data", data.into());
            bench.set("frame_in", frame_in.into());
            bench.set("frame_out", frame_out.into());
            bench.set("frame_begins", begins.into());
            bench.set("core", core as u64);
            if config.has_heartbeat() {
                bench.set("heard", heard.into());
                bench.set("heard_core", heard_core as u64);
                bench.set("fails", fails.into());
                bench.set("failing_core", failing_core as u64);
            }
            if config.flowradar().is_some() {
                let status = EncoderStatus {
                    recording: random.random(),
                    overrun: random.random(),
                    epoch: random.random(),
                    missed: random.random(),
                };
                bench.set("flowradar_recording", status.recording.into());
                bench.set("flowradar_overrun", status.overrun.into());
                bench.set("flowradar_epoch", status.epoch.into());
                bench.set("flowradar_missed", status.missed.into());
                model.set_encoder(status);
            }
            edge(&mut bench);
            bench.set("write", 0);
            for port in ["frame_in", "frame_out", "frame_begins", "heard", "fails"] {
                if bench.has(port) {
                    bench.set(port, 0);
                }
            }
            if writes {
                model.write(offset, data, whole);
            }
            if frame_in {
                model.frame_in();
            }
            if frame_out {
                model.frame_out();
            }
            if begins {
                model.frame_begins(core);
            }
            if heard {
                model.returned(heard_core);
            }
            // A decision counts behind a write of the same cycle.
            if fails {
                model.fails(failing_core);
            }
            if config.flowradar().is_some() {
                bench.eval();
                let swaps = bench.get("flowradar_swap") == 1;
                assert_eq!(swaps, model.take_swap(), "{place}");
                swapped += usize::from(swaps);
            }
            if config.has_heartbeat() {
                bench.eval();
                let shown = ["most_frames", "most_cycles"].map(|port| bench.get(port) as u32);
                let limits = model.limits();
                assert_eq!(shown, [limits.frames, limits.cycles], "{place}");
            }
            for cycle in 1..=LOAD_CYCLES {
                bench.eval();
                if cycle < LOAD_CYCLES {
                    assert_eq!(bench.get("load"), 0, "{place}");
                }
                edge(&mut bench);
            }
            bench.eval();
            let enabled = bench.words("enabled");
            for core in 0..cores {
                let shown = enabled[core / 64] >> (core % 64) & 1 == 1;
                assert_eq!(shown, model.is_enabled(core), "{place}, core {core}");
            }
            if max_weight > 1 {
                let core = random.random_range(0..cores);
                bench.set("next_core", core as u64);
                bench.eval();
                let shown = bench.get("next_weight") as u32;
                assert_eq!(shown, model.weight(core), "{place}, core {core}");
            }
            if config.has_heartbeat() {
                let core = random.random_range(0..cores);
                bench.set("watched_core", core as u64);
                bench.eval();
                let packets = model.read(map::PACKETS.word_offset_bytes(core)) & 0xffff;
                assert_eq!(
                    bench.get("watched_packets") as u32,
                    packets,
                    "{place}, core {core}"
                );
            }
            // Some cycles later, with events in the cycle of the read itself.
            for offset in [offset, 0x30, address(&mut random, cores)] {
                let frame_in = chance(&mut random, 50);
                bench.set("read", 1);
                bench.set("read_word", offset as u64 / 4);
                bench.set("frame_in", frame_in.into());
                edge(&mut bench);
                bench.set("read", 0);
                bench.set("frame_in", 0);
                bench.eval();
                let expected = model.read(offset);
                if frame_in {
                    model.frame_in();
                }
                let shown = bench.get("read_data");
                assert_eq!(shown, u64::from(expected), "{place}, address {offset:#x}");
                zeros += usize::from(shown == 0);
                refusals += usize::from(offset == 0x30 && shown & 1 == 1);
            }
        }
        assert!(refusals > 100 && zeros < 15_000, "{cores} cores");
        assert_eq!(swapped > 5, config.flowradar().is_some(), "{swapped} swaps");
    }
}

#[test]
fn loads_the_masks_when_they_are_written_and_only_then() {
    let config = config("spray = { cores = 5, control = true, max_weight = 3, heartbeat = true }");
    for (offset, data, loads) in [
        (0x80, 0b10101, 1),
        (0xa0, 0b00010, 1),
        (0x34, 4, 1),
        (0x08, 1 << 4, 1),
        (0x08, 1, 0),
        (0x10, 3, 0),
        (0x80, 0b100000, 0),
        (0x34, 6, 0),
        (0x810, 3, 1),
        (0x810, 1, 1),
        (0x810, 4, 0),
        (0x810, 0, 0),
        (0x814, 1, 0),
        (0x410, 1, 0),
        (0x044, 1, 0),
    ] {
        let mut bench = Bench::new(control_registers("registers", &config));
        bench.set("write", 1);
        bench.set("write_whole", 1);
        bench.set("write_word", offset / 4);
        bench.set("write_data", data);
        assert_eq!(
            loads_after(&mut bench, "write"),
            [0, loads, 0, 0, 0, 0],
            "{offset:#x}"
        );
    }
    // So does a decision of the heartbeat.
    let mut bench = Bench::new(control_registers("registers", &config));
    bench.set("fails", 1);
    bench.set("failing_core", 3);
    assert_eq!(loads_after(&mut bench, "fails"), [0, 1, 0, 0, 0, 0]);
    assert_eq!(bench.get("enabled"), 0b10111);
}

/// The output `load` in the cycles behind that in which an input is 1.
fn loads_after(bench: &mut Bench, input: &str) -> [u64; 6] {
    let mut loads = [0; 6];
    for load in &mut loads {
        edge(bench);
        bench.set(input, 0);
        bench.eval();
        *load = bench.get("load");
    }
    loads
}
