//! A design that is driven by hand, cycle by cycle, through its ports.

use std::collections::VecDeque;

use seqnic_hdl::rtl::ClockDomain;
use seqnic_spec::Config;
use seqnic_testbench::Engine;

/// The input ports of a sequencer; some of them are not always there.
pub const INPUTS: [&str; 21] = [
    "s_axis_tdata",
    "s_axis_tkeep",
    "s_axis_tuser",
    "s_axis_tdest",
    "s_axis_tvalid",
    "s_axis_tlast",
    "m_axis_tready",
    "timestamp",
    "s_axi_awaddr",
    "s_axi_awvalid",
    "s_axi_wdata",
    "s_axi_wstrb",
    "s_axi_wvalid",
    "s_axi_bready",
    "s_axi_araddr",
    "s_axi_arvalid",
    "s_axi_rready",
    "returned",
    "returned_core",
    "flowradar_swap",
    "m_axis_report_tready",
];

/// A design, the beats that wait in front of it and the frames that came out.
pub struct Driver<E> {
    engine: E,
    bus_bytes: usize,
    waiting: VecDeque<Vec<u8>>,
    /// Bytes of the first waiting frame that have been accepted.
    accepted_bytes: usize,
    is_offered: bool,
    cycle: u64,
    out: Vec<u8>,
    /// The frames that came out whole.
    pub frames: Vec<Vec<u8>>,
    report: Vec<u8>,
    /// Those that came out on the stream of reports, if there is one, while `m_axis_report_tready` was set.
    pub reports: Vec<Vec<u8>>,
}

/// What both sides can see before they decide on a cycle.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// Cycles since reset.
    pub cycle: u64,
    /// `m_axis_tvalid`, while `m_axis_tready` is 0.
    pub valid: bool,
    /// `s_axis_tready`, while `m_axis_tready` is 0.
    pub ready: bool,
}

/// What a cycle did.
#[derive(Clone, Copy, Debug)]
pub struct After {
    /// Cycles since reset.
    pub cycle: u64,
    /// Whether the first beat of a frame was accepted.
    pub took_first: bool,
    /// Whether any beat was accepted.
    pub took: bool,
    /// Whether the first beat of a frame came out.
    pub gave_first: bool,
    /// Whether any beat came out.
    pub gave: bool,
}

impl<E: Engine> Driver<E> {
    /// A design after reset.
    pub fn new(mut engine: E, config: &Config) -> Self {
        for name in INPUTS {
            if let Some(port) = engine.port(name) {
                engine.set(port, &[]);
            }
        }
        engine.reset();
        Self::running(engine, config)
    }

    /// A design whose reset has just been released.
    pub fn running(engine: E, config: &Config) -> Self {
        Self {
            engine,
            bus_bytes: config.bus_bytes(),
            waiting: VecDeque::new(),
            accepted_bytes: 0,
            is_offered: false,
            cycle: 0,
            out: Vec::new(),
            frames: Vec::new(),
            report: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// Lets a frame wait for the input.
    pub fn send(&mut self, frame: &[u8]) {
        self.waiting.push_back(frame.to_vec());
    }

    /// Whether a beat waits for the input.
    pub fn has_beats(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The frames of which a beat waits for the input.
    pub fn waiting_frames(&self) -> usize {
        self.waiting.len()
    }

    /// Whether the next beat is not the first of its frame.
    pub fn is_in_frame(&self) -> bool {
        self.accepted_bytes > 0
    }

    /// One cycle: the next beat is offered if there is one and `offer` says so, and stays until it is accepted;
    /// `ready` is asked when the output is known.
    pub fn step(
        &mut self,
        offer: impl FnOnce(Before) -> bool,
        ready: impl FnOnce(Before) -> bool,
    ) -> After {
        self.set("m_axis_tready", 0);
        self.engine.eval();
        let before = Before {
            cycle: self.cycle,
            valid: self.bit("m_axis_tvalid"),
            ready: self.bit("s_axis_tready"),
        };
        self.is_offered = self.is_offered || (self.has_beats() && offer(before));
        self.drive();
        let ready = ready(before);
        self.set("m_axis_tready", ready.into());
        self.engine.eval();
        assert_eq!(
            self.bit("m_axis_tvalid"),
            before.valid,
            "tvalid depends on an input"
        );
        let mut after = After {
            cycle: self.cycle,
            took_first: false,
            took: self.is_offered && self.bit("s_axis_tready"),
            gave_first: false,
            gave: before.valid && ready,
        };
        if after.took {
            after.took_first = !self.is_in_frame();
            self.accept();
        }
        if after.gave {
            after.gave_first = self.out.is_empty();
            let bytes = self.beat("m_axis");
            self.out.extend(bytes);
            if self.bit("m_axis_tlast") {
                self.frames.push(std::mem::take(&mut self.out));
            }
        }
        self.collect_report();
        self.engine.clock();
        self.cycle += 1;
        after
    }

    /// The cycles that are over.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// The clocks that rise from here on.
    pub fn select(&mut self, domains: &[ClockDomain]) {
        self.engine.select(domains);
    }

    /// Asserts or releases the reset of a clock.
    pub fn hold_reset(&mut self, domain: ClockDomain, asserted: bool) {
        self.engine.select(&[domain]);
        self.engine.hold_reset(asserted);
    }

    /// An edge that is none of the datapath.
    pub fn clock(&mut self) {
        self.engine.eval();
        self.engine.clock();
    }

    /// Gives the design back, whatever is still inside it.
    pub fn into_engine(self) -> E {
        self.engine
    }

    /// Runs cycles in which both sides are ready.
    pub fn run(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.step(|_| true, |_| true);
        }
    }

    /// Drives an input, if it is there.
    pub fn set(&mut self, name: &str, word: u64) {
        if let Some(port) = self.engine.port(name) {
            let words = self.engine.width(port).div_ceil(64);
            self.engine.set(port, &vec![word; words]);
        }
    }

    /// The low word of an output, with the inputs as they are.
    pub fn settled(&mut self, name: &str) -> u64 {
        self.engine.eval();
        self.get(name)[0]
    }

    /// The value of `s_axis_tready` with an input as it is, and with each word of it changed to each of `words`.
    ///
    /// The input is left as it was.
    pub fn ready_with(&mut self, name: &str, words: &[u64]) -> Vec<bool> {
        let Some(port) = self.engine.port(name) else {
            return Vec::new();
        };
        let value = self.engine.get(port).to_vec();
        let mut seen = Vec::new();
        for &word in words {
            self.set(name, word);
            self.engine.eval();
            seen.push(self.bit("s_axis_tready"));
        }
        self.engine.set(port, &value);
        self.engine.eval();
        seen.push(self.bit("s_axis_tready"));
        seen
    }

    fn drive(&mut self) {
        let offered = self.waiting.front().filter(|_| self.is_offered);
        let rest = offered.map_or(&[][..], |frame| &frame[self.accepted_bytes..]);
        let beat = &rest[..rest.len().min(self.bus_bytes)];
        let is_last = beat.len() == rest.len();
        let mut data = vec![u64::MAX; self.bus_bytes / 8];
        let mut keep = vec![0; self.bus_bytes.div_ceil(64)];
        for (index, &byte) in beat.iter().enumerate() {
            let shift = index % 8 * 8;
            data[index / 8] &= !(0xff << shift);
            data[index / 8] |= u64::from(byte) << shift;
            keep[index / 64] |= 1 << (index % 64);
        }
        let values = [("s_axis_tdata", &data), ("s_axis_tkeep", &keep)];
        for (name, words) in values {
            let port = self.engine.port(name).expect("the stream is there");
            self.engine.set(port, words);
        }
        self.set("s_axis_tlast", is_last.into());
        self.set("s_axis_tvalid", self.is_offered.into());
    }

    fn accept(&mut self) {
        self.is_offered = false;
        self.accepted_bytes += self.bus_bytes;
        if self.waiting[0].len() <= self.accepted_bytes {
            self.waiting.pop_front();
            self.accepted_bytes = 0;
        }
    }

    fn collect_report(&mut self) {
        let sends = ["m_axis_report_tvalid", "m_axis_report_tready"];
        let sends = sends.map(|port| self.engine.port(port));
        if !sends
            .into_iter()
            .all(|port| port.is_some_and(|port| self.engine.get(port) == [1]))
        {
            return;
        }
        let bytes = self.beat("m_axis_report");
        self.report.extend(bytes);
        if self.bit("m_axis_report_tlast") {
            self.reports.push(std::mem::take(&mut self.report));
        }
    }

    /// The bytes of the beat at an output.
    fn beat(&self, stream: &str) -> Vec<u8> {
        let keep = self.get(&format!("{stream}_tkeep")).iter();
        let kept: u32 = keep.map(|word| word.count_ones()).sum();
        let data = self.get(&format!("{stream}_tdata"));
        let bytes = data.iter().flat_map(|word| word.to_le_bytes());
        bytes.take(kept as usize).collect()
    }

    fn get(&self, name: &str) -> &[u64] {
        let port = self.engine.port(name).expect("the stream is there");
        self.engine.get(port)
    }

    fn bit(&self, name: &str) -> bool {
        self.get(name)[0] == 1
    }
}
