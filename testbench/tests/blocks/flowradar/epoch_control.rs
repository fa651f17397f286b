use seqnic_hdl::blocks::flowradar::epoch_control::{DRAIN_CYCLES, epoch_control};

use super::encoder;
use crate::bench::Bench;

/// The words of the longest memory of an encoder of 8 flows.
const WORDS: u64 = 8;

struct Control {
    bench: Bench,
    cycle: u64,
}

impl Control {
    fn new(keys: &str) -> Self {
        let encoder = encoder(&format!("flows = 8\n{keys}"));
        assert_eq!(encoder.geometry().longest_memory_words() as u64, WORDS);
        let bench = Bench::new(epoch_control("epoch_control", &encoder));
        let mut control = Self { bench, cycle: 0 };
        control.bench.eval();
        control
    }

    /// With both banks clean.
    fn recording(keys: &str) -> Self {
        let mut control = Self::new(keys);
        control.wait("recording", WORDS);
        control
    }

    fn step(&mut self) {
        self.bench.clock();
        self.bench.eval();
        self.cycle += 1;
    }

    /// One cycle with these inputs at 1.
    fn pulse(&mut self, inputs: &[&str]) {
        inputs.iter().for_each(|input| self.bench.set(input, 1));
        self.bench.eval();
        self.step();
        inputs.iter().for_each(|input| self.bench.set(input, 0));
        self.bench.eval();
    }

    /// Steps until an output is 1, which must take so many cycles.
    fn wait(&mut self, output: &str, cycles: u64) {
        for waited in 0..cycles {
            assert_eq!(
                self.get(output),
                0,
                "{output} after {waited} of {cycles} cycles"
            );
            self.step();
        }
        assert_eq!(self.get(output), 1, "{output} after {cycles} cycles");
    }

    fn get(&self, output: &str) -> u64 {
        self.bench.get(output)
    }
}

#[test]
fn after_reset_both_banks_are_cleared_and_packets_are_counted_as_missed() {
    let mut control = Control::new("");
    for word in 0..WORDS {
        assert_eq!((control.get("recording"), control.get("clear")), (0, 0b11));
        assert_eq!(control.get("sweep_address"), word);
        control.pulse(&["enters"]);
    }
    assert_eq!((control.get("recording"), control.get("clear")), (1, 0));
    assert_eq!(control.get("missed"), WORDS);
    control.pulse(&["enters"]);
    assert_eq!(control.get("missed"), WORDS);
}

#[test]
fn a_swap_counts_for_the_next_packet_and_the_other_bank_is_drained_exported_and_cleared() {
    let mut control = Control::recording("load_flows = 0\nepoch_cycles = 0");
    for _ in 0..3 {
        control.pulse(&["enters"]);
    }
    // The packet of the cycle in which the swap is asked for belongs to the old bank.
    assert_eq!(control.get("bank"), 0);
    control.pulse(&["enters", "swap"]);
    assert_eq!(control.get("bank"), 1);
    // A flow of the old bank that was still on its way, and one of the new bank.
    control.pulse(&["new_flow"]);
    control.pulse(&["new_flow", "new_flow_bank"]);
    control.wait("export_start", DRAIN_CYCLES as u64 - 3);
    assert_eq!(control.get("serve"), 0);
    control.step();
    assert_eq!((control.get("serve"), control.get("clear")), (0b01, 0));
    let quiet = [
        "epoch",
        "packets",
        "flows",
        "overruns",
        "saturated",
        "overrun",
    ];
    let quiet = quiet.map(|name| control.get(&format!("quiet_{name}")));
    assert_eq!(quiet, [0, 4, 1, 0, 0, 0]);
    for _ in 0..50 {
        assert_eq!(control.get("clear"), 0, "the export is not done");
        control.step();
    }
    control.pulse(&["export_done"]);
    for word in 0..WORDS {
        assert_eq!(
            (control.get("clear"), control.get("sweep_address")),
            (0b01, word)
        );
        control.step();
    }
    assert_eq!((control.get("clear"), control.get("overrun")), (0, 0));
    // Now the other one may follow, with its own flow.
    control.pulse(&["swap"]);
    control.wait("export_start", DRAIN_CYCLES as u64 - 1);
    control.step();
    assert_eq!(control.get("serve"), 0b10);
    assert_eq!(
        (control.get("quiet_epoch"), control.get("quiet_flows")),
        (1, 1)
    );
}

#[test]
fn a_swap_waits_for_the_other_bank_and_is_counted_once() {
    let mut control = Control::recording("load_flows = 0\nepoch_cycles = 0");
    control.pulse(&["swap"]);
    control.wait("export_start", DRAIN_CYCLES as u64 - 1);
    control.step();
    for _ in 0..5 {
        control.pulse(&["swap"]);
        control.step();
        assert_eq!((control.get("bank"), control.get("overrun")), (1, 1));
    }
    control.pulse(&["export_done"]);
    for _ in 0..WORDS {
        assert_eq!(control.get("bank"), 1, "the other bank is not clean");
        control.step();
    }
    control.step();
    assert_eq!(control.get("bank"), 0, "it waited for this");
    control.wait("export_start", DRAIN_CYCLES as u64 - 1);
    let said = (control.get("quiet_overruns"), control.get("quiet_overrun"));
    assert_eq!((said, control.get("quiet_epoch")), ((1, 1), 1));
}

#[test]
fn a_timer_and_a_load_ask_for_swaps() {
    let mut control = Control::recording("load_flows = 0\nepoch_cycles = 100");
    control.wait("bank", 100);
    let mut control = Control::recording("load_flows = 3\nepoch_cycles = 0");
    for _ in 0..2 {
        control.pulse(&["new_flow"]);
    }
    // A flow of the other bank does not count.
    control.pulse(&["new_flow", "new_flow_bank"]);
    assert_eq!(control.get("bank"), 0);
    control.pulse(&["new_flow"]);
    control.wait("bank", 1);
    // Nor does one more of the old bank for the new one.
    control.pulse(&["new_flow"]);
    for _ in 0..60 {
        assert_eq!(control.get("bank"), 1);
        control.step();
    }
}

#[test]
fn an_input_that_stays_high_asks_once() {
    let mut control = Control::recording("load_flows = 0\nepoch_cycles = 0");
    control.bench.set("swap", 1);
    control.bench.eval();
    for cycle in 0..200 {
        control.step();
        assert_eq!(
            (control.get("bank"), control.get("overrun")),
            (1, 0),
            "cycle {cycle}"
        );
        if control.get("serve") != 0 {
            control.pulse(&["export_done"]);
        }
    }
}

#[test]
fn a_register_ends_an_epoch_also_while_the_port_stays_high() {
    let mut control = Control::recording("load_flows = 0\nepoch_cycles = 0");
    control.pulse(&["swap_now"]);
    assert_eq!((control.get("bank"), control.get("epoch")), (1, 1));
    control.bench.set("swap", 1);
    control.bench.eval();
    // The port asks once, while the other bank is being sent; the register does when it has been cleared again.
    control.wait("export_start", DRAIN_CYCLES as u64 - 1);
    control.step();
    control.pulse(&["export_done"]);
    (0..=WORDS).for_each(|_| control.step());
    assert_eq!((control.get("bank"), control.get("epoch")), (0, 2));
    control.wait("export_start", DRAIN_CYCLES as u64 - 1);
    control.step();
    control.pulse(&["export_done"]);
    (0..WORDS).for_each(|_| control.step());
    assert_eq!(control.get("bank"), 0);
    control.pulse(&["swap_now"]);
    assert_eq!((control.get("bank"), control.get("epoch")), (1, 3));
}

#[test]
fn saturation_is_told_of_the_bank_that_it_happened_in_until_that_is_cleared() {
    let mut control = Control::recording("load_flows = 0\nepoch_cycles = 0");
    control.bench.set("saturates", 0b010);
    control.bench.eval();
    control.step();
    control.bench.set("saturates", 0);
    control.bench.eval();
    for expected in [1, 0, 0] {
        control.pulse(&["swap"]);
        control.wait("export_start", DRAIN_CYCLES as u64 - 1);
        control.step();
        assert_eq!(control.get("quiet_saturated"), expected);
        control.pulse(&["export_done"]);
        (0..WORDS).for_each(|_| control.step());
    }
}
