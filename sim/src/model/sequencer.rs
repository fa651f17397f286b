//! The sequencer: it sprays packets over the cores and puts the history in front of each (section
//! 3.3 of the paper).

use seqnic_spec::Config;

use super::history::History;
use super::prefix::{Prefix, PrefixValues};
use super::row::RowExtractor;
use super::sprayer::Sprayer;

/// The sequencer of a configuration.
#[derive(Debug, Clone)]
pub struct Sequencer {
    extractor: RowExtractor,
    history: History,
    sprayer: Sprayer,
    prefix: Prefix,
    packets: u64,
}

/// What the sequencer decided for a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sprayed {
    /// The core that the packet is for.
    pub core: usize,
    /// The number of the packet; the first one is 1.
    pub number: u64,
    /// Whether the packet has all headers that the row requires; otherwise its row is all zero.
    pub matched: bool,
}

impl Sequencer {
    /// A sequencer that has seen no packet.
    pub fn new(config: &Config) -> Self {
        Self {
            extractor: RowExtractor::new(config.row()),
            history: History::new(config.rows(), config.row().bytes()),
            sprayer: Sprayer::new(config.cores()),
            prefix: Prefix::new(config),
            packets: 0,
        }
    }

    /// From the next packet on each core gets so many in a row in each of its turns; with 0 it takes no part. The turn
    /// of the core of the last packet ends.
    ///
    /// # Panics
    ///
    /// When there is not a weight for each core.
    pub fn set_weights(&mut self, weights: Vec<usize>) {
        self.sprayer.set_weights(weights);
    }

    /// Appends the prefix and the original frame to `out`. `timestamp` is the sequencer's time of
    /// the packet: the counter or the port at its first beat.
    ///
    /// # Panics
    ///
    /// While no core takes part: then packets wait.
    pub fn process(&mut self, frame: &[u8], timestamp: u64, out: &mut Vec<u8>) -> Sprayed {
        self.packets = self.packets.wrapping_add(1);
        let core = self.sprayer.next_core();
        let core = core.expect("packets wait while no core takes part");
        let number = self.packets;
        let values = PrefixValues {
            core,
            number,
            timestamp,
            history: &self.history,
        };
        self.prefix.append(values, out);
        out.extend_from_slice(frame);
        // Only now, for the history of a packet ends with the packet before it.
        let matched = self
            .extractor
            .fill(frame, timestamp, self.history.replace_oldest());
        Sprayed {
            core,
            number,
            matched,
        }
    }
}
