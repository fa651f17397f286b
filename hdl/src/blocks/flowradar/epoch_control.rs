//! Which bank packets belong to, and what happens to the other one.

use std::sync::Arc;

use seqnic_spec::flowradar::FlowRadar;

use crate::blocks::bits_for;
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, zeros};

const DOC: &str = "\
Epoch control: swaps the banks of an encoder, and has the quiet one exported and cleared.

    timer, load, swap ---> [ asked ] --- is the other bank clean? ---> bank, epoch
                                                                        v
    clean <--- [ sweep: clear ] <--- [ export ] <--- [ drain: packets that are still in the pipeline ]

After reset both banks are swept. What passes before they are clean is not recorded: it is counted in `missed`.
A swap that is asked for while the other bank is not clean waits: the flag `overrun` is set and stays, and the swap is
counted. What asks for a swap while one waits asks for the same one. Packets go on into the bank that they are in.
Latency: a swap counts for the packet of the next cycle. Throughput: a packet a cycle. Backpressure: none.
Reset: epoch 0 begins when both banks are clean.
Storage: some 400 flip-flops.
Source: docs/packet-format.md, \"Export\"; FlowRadar, section 3.";

/// Cycles in which the packets that are in the pipeline reach their bank.
pub const DRAIN_CYCLES: usize = 32;

/// What all fragments of an epoch say: outputs of the block, with their widths.
pub const QUIET: [(&str, usize); 6] = [
    ("quiet_epoch", 32),
    ("quiet_packets", 32),
    ("quiet_flows", 32),
    ("quiet_overruns", 32),
    ("quiet_saturated", 1),
    ("quiet_overrun", 1),
];

/// The epochs of an encoder. Inputs `enters`: a packet takes the bank; `new_flow`, `new_flow_bank` and `saturates`,
/// `saturated_bank`, one bit a sub-table each: what packets did; `swap`, whose rising edge asks for a swap; `swap_now`, which
/// asks for one in each cycle that it is 1; `export_done`. Outputs `bank`, `recording`, `epoch`, `missed`, `overrun`, `serve`
/// and `clear` (a bit a bank), `sweeping`, `sweep_address`, `export_start`, and [`QUIET`].
pub fn epoch_control(name: &str, config: &FlowRadar) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let geometry = config.geometry();
    let enters = m.input("enters", 1);
    let (new_flow, new_flow_bank) = (m.input("new_flow", 1), m.input("new_flow_bank", 1));
    let saturates = m.input("saturates", geometry.tables);
    let saturated_bank = m.input("saturated_bank", geometry.tables);
    let asked = m.input("swap", 1);
    let asked_now = m.input("swap_now", 1);
    let export_done = m.input("export_done", 1);

    // Once around: swap, drain, export, sweep, clean.
    let initial = m.register("first_sweep", 1, Reset::To(1));
    let sweeping = m.register("sweeping_now", 1, Reset::To(1));
    let draining = m.register("draining", 1, Reset::To(0));
    let exporting = m.register("exporting", 1, Reset::To(0));
    let words = geometry.longest_memory_words();
    let sweep = m.counter("sweep", words, &sweeping);
    let swept = m.wire("swept", &sweeping & sweep.is(words as u64 - 1));
    let drained_cycles = m.counter("drained_cycles", DRAIN_CYCLES, &draining);
    let drained = m.wire("drained", &draining & drained_cycles.all());
    let swaps = m.forward("swaps", 1);
    m.next(&initial, &initial & !&swept);
    m.next(&sweeping, &export_done | (&sweeping & !&swept));
    m.next(&draining, &swaps | (&draining & !&drained));
    m.next(&exporting, &drained | (&exporting & !&export_done));
    let recording = m.wire("recording_now", !&initial);
    let is_clean = m.wire("is_clean", !(&sweeping | &draining | &exporting));

    let bank = m.register("bank_now", 1, Reset::To(0));
    m.next(&bank, &bank ^ &swaps);
    let of_bank = |number: usize, bank: &Expr| match number {
        0 => !bank,
        _ => bank.clone(),
    };
    // Flows are new behind the packets: each bank has a count of its own.
    let flows = [0, 1].map(|number| {
        let flows = m.register(&format!("flows_{number}"), 32, Reset::To(0));
        let here = m.wire(
            &format!("grows_{number}"),
            &new_flow & of_bank(number, &new_flow_bank),
        );
        let cleared = m.wire(
            &format!("cleared_{number}"),
            &sweeping & (&initial | !of_bank(number, &bank)),
        );
        m.next_when(&flows, &here | &cleared, flows.plus(1).gated_by(&!cleared));
        flows
    });
    let saturated = [0, 1].map(|number| {
        let here = match number {
            0 => &saturates & !&saturated_bank,
            _ => &saturates & &saturated_bank,
        };
        let here = m.wire(&format!("saturates_{number}"), here.any());
        let cleared = &sweeping & (&initial | !of_bank(number, &bank));
        m.flag(&format!("saturated_{number}"), here, cleared)
    });

    // Who asks for a swap.
    let mut requests = Vec::new();
    let asked_before = m.delayed("asked_before", Reset::To(0), &asked);
    requests.push((&asked & !asked_before) | asked_now);
    if let Some(cycles) = config.epoch_cycles() {
        let bits = (u64::BITS - (cycles - 1).leading_zeros()).max(1) as usize;
        let timer = m.register("timer", bits, Reset::To(0));
        let is_over = m.register("timer_is_over", 1, Reset::To(0));
        let runs = m.wire("timer_runs", &recording & !&is_over);
        let ends = m.wire("timer_ends", &runs & timer.is(cycles - 1));
        m.next_when(&timer, &runs | &swaps, timer.plus(1).gated_by(&!&swaps));
        m.next(&is_over, (&is_over | &ends) & !&swaps);
        requests.push(ends);
    }
    if let Some(load) = config.load_flows() {
        let now = m.wire("flows_now", bank.mux(&flows[1], &flows[0]));
        let is_here = !(&new_flow_bank ^ &bank);
        let reaches = &new_flow & is_here & now.is(load as u64 - 1) & !&swaps;
        requests.push(m.delayed("load_reached", Reset::To(0), reaches));
    }
    let request = m.wire("request", concat(requests).any() & &recording);
    let waits = m.flag("waits", &request & !&is_clean, &swaps);
    m.drive(&swaps, &is_clean & (&request | &waits) & &recording);
    let overruns = m.wire("overruns_now", &request & !&is_clean & !&waits);
    let overrun = m.flag("overrun_now", &overruns, zeros(1));
    let counter = |m: &mut Module, name: &str, enable: &Expr| {
        let count = m.register(name, 32, Reset::To(0));
        m.next_when(&count, enable, count.plus(1));
        count
    };
    let overrun_count = counter(&mut m, "overrun_count", &overruns);
    let missed = counter(&mut m, "missed_count", &(&enters & !&recording));
    let epoch = counter(&mut m, "epoch_now", &swaps);

    let packets = m.register("packets", 32, Reset::To(0));
    let counted = m.wire("counted", &enters & &recording);
    let packets_with = m.wire("packets_with", &packets + counted.zero_extend(32));
    m.next(&packets, packets_with.gated_by(&!&swaps));

    // Of the bank that is quiet, what was known at the swap, and what its last packets did.
    let quiet = [
        m.captured("epoch_before", &swaps, &epoch),
        m.captured("packets_before", &swaps, &packets_with),
        bank.mux(&flows[0], &flows[1]),
        m.captured("overruns_before", &swaps, &overrun_count),
        bank.mux(&saturated[0], &saturated[1]),
        m.captured("overrun_before", &swaps, &overrun),
    ];
    for ((name, bits), value) in QUIET.into_iter().zip(quiet) {
        m.output_of(name, value.resize(bits));
    }
    let quiet_bits = concat([bank.clone(), !&bank]);
    let both = initial.repeat(2);
    let serve = (&quiet_bits | &both).gated_by(&(!&is_clean & !&draining));
    m.output_of("serve", serve);
    m.output_of("clear", (quiet_bits | both).gated_by(&sweeping));
    m.output_of("sweeping", &sweeping);
    m.output_of("sweep_address", sweep.resize(bits_for(words - 1)));
    m.output_of("export_start", drained);
    m.output_of("bank", bank);
    m.output_of("recording", recording);
    m.output_of("epoch", epoch);
    m.output_of("missed", missed);
    m.output_of("overrun", overrun);
    m.build()
}
