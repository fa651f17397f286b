use std::collections::VecDeque;

use rand::RngExt;
use seqnic_hdl::blocks::heartbeat::heartbeat;
use seqnic_sim::model::{Heartbeat, HeartbeatLimits};

use super::bench::{Bench, chance, random};

/// Cycles from a return to the first look that knows of it.
const HEARD_CYCLES: u64 = 2;

/// Cycles from a look to the comparison with the limits.
const COMPARED_CYCLES: usize = 2;

/// Cycles from a look to `fails`.
const FAILS_CYCLES: u64 = 3;

/// Which ones are given, as words.
fn mask(cores: &[bool]) -> Vec<u64> {
    let mut words = vec![0; cores.len().div_ceil(64)];
    for (core, _) in cores.iter().enumerate().filter(|(_, on)| **on) {
        words[core / 64] |= 1 << (core % 64);
    }
    words
}

/// The core of what is due in this cycle.
fn due(queue: &mut VecDeque<(u64, usize)>, cycle: u64) -> Option<usize> {
    let is_due = queue.front().is_some_and(|&(at, _)| at == cycle);
    if is_due {
        queue.pop_front().map(|(_, core)| core)
    } else {
        None
    }
}

#[test]
fn finds_the_cores_that_return_nothing_in_the_cycle_that_the_model_says() {
    for (cores, seed) in [1, 2, 3, 5, 8, 9, 16, 17, 64, 100, 256]
        .into_iter()
        .zip(0..)
    {
        let mut random = random(seed);
        let mut bench = Bench::new(heartbeat("heartbeat", cores));
        let mut model = Heartbeat::new(cores);
        let mut packets = vec![0_u64; cores];
        let mut takes_part = vec![true; cores];
        let mut alive: Vec<bool> = (0..cores).map(|_| chance(&mut random, 60)).collect();
        // What the limits are in this cycle and in those that follow.
        let mut limits = VecDeque::from([HeartbeatLimits::default(); COMPARED_CYCLES]);
        // What is to come: returns that no look knows of yet, and decisions.
        let (mut heard, mut decided) = (VecDeque::new(), VecDeque::new());
        let mut failures = 0;
        // The core that a frame returned from in the cycle before.
        let mut before = None;
        for cycle in 0..20_000_u64 {
            let place = format!("{cores} cores, cycle {cycle}");
            let mut latest = limits[COMPARED_CYCLES - 1];
            if chance(&mut random, 1) {
                let mut limit = |most| match chance(&mut random, 50) {
                    true => 0,
                    false => random.random_range(1..=most),
                };
                latest = HeartbeatLimits {
                    frames: limit(40),
                    cycles: limit(40 * cores as u32),
                };
                alive[random.random_range(0..cores)] = chance(&mut random, 60);
                takes_part[random.random_range(0..cores)] = chance(&mut random, 80);
            }
            limits.push_back(latest);
            let mut event = |percent| {
                let core = random.random_range(0..cores);
                chance(&mut random, percent).then_some(core)
            };
            let sent = event(50);
            let returned = event(50).filter(|&core| alive[core]);
            let restarts = random.random_range(0..3000) == 0;

            bench.set("returned", returned.is_some().into());
            bench.set("returned_core", returned.unwrap_or(0) as u64);
            bench.set_words("takes_part", &mask(&takes_part));
            bench.set("restart", restarts.into());
            bench.set("most_frames", limits[0].frames.into());
            bench.set("most_cycles", limits[0].cycles.into());
            bench.eval();
            let watched = bench.get("watched_core") as usize;
            // Of a core that is not there anything may be said.
            let known = packets.get(watched).copied().unwrap_or(cycle);
            bench.set("watched_packets", known & 0xffff);
            bench.eval();

            let told = (bench.get("heard") == 1).then(|| bench.get("heard_core") as usize);
            assert_eq!(told, before, "{place}");
            before = returned;

            // At most one returns in each cycle.
            if let Some(core) = due(&mut heard, cycle) {
                model.starts_anew(core);
            }
            if let Some(core) = model.core_at(cycle) {
                assert_eq!(watched, core, "{place}");
                if model.look(core, limits[COMPARED_CYCLES]) {
                    decided.push_back((cycle + FAILS_CYCLES, core));
                }
            }
            let shown = match bench.get("fails") {
                1 => Some(bench.get("failing_core") as usize),
                _ => None,
            };
            assert_eq!(shown, due(&mut decided, cycle), "{place}");
            failures += usize::from(shown.is_some());
            for core in (0..cores).filter(|&core| !takes_part[core] || restarts) {
                model.starts_anew(core);
            }
            if let Some(core) = sent {
                model.frame_begins(core);
                packets[core] += 1;
            }
            heard.extend(returned.map(|core| (cycle + HEARD_CYCLES, core)));
            limits.pop_front();
            bench.clock();
        }
        assert!(failures > 10, "{cores} cores: {failures}");
    }
}

#[test]
fn a_count_that_was_left_alone_for_long_is_still_above_every_limit() {
    let mut bench = Bench::new(heartbeat("heartbeat", 2));
    bench.set_words("takes_part", &[0b11]);
    bench.set("most_frames", 0);
    // Core 0 is sent a frame in each cycle, at last more than are counted, and the limit comes late.
    let mut decisions = Vec::new();
    for cycle in 0..65_558_u64 {
        bench.set("most_frames", if cycle < 65_540 { 0 } else { 0x7fff });
        bench.eval();
        let packets = [cycle & 0xffff, 0][bench.get("watched_core") as usize];
        bench.set("watched_packets", packets);
        bench.eval();
        decisions.extend((bench.get("fails") == 1).then(|| bench.get("failing_core")));
        bench.clock();
    }
    assert_eq!(decisions, [0, 0]);
}
