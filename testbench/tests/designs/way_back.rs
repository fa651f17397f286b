//! The stripper behind cores that give frames back.

use std::collections::VecDeque;

use seqnic_sim::model::{Sideband, Stripper};
use seqnic_spec::{Config, SectionKind, Steering};
use seqnic_testbench::Engine;

use super::Engines;
use super::driver::Driver;

/// A stripper beside its model.
pub struct WayBack<E> {
    driver: Driver<E>,
    pub model: Stripper,
    /// The frames that it has not accepted whole.
    waiting: VecDeque<(Vec<u8>, Sideband)>,
    /// The beat of a frame that says which core it returns from, and the number of the next one.
    telling_beat: usize,
    beat: usize,
    /// The core that the stripper tells of in the next cycle.
    due: Option<usize>,
    expected: Vec<Vec<u8>>,
}

impl<E: Engine> WayBack<E> {
    pub fn new(engines: &impl Engines<Engine = E>, config: &Config) -> Self {
        Self {
            driver: Driver::new(engines.stripper(config), config),
            model: Stripper::new(config),
            waiting: VecDeque::new(),
            telling_beat: telling_byte(config) / config.bus_bytes(),
            beat: 0,
            due: None,
            expected: Vec::new(),
        }
    }

    /// Lets a frame wait for the input.
    pub fn send(&mut self, frame: Vec<u8>, side: Sideband) {
        self.driver.send(&frame);
        self.expected
            .extend(self.model.strip(&frame).map(<[u8]>::to_vec));
        self.waiting.push_back((frame, side));
    }

    /// Frames that wait for the input.
    pub fn waiting_frames(&self) -> usize {
        self.waiting.len()
    }

    /// The core that a frame has returned from.
    pub fn returned(&mut self) -> Option<usize> {
        let shown = (self.driver.settled("returned") == 1)
            .then(|| self.driver.settled("returned_core") as usize);
        assert_eq!(
            shown, self.due,
            "in the cycle behind beat {}",
            self.telling_beat
        );
        shown
    }

    /// One cycle.
    pub fn step(&mut self, offer: bool, ready: bool) {
        if let Some((_, Sideband { tdest, tuser })) = self.waiting.front() {
            // Between the first beat and the last it means nothing.
            let is_first = self.beat == 0;
            let dest = tdest.filter(|_| is_first).unwrap_or(usize::MAX);
            let bytes = tuser.iter().rev();
            let user = bytes.fold(0, |word, &byte| word << 8 | u64::from(byte));
            let user = if is_first { user } else { !user };
            self.driver.set("s_axis_tdest", dest as u64);
            self.driver.set("s_axis_tuser", user);
        }
        let after = self.driver.step(|_| offer, |_| ready);
        self.due = None;
        if after.took {
            let (frame, side) = &self.waiting[0];
            if self.beat == self.telling_beat {
                self.due = self.model.returned(frame, side);
            }
            self.beat += 1;
            if self.driver.waiting_frames() < self.waiting.len() {
                self.waiting.pop_front();
                self.beat = 0;
            }
        }
    }

    /// How many frames came back; all that did are as they were.
    pub fn compare(&self) -> usize {
        let frames = &self.driver.frames;
        assert!(
            self.expected.starts_with(frames),
            "a frame came back changed"
        );
        frames.len()
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.driver.frames.len() == self.expected.len()
    }
}

/// The last byte of what says in a frame which core it is for; the side-band is that of the first beat.
fn telling_byte(config: &Config) -> usize {
    let mut sections = config.prefix().sections().iter();
    let ethernet = sections.find(|section| matches!(section.kind, SectionKind::Ethernet { .. }));
    match (config.steering(), ethernet) {
        (Steering::SourceMac, Some(header)) => header.offset_bytes + 11,
        (Steering::Vlan { .. }, Some(header)) => header.offset_bytes + 15,
        _ => 0,
    }
}
