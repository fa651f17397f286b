//! The IP packet in a frame, and how its lengths and checksums follow what is inserted or taken out
//! (`docs/packet-format.md`, "Which frames have an INT header" and "Lengths and checksums").

use std::net::IpAddr;

use super::delta::Delta;
use crate::model::Headers;

/// Headers end within so many bytes of the frame.
const WINDOW_BYTES: usize = 128;

/// The IP packet of a frame, whatever is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet {
    /// Where the IP header starts.
    pub(super) ip: usize,
    /// Whether it is IPv6.
    pub(super) is_v6: bool,
    /// Where it ends, and the transport header starts.
    pub(super) ip_end: usize,
    /// Its length with the IP header, as that says.
    pub(super) ip_length: usize,
    /// Its protocol or next header.
    pub(super) protocol: u8,
    /// Whether it is a fragment of IPv4, the first one included.
    pub(super) is_fragment: bool,
    /// Whether TCP with its first 20 bytes follows.
    pub(super) is_tcp: bool,
    /// Whether UDP follows.
    pub(super) is_udp: bool,
}

impl Packet {
    pub(super) fn parse(frame: &[u8]) -> Option<Self> {
        let headers = Headers::parse(frame);
        let (ip, is_v6) = match (headers.ipv4, headers.ipv6) {
            (Some(ip), _) => (ip, false),
            (_, ip) => (ip?, true),
        };
        let be16 = |at: usize| u16::from_be_bytes([frame[ip + at], frame[ip + at + 1]]);
        let is_fragment = !is_v6 && be16(6) & 0x3fff != 0;
        Some(Self {
            ip,
            is_v6,
            ip_end: ip
                + if is_v6 {
                    40
                } else {
                    usize::from(frame[ip] & 0x0f) * 4
                },
            ip_length: if is_v6 {
                40 + usize::from(be16(4))
            } else {
                be16(2).into()
            },
            protocol: frame[ip + if is_v6 { 6 } else { 9 }],
            is_fragment,
            is_tcp: headers.tcp.is_some() && !is_fragment,
            is_udp: headers.udp.is_some() && !is_fragment,
        })
    }

    fn header_bytes(&self) -> usize {
        self.ip_end - self.ip
    }

    /// Where a TCP or UDP header ends that says so itself, and agrees with the IP header.
    pub(super) fn transport_end(&self, frame: &[u8]) -> Option<usize> {
        let payload = self.ip_length.checked_sub(self.header_bytes())?;
        let bytes = if self.is_tcp {
            let bytes = usize::from(frame[self.ip_end + 12] >> 4) * 4;
            (bytes >= 20 && bytes <= payload).then_some(bytes)?
        } else {
            let length = self.is_udp.then(|| self.word(frame, self.ip_end + 4))?;
            (payload >= 8 && usize::from(length) == payload).then_some(8)?
        };
        let end = self.ip_end + bytes;
        (end <= frame.len()).then_some(end)
    }

    /// Where a header in front of the transport header, or of whatever follows IP, can be inserted.
    pub(super) fn network_end(&self) -> Option<usize> {
        let is_extension = self.is_v6 && matches!(self.protocol, 0 | 43 | 44 | 60);
        let holds = !self.is_fragment && !is_extension && self.ip_length >= self.header_bytes();
        holds.then_some(self.ip_end)
    }

    /// Whether headers that end here are looked at.
    pub(super) fn is_in_window(end: usize) -> bool {
        end <= WINDOW_BYTES
    }

    /// The bytes of the IP packet from here on.
    pub(super) fn bytes_from(&self, at: usize) -> Option<usize> {
        self.ip_length.checked_sub(at - self.ip)
    }

    pub(super) fn source(&self, frame: &[u8]) -> IpAddr {
        self.address(frame, if self.is_v6 { 8 } else { 12 })
    }

    pub(super) fn destination(&self, frame: &[u8]) -> IpAddr {
        self.address(frame, if self.is_v6 { 24 } else { 16 })
    }

    fn address(&self, frame: &[u8], at: usize) -> IpAddr {
        let bytes = &frame[self.ip + at..];
        if self.is_v6 {
            let mut octets = [0; 16];
            octets.copy_from_slice(&bytes[..16]);
            IpAddr::from(octets)
        } else {
            let mut octets = [0; 4];
            octets.copy_from_slice(&bytes[..4]);
            IpAddr::from(octets)
        }
    }

    /// Source and destination port, with a TCP or UDP header.
    pub(super) fn ports(&self, frame: &[u8]) -> Option<(u16, u16)> {
        let start = self.ip_end;
        (self.is_tcp || self.is_udp).then(|| (self.word(frame, start), self.word(frame, start + 2)))
    }

    /// The flags of TCP.
    pub(super) fn tcp_flags(&self, frame: &[u8]) -> Option<u8> {
        self.is_tcp.then(|| frame[self.ip_end + 13])
    }

    /// The upper 6 bits of the type of service, or of the traffic class.
    pub(super) fn dscp(&self, frame: &[u8]) -> u8 {
        let first = self.word(frame, self.ip);
        (if self.is_v6 { first >> 6 } else { first >> 2 }) as u8 & 0x3f
    }

    /// The 16 bits that all packets of a flow have in common, in both directions.
    pub(super) fn flow_hash(&self, frame: &[u8]) -> u16 {
        let (at, bytes) = if self.is_v6 { (8, 32) } else { (12, 8) };
        let addresses = &frame[self.ip + at..self.ip + at + bytes];
        let (source, destination) = self.ports(frame).unwrap_or_default();
        let words = addresses
            .chunks(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        words.fold(source ^ destination ^ u16::from(self.protocol), |a, b| {
            a ^ b
        })
    }

    fn word(&self, frame: &[u8], at: usize) -> u16 {
        u16::from_be_bytes([frame[at], frame[at + 1]])
    }
}

/// A frame that changes, with its checksums following.
#[derive(Debug, Clone)]
pub(super) struct Editor {
    pub(super) frame: Vec<u8>,
    packet: Packet,
    /// What changes in the IP header.
    network: Delta,
    /// What the checksum of the transport header covers of what changes.
    pub(super) transport: Delta,
    /// Whether that checksum is brought up to date in the end.
    updates_transport: bool,
}

impl Editor {
    pub(super) fn new(frame: &[u8], packet: Packet) -> Self {
        Self {
            frame: frame.to_vec(),
            packet,
            network: Delta::default(),
            transport: Delta::default(),
            updates_transport: packet.is_tcp || packet.is_udp,
        }
    }

    /// Whether the packet has a checksum of TCP or UDP: one of UDP that is 0 is none.
    pub(super) fn has_checksum(&self) -> bool {
        let packet = &self.packet;
        packet.is_tcp || (packet.is_udp && packet.word(&self.frame, packet.ip_end + 6) != 0)
    }

    /// The checksum of the transport header stays as it is.
    pub(super) fn keep_checksum(&mut self) {
        self.updates_transport = false;
    }

    /// Writes a word into the IP header.
    fn set_network(&mut self, at: usize, value: u16) {
        let at = self.packet.ip + at;
        self.network
            .change(self.packet.word(&self.frame, at), value);
        self.frame[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }

    /// Writes a word that the checksum of the transport header covers.
    pub(super) fn set_transport(&mut self, at: usize, value: u16) {
        self.transport
            .change(self.packet.word(&self.frame, at), value);
        self.frame[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }

    pub(super) fn set_dscp(&mut self, dscp: u8) {
        let first = self.packet.word(&self.frame, self.packet.ip);
        let shift = if self.packet.is_v6 { 6 } else { 2 };
        self.set_network(0, first & !(0x3f << shift) | u16::from(dscp) << shift);
    }

    pub(super) fn set_protocol(&mut self, protocol: u8) {
        if self.packet.is_v6 {
            self.frame[self.packet.ip + 6] = protocol;
        } else {
            let life = self.packet.word(&self.frame, self.packet.ip + 8) & 0xff00;
            self.set_network(8, life | u16::from(protocol));
        }
    }

    /// The IP packet grows by so many bytes, or shrinks. A transport header that stays in front counts them too.
    pub(super) fn resize(&mut self, by: isize, counts_in_transport: bool) {
        let packet = self.packet;
        // The new length was compared with the limits, or the header with the old one.
        let length = (packet.ip_length as isize + by) as usize;
        if packet.is_v6 {
            let payload = (length - 40) as u16;
            self.frame[packet.ip + 4..packet.ip + 6].copy_from_slice(&payload.to_be_bytes());
        } else {
            self.set_network(2, length as u16);
        }
        if counts_in_transport {
            let before = packet.ip_length - packet.header_bytes();
            let after = length - packet.header_bytes();
            // The pseudo header, and the header of UDP.
            self.transport.change(before as u16, after as u16);
            if packet.is_udp {
                self.set_transport(packet.ip_end + 4, after as u16);
            }
        }
    }

    /// The frame, with its checksums.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let packet = self.packet;
        if !packet.is_v6 && self.network != Delta::default() {
            let at = packet.ip + 10;
            let checksum = self.network.applied_to(packet.word(&self.frame, at));
            self.frame[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        }
        if self.updates_transport && self.has_checksum() && self.transport != Delta::default() {
            let at = packet.ip_end + if packet.is_tcp { 16 } else { 6 };
            let mut checksum = self.transport.applied_to(packet.word(&self.frame, at));
            if packet.is_udp && checksum == 0 {
                checksum = 0xffff;
            }
            self.frame[at..at + 2].copy_from_slice(&checksum.to_be_bytes());
        }
        self.frame
    }
}
