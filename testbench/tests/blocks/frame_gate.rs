use std::collections::VecDeque;

use rand::RngExt;
use seqnic_hdl::blocks::frame_gate::{GateSpec, frame_gate};

use seqnic_hdl::rtl::MemoryStyle;

use super::bench::{Bench, chance, frames, random};

const SPEC: GateSpec = GateSpec {
    data_bits: 128,
    user_bits: 7,
    verdict_bits: 9,
    beats: 32,
    frames: 32,
    style: MemoryStyle::Distributed,
};

/// What a frame goes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Beside {
    user: u64,
    verdict: u64,
}

/// How fast all goes.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Percent of the cycles in which no beat is offered.
    idle: u32,
    /// Percent of the cycles in which none is taken.
    stall: u32,
    /// Beats of a frame before its verdict may be known.
    needs_beats: usize,
    /// Cycles from there to the verdict.
    latency: usize,
}

/// Sends frames through a gate and checks them; the cycles from the first beat that goes in to the last that comes out.
fn pass(spec: GateSpec, frames: &[Vec<u8>], pace: Pace) -> usize {
    let place = format!("{spec:?}, {pace:?}");
    let mut bench = Bench::new(frame_gate("gate", spec));
    let mut random = random(pace.latency as u64);
    let beside: Vec<Beside> = frames
        .iter()
        .map(|_| Beside {
            user: random.random_range(0..1 << spec.user_bits),
            verdict: random.random_range(0..1 << spec.verdict_bits),
        })
        .collect();
    let bus_bytes = spec.data_bits / 8;
    let mut beats = VecDeque::new();
    for (frame, bytes) in frames.iter().enumerate() {
        let chunks = bytes.chunks(bus_bytes);
        let last = chunks.len() - 1;
        beats.extend(
            chunks
                .enumerate()
                .map(|(index, chunk)| (frame, index, chunk, index == last)),
        );
    }
    // When each verdict comes.
    let mut verdicts = VecDeque::new();
    let (mut out, mut frame_out, mut first) = (Vec::new(), Vec::new(), true);
    let (mut offered, mut cycle) = (false, 0);
    while out.len() < frames.len() {
        assert!(cycle < 100_000, "{place}: {} frames came out", out.len());
        offered = offered || !chance(&mut random, pace.idle);
        let beat = beats.front().filter(|_| offered);
        bench.set("s_axis_tvalid", beat.is_some().into());
        if let Some(&(frame, index, bytes, last)) = beat {
            bench.set_bytes("s_axis_tdata", bytes);
            let keep = if bytes.len() == 64 {
                u64::MAX
            } else {
                (1 << bytes.len()) - 1
            };
            bench.set("s_axis_tkeep", keep);
            bench.set("s_axis_tlast", last.into());
            let user = beside[frame].user;
            bench.set("s_axis_tuser", if index == 0 { user } else { !user });
        }
        let due = verdicts.front().filter(|&&(_, at)| at <= cycle);
        bench.set("verdict_valid", due.is_some().into());
        bench.set(
            "verdict",
            due.map_or(0x1ff, |&(frame, _)| beside[frame as usize].verdict),
        );
        if due.is_some() {
            verdicts.pop_front();
        }
        let ready = !chance(&mut random, pace.stall);
        bench.set("m_axis_tready", ready.into());
        bench.eval();
        if ready && bench.get("m_axis_tvalid") == 1 {
            let kept = bench.get("m_axis_tkeep").count_ones() as usize;
            frame_out.extend(bench.bytes("m_axis_tdata", kept));
            let number = out.len();
            let shown = Beside {
                user: bench.get("m_axis_tuser"),
                verdict: bench.get("m_axis_verdict"),
            };
            assert_eq!(shown, beside[number], "{place}: frame {number}");
            assert_eq!(
                bench.get("first_beat"),
                u64::from(first),
                "{place}: frame {number}"
            );
            first = bench.get("m_axis_tlast") == 1;
            if first {
                out.push(std::mem::take(&mut frame_out));
            }
        }
        if offered && bench.get("s_axis_tready") == 1 {
            let decides = |&(_, index, _, last): &(usize, usize, &[u8], bool)| {
                index + 1 == pace.needs_beats || (last && index + 1 < pace.needs_beats)
            };
            let decided = beats.pop_front().filter(decides);
            verdicts.extend(decided.map(|(frame, ..)| (frame as u64, cycle + pace.latency)));
            offered = false;
        }
        bench.clock();
        cycle += 1;
    }
    assert_eq!(out, frames, "{place}");
    cycle
}

#[test]
fn frames_pass_unchanged_each_with_its_verdict() {
    let frames = frames(100, 21);
    for data_bits in [64, 128, 512] {
        for (idle, stall) in [(0, 0), (0, 60), (60, 0), (30, 30)] {
            for (needs_beats, latency) in [(1, 1), (1, 6), (8, 4), (16, 9)] {
                // As many frames as beats; few frames, whose beats are in block RAM.
                let block = needs_beats == 8;
                let spec = GateSpec {
                    data_bits,
                    frames: if block { 4 } else { 32 },
                    style: if block {
                        MemoryStyle::Block
                    } else {
                        MemoryStyle::Distributed
                    },
                    ..SPEC
                };
                pass(
                    spec,
                    &frames,
                    Pace {
                        idle,
                        stall,
                        needs_beats,
                        latency,
                    },
                );
            }
        }
    }
}

#[test]
fn no_cycle_is_lost_while_verdicts_come_in_time() {
    // Frames of one beat; frames that are longer than what the verdict needs; both in turn.
    for lengths in [vec![16], vec![160], vec![16, 300]] {
        let frames: Vec<Vec<u8>> = (0..200)
            .map(|index| vec![index as u8; lengths[index % lengths.len()]])
            .collect();
        let beats: usize = frames.iter().map(|frame| frame.len().div_ceil(16)).sum();
        let pace = Pace {
            idle: 0,
            stall: 0,
            needs_beats: 8,
            latency: 8,
        };
        let cycles = pass(SPEC, &frames, pace);
        // To the verdict of a frame, and through the gate.
        let start = lengths
            .iter()
            .max()
            .map_or(0, |most| most.div_ceil(16).min(8))
            + 8
            + 3;
        assert!(
            cycles <= beats + start,
            "{lengths:?}: {cycles} cycles for {beats} beats"
        );
    }
}
