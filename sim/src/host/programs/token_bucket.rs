//! The token bucket policer: it drops what a flow sends beyond its rate.

use seqnic_spec::{HeaderField, Source};

use super::FourTuple;
use crate::host::program::Packing;
use crate::host::{Program, Verdict};

/// Polices each TCP flow to a rate of packets, in bursts up to a size.
///
/// The row holds the low 32 bits of the time in nanoseconds and no length, so packets are what is counted. A pause is
/// known modulo 2^32 ns, about 4.3 s: after a longer one the bucket may be less full than it should, never fuller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBucket {
    /// The time in which one token comes.
    pub token_ns: u32,
    /// The tokens in a full bucket; together with `token_ns` below 2^31 ns.
    pub burst_tokens: u32,
}

impl Default for TokenBucket {
    /// 100,000 packets a second, in bursts of up to 32.
    fn default() -> Self {
        Self {
            token_ns: 10_000,
            burst_tokens: 32,
        }
    }
}

crate::metadata! {
    /// A TCP segment and its time.
    pub struct Timed {
        /// The source address.
        source: u32, Big, Source::Header(HeaderField::Ipv4Source);
        /// The destination address.
        destination: u32, Big, Source::Header(HeaderField::Ipv4Destination);
        /// The source port.
        source_port: u16, Little, Source::Header(HeaderField::TcpSourcePort);
        /// The destination port.
        destination_port: u16, Little, Source::Header(HeaderField::TcpDestinationPort);
        /// The low 32 bits of the sequencer's time.
        timestamp: u32, Little, Source::Timestamp;
        /// Whether it opens a connection.
        syn: bool, Little, Source::TcpFlags { mask: 0x02, value: 0x02 };
        /// Whether it closes one.
        fin: bool, Little, Source::TcpFlags { mask: 0x01, value: 0x01 };
    }
}

/// The bucket of a flow. At first it is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bucket {
    /// The time of the last packet.
    pub last_ns: u32,
    /// The time that it takes from then on until the bucket is full.
    pub missing_ns: u32,
    /// Whether there was a token for the last packet.
    pub conforms: bool,
}

impl Bucket {
    /// Time, what is missing, and in the highest bit of that half, which it does not need, whether the packet conforms.
    fn pack(&self) -> u64 {
        u64::from(self.last_ns) << 32 | u64::from(self.conforms) << 31 | u64::from(self.missing_ns)
    }

    fn unpack(word: u64) -> Self {
        Self {
            last_ns: (word >> 32) as u32,
            missing_ns: word as u32 & 0x7fff_ffff,
            conforms: word >> 31 & 1 == 1,
        }
    }
}

impl Program for TokenBucket {
    type Key = FourTuple;
    type State = Bucket;
    type Meta = Timed;

    const NAME: &'static str = "token-bucket";
    const OTHERS: Verdict = Verdict::Transmit;
    const PACKING: Option<Packing<Bucket>> = Some((Bucket::pack, Bucket::unpack));

    #[inline]
    fn flow(&self, meta: &Timed) -> FourTuple {
        self.key(meta)
    }

    #[inline]
    fn key(&self, meta: &Timed) -> FourTuple {
        (
            meta.source,
            meta.destination,
            meta.source_port,
            meta.destination_port,
        )
    }

    #[inline]
    fn transition(&self, bucket: &mut Bucket, meta: &Timed) {
        let passed = meta.timestamp.wrapping_sub(bucket.last_ns);
        let missing = bucket.missing_ns.saturating_sub(passed);
        let with_this = missing + self.token_ns;
        let conforms = with_this <= self.token_ns * self.burst_tokens;
        *bucket = Bucket {
            last_ns: meta.timestamp,
            missing_ns: if conforms { with_this } else { missing },
            conforms,
        };
    }

    #[inline]
    fn verdict(&self, bucket: &Bucket, _meta: &Timed) -> Verdict {
        match bucket.conforms {
            true => Verdict::Transmit,
            false => Verdict::Drop,
        }
    }
}
