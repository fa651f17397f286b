//! The DDoS mitigator: it counts the packets of each sender and drops those of senders that sent too many.

use seqnic_spec::{HeaderField, Source};

use super::FourTuple;
use crate::host::program::Packing;
use crate::host::{Program, Verdict};

/// Drops the packets of a sender after its first so many.
///
/// The row of 4 bytes holds no time, so the count never goes down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DdosMitigator {
    /// How many packets of a sender pass.
    pub most_packets: u64,
}

impl Default for DdosMitigator {
    fn default() -> Self {
        Self { most_packets: 100 }
    }
}

crate::metadata! {
    /// Who sent a packet.
    pub struct Sender {
        /// The source address.
        source: u32, Big, Source::Header(HeaderField::Ipv4Source);
    }
}

impl Program for DdosMitigator {
    type Key = u32;
    /// The packets of the sender.
    type State = u64;
    type Meta = Sender;

    const NAME: &'static str = "ddos-mitigator";
    const OTHERS: Verdict = Verdict::Transmit;
    const PACKING: Option<Packing<u64>> = Some((|packets| *packets, |word| word));

    #[inline]
    fn flow(&self, meta: &Sender) -> FourTuple {
        (meta.source, 0, 0, 0)
    }

    #[inline]
    fn key(&self, meta: &Sender) -> u32 {
        meta.source
    }

    #[inline]
    fn transition(&self, packets: &mut u64, _meta: &Sender) {
        *packets += 1;
    }

    #[inline]
    fn verdict(&self, packets: &u64, _meta: &Sender) -> Verdict {
        match *packets > self.most_packets {
            true => Verdict::Drop,
            false => Verdict::Transmit,
        }
    }
}
