//! The port-knocking firewall of the paper's appendix C, figure 12.

use seqnic_spec::{HeaderField, Source};

use super::FourTuple;
use crate::host::program::Packing;
use crate::host::{Program, Verdict};

/// Lets a sender in once it has sent TCP packets to three ports, one after the other. Everything else is dropped.
///
/// As in figure 12 only the ports count, in every packet of the sender. The flags in the row are for programs that
/// close a door again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortKnocking {
    /// The ports in the order in which they are knocked at.
    pub ports: [u16; 3],
}

impl Default for PortKnocking {
    fn default() -> Self {
        Self {
            ports: [100, 101, 102],
        }
    }
}

crate::metadata! {
    /// A TCP segment at a port.
    pub struct Knock {
        /// The source address.
        source: u32, Big, Source::Header(HeaderField::Ipv4Source);
        /// The destination port.
        destination_port: u16, Little, Source::Header(HeaderField::TcpDestinationPort);
        /// Whether it opens a connection.
        syn: bool, Little, Source::TcpFlags { mask: 0x02, value: 0x02 };
        /// Whether it closes one.
        fin: bool, Little, Source::TcpFlags { mask: 0x01, value: 0x01 };
    }
}

/// How far a sender got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Door {
    /// CLOSED_1: nothing knocked, or something wrong since.
    #[default]
    Closed1,
    /// CLOSED_2: the first port.
    Closed2,
    /// CLOSED_3: the first and the second.
    Closed3,
    /// OPEN, for good.
    Open,
}

impl Door {
    fn unpack(word: u64) -> Self {
        let doors = [Self::Closed1, Self::Closed2, Self::Closed3, Self::Open];
        doors[word as usize % doors.len()]
    }
}

impl Program for PortKnocking {
    type Key = u32;
    type State = Door;
    type Meta = Knock;

    const NAME: &'static str = "port-knocking";
    const OTHERS: Verdict = Verdict::Drop;
    const PACKING: Option<Packing<Door>> = Some((|door| *door as u64, Door::unpack));

    #[inline]
    fn flow(&self, meta: &Knock) -> FourTuple {
        (meta.source, 0, 0, 0)
    }

    #[inline]
    fn key(&self, meta: &Knock) -> u32 {
        meta.source
    }

    #[inline]
    fn transition(&self, door: &mut Door, meta: &Knock) {
        let [first, second, third] = self.ports;
        let port = meta.destination_port;
        *door = match *door {
            Door::Open => Door::Open,
            Door::Closed1 if port == first => Door::Closed2,
            Door::Closed2 if port == second => Door::Closed3,
            Door::Closed3 if port == third => Door::Open,
            _ => Door::Closed1,
        };
    }

    #[inline]
    fn verdict(&self, door: &Door, _meta: &Knock) -> Verdict {
        match door {
            Door::Open => Verdict::Transmit,
            _ => Verdict::Drop,
        }
    }
}
