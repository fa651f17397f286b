//! The rows of known programs.

use super::ByteOrder::{self, Big, Little};
use super::Field;
use crate::header::HeaderField::{
    Ipv4Destination, Ipv4Protocol, Ipv4Source, PortsDestination, PortsSource, TcpAcknowledgment,
    TcpDestinationPort, TcpFlags, TcpSequence, TcpSourcePort,
};
use crate::source::Source::{self, FrameLength, Header, Timestamp};

named_enum! {
    /// A row that has a name.
    pub enum RowPreset {
        /// Source address: 4 bytes, for counting the packets of each sender.
        DdosMitigator = "ddos-mitigator",
        /// Sender, knocked port and the flags that open and close: 8 bytes.
        PortKnocking = "port-knocking",
        /// 4-tuple, frame length and flags: 18 bytes.
        HeavyHitter = "heavy-hitter",
        /// 4-tuple, time and flags: 18 bytes.
        TokenBucket = "token-bucket",
        /// 5-tuple, TCP state and time: 30 bytes.
        ConnectionTracker = "connection-tracker",
        /// 5-tuple of TCP or UDP and time: 21 bytes.
        LoadBalancer = "load-balancer",
        /// TCP 4-tuple and a 16-bit value: the 14 bytes of the paper's Table 2.
        Table2 = "table2",
        /// No history at all.
        None = "none",
    }
}

type Line = (&'static str, Source, usize, ByteOrder);

const SYN: Source = Source::TcpFlags {
    mask: 0x02,
    value: 0x02,
};
const FIN: Source = Source::TcpFlags {
    mask: 0x01,
    value: 0x01,
};

const DDOS_MITIGATOR: &[Line] = &[("source", Header(Ipv4Source), 4, Big)];

const PORT_KNOCKING: &[Line] = &[
    ("source", Header(Ipv4Source), 4, Big),
    ("destination_port", Header(TcpDestinationPort), 2, Little),
    ("syn", SYN, 1, Little),
    ("fin", FIN, 1, Little),
];

const HEAVY_HITTER: &[Line] = &[
    ("source", Header(Ipv4Source), 4, Big),
    ("destination", Header(Ipv4Destination), 4, Big),
    ("source_port", Header(TcpSourcePort), 2, Little),
    ("destination_port", Header(TcpDestinationPort), 2, Little),
    ("frame_length", FrameLength, 4, Little),
    ("syn", SYN, 1, Little),
    ("fin", FIN, 1, Little),
];

const TOKEN_BUCKET: &[Line] = &[
    ("source", Header(Ipv4Source), 4, Big),
    ("destination", Header(Ipv4Destination), 4, Big),
    ("source_port", Header(TcpSourcePort), 2, Little),
    ("destination_port", Header(TcpDestinationPort), 2, Little),
    ("timestamp", Timestamp, 4, Little),
    ("syn", SYN, 1, Little),
    ("fin", FIN, 1, Little),
];

const CONNECTION_TRACKER: &[Line] = &[
    ("source", Header(Ipv4Source), 4, Big),
    ("destination", Header(Ipv4Destination), 4, Big),
    ("source_port", Header(TcpSourcePort), 2, Big),
    ("destination_port", Header(TcpDestinationPort), 2, Big),
    ("protocol", Header(Ipv4Protocol), 1, Big),
    ("tcp_flags", Header(TcpFlags), 1, Big),
    ("sequence_number", Header(TcpSequence), 4, Big),
    ("acknowledgment", Header(TcpAcknowledgment), 4, Big),
    ("timestamp", Timestamp, 8, Little),
];

const LOAD_BALANCER: &[Line] = &[
    ("source", Header(Ipv4Source), 4, Big),
    ("destination", Header(Ipv4Destination), 4, Big),
    ("source_port", Header(PortsSource), 2, Big),
    ("destination_port", Header(PortsDestination), 2, Big),
    ("protocol", Header(Ipv4Protocol), 1, Big),
    ("timestamp", Timestamp, 8, Little),
];

const TABLE2: &[Line] = &[
    ("source", Header(Ipv4Source), 4, Big),
    ("destination", Header(Ipv4Destination), 4, Big),
    ("source_port", Header(TcpSourcePort), 2, Big),
    ("destination_port", Header(TcpDestinationPort), 2, Big),
    ("timestamp", Timestamp, 2, Big),
];

impl RowPreset {
    /// The fields of the row, in order.
    pub(super) fn fields(self) -> Vec<Field> {
        let lines = match self {
            Self::DdosMitigator => DDOS_MITIGATOR,
            Self::PortKnocking => PORT_KNOCKING,
            Self::HeavyHitter => HEAVY_HITTER,
            Self::TokenBucket => TOKEN_BUCKET,
            Self::ConnectionTracker => CONNECTION_TRACKER,
            Self::LoadBalancer => LOAD_BALANCER,
            Self::Table2 => TABLE2,
            Self::None => &[],
        };
        let field = |&(name, source, bytes, order): &Line| Field {
            name: name.to_owned(),
            source,
            bytes,
            order,
        };
        lines.iter().map(field).collect()
    }
}
