//! The heavy hitter monitor: it counts the bytes of each flow and shows the packets of the large ones to the host.

use seqnic_spec::{HeaderField, Source};

use super::FourTuple;
use crate::host::program::Packing;
use crate::host::{Program, Verdict};

/// Hands the packets of a TCP flow up to the host once the flow is larger than so many bytes; all others leave again.
///
/// Each direction is a flow of its own. The flags in the row are for programs that end a flow with its FIN; this one
/// only adds, so that an atomic addition can do the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeavyHitter {
    /// The size up to which a flow is not heavy.
    pub most_bytes: u64,
}

impl Default for HeavyHitter {
    fn default() -> Self {
        Self { most_bytes: 10_000 }
    }
}

crate::metadata! {
    /// A TCP segment and the size of its frame.
    pub struct Sized {
        /// The source address.
        source: u32, Big, Source::Header(HeaderField::Ipv4Source);
        /// The destination address.
        destination: u32, Big, Source::Header(HeaderField::Ipv4Destination);
        /// The source port.
        source_port: u16, Little, Source::Header(HeaderField::TcpSourcePort);
        /// The destination port.
        destination_port: u16, Little, Source::Header(HeaderField::TcpDestinationPort);
        /// The bytes of the frame.
        frame_length: u32, Little, Source::FrameLength;
        /// Whether it opens a connection.
        syn: bool, Little, Source::TcpFlags { mask: 0x02, value: 0x02 };
        /// Whether it closes one.
        fin: bool, Little, Source::TcpFlags { mask: 0x01, value: 0x01 };
    }
}

impl Program for HeavyHitter {
    type Key = FourTuple;
    /// The bytes of the flow.
    type State = u64;
    type Meta = Sized;

    const NAME: &'static str = "heavy-hitter";
    const OTHERS: Verdict = Verdict::Transmit;
    const PACKING: Option<Packing<u64>> = Some((|bytes| *bytes, |word| word));

    #[inline]
    fn flow(&self, meta: &Sized) -> FourTuple {
        self.key(meta)
    }

    #[inline]
    fn key(&self, meta: &Sized) -> FourTuple {
        (
            meta.source,
            meta.destination,
            meta.source_port,
            meta.destination_port,
        )
    }

    #[inline]
    fn transition(&self, bytes: &mut u64, meta: &Sized) {
        *bytes += u64::from(meta.frame_length);
    }

    #[inline]
    fn verdict(&self, bytes: &u64, _meta: &Sized) -> Verdict {
        match *bytes > self.most_bytes {
            true => Verdict::Pass,
            false => Verdict::Transmit,
        }
    }
}
