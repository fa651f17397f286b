//! The FlowRadar encoder: all flows of an epoch in a filter and a table whose cells many flows share (Li et al.,
//! "FlowRadar: A Better NetFlow for Data Centers", NSDI 2016, section 3; `docs/packet-format.md`, "FlowRadar").

mod bank;
mod export;
mod hash;
mod key;

pub use bank::{Bank, Cell};
pub use hash::HashBank;
pub use key::{FiveTuple, FlowKey};

use seqnic_spec::flowradar::FlowRadar;

/// The encoder of a configuration.
#[derive(Debug, Clone)]
pub struct FlowRadarEncoder {
    config: FlowRadar,
    filter_hash: HashBank,
    table_hash: HashBank,
    current: Bank,
    /// The other bank, unless it is clean.
    quiet: Option<Quiet>,
    epoch: u32,
    is_swap_pending: bool,
    overruns: u32,
}

/// A bank whose epoch is over, until it is cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// What was written.
    pub bank: Bank,
    /// The number of the epoch.
    pub epoch: u32,
    /// The swaps that had had to wait when it ended.
    pub overruns: u32,
}

/// What a packet did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Its flow.
    pub key: FlowKey,
    /// Whether the filter took the flow for new.
    pub is_new: bool,
    /// Whether it is with this packet that as many flows are new as end an epoch.
    pub reaches_load: bool,
}

impl FlowRadarEncoder {
    /// An encoder with clean banks, in epoch 0.
    pub fn new(config: &FlowRadar) -> Self {
        let geometry = config.geometry();
        Self {
            config: *config,
            filter_hash: HashBank::of_filter(geometry),
            table_hash: HashBank::of_tables(geometry),
            current: Bank::clean(geometry),
            quiet: None,
            epoch: 0,
            is_swap_pending: false,
            overruns: 0,
        }
    }

    /// Records a frame in the current bank. It swaps no banks: which packet is the last of an epoch depends on the
    /// clock of the hardware.
    pub fn process(&mut self, frame: &[u8]) -> Recorded {
        let key = FlowKey::of_frame(frame, self.config.geometry().key);
        self.record(&key, 1, frame.len() as u64)
    }

    /// Records packets of one flow that follow each other, at least one, with so many bytes together.
    pub fn record(&mut self, key: &FlowKey, packets: u32, bytes: u64) -> Recorded {
        let Self {
            current, config, ..
        } = self;
        let is_new = current.insert(key, &self.filter_hash);
        let bytes = if config.geometry().byte_counts {
            bytes
        } else {
            0
        };
        current.add(key, &self.table_hash, is_new, packets, bytes);
        let load = config.load_flows();
        Recorded {
            key: *key,
            is_new,
            reaches_load: is_new && load.is_some_and(|load| current.flows as usize == load),
        }
    }

    /// Asks for a swap of the banks, and says whether it happens at once. Otherwise it waits for [`clear`](Self::clear),
    /// and is counted, once however often it is asked for.
    pub fn request_swap(&mut self) -> bool {
        let is_clean = self.quiet.is_none();
        if is_clean {
            self.swap();
        } else {
            let waits_anew = !std::mem::replace(&mut self.is_swap_pending, true);
            self.overruns = self.overruns.wrapping_add(waits_anew.into());
        }
        is_clean
    }

    /// The quiet bank is exported and cleared; a swap that waits happens.
    pub fn clear(&mut self) {
        self.quiet = None;
        if std::mem::take(&mut self.is_swap_pending) {
            self.swap();
        }
    }

    fn swap(&mut self) {
        let clean = Bank::clean(self.config.geometry());
        self.quiet = Some(Quiet {
            bank: std::mem::replace(&mut self.current, clean),
            epoch: self.epoch,
            overruns: self.overruns,
        });
        self.epoch = self.epoch.wrapping_add(1);
    }

    /// The bank that packets are written to.
    pub fn current(&self) -> &Bank {
        &self.current
    }

    /// The bank whose epoch is over, until it is cleared.
    pub fn quiet(&self) -> Option<&Quiet> {
        self.quiet.as_ref()
    }

    /// The number of the current epoch.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The swaps that had to wait. The flag of an overrun is set when there was one.
    pub fn overruns(&self) -> u32 {
        self.overruns
    }
}
