//! Whether a frame has an INT header (`docs/packet-format.md`, "Which frames have an INT header").

use seqnic_spec::int::{Encapsulation, Int, IntMode, Shim, kind, npt};

use super::packet::Packet;

/// Where shim and INT header are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Embedded {
    pub(super) packet: Packet,
    /// Where the shim starts.
    pub(super) shim_at: usize,
    pub(super) shim: Shim,
    /// The version, D, E and M of INT-MD, and its reserved bits.
    pub(super) flags: u16,
    /// The hop metadata length of INT-MD.
    pub(super) hop_words: usize,
    pub(super) remaining_hops: u8,
    pub(super) instructions: u16,
    pub(super) domain_id: u16,
}

/// D in the first word of the INT header.
pub(super) const DISCARD: u16 = 0x0800;
/// E.
pub(super) const HOPS_EXCEEDED: u16 = 0x0400;
/// M.
pub(super) const MTU_EXCEEDED: u16 = 0x0200;

/// The bytes of shim and INT header.
pub(super) const FIXED_BYTES: usize = 16;

impl Embedded {
    pub(super) fn find(frame: &[u8], node: &Int) -> Option<Self> {
        let packet = Packet::parse(frame)?;
        let shim_at = packet.transport_end(frame)?;
        if !is_marked(frame, &packet, node) {
            return None;
        }
        let end = shim_at + FIXED_BYTES;
        if !Packet::is_in_window(end) {
            return None;
        }
        let (shim, _) = Shim::parse(&frame[shim_at..]).ok()?;
        let header = frame.get(shim_at + 4..end)?;
        let be16 = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let is_known = match node.encapsulation()? {
            Encapsulation::Dscp(_) => shim.npt == npt::DSCP,
            Encapsulation::Port(_) | Encapsulation::Protocol(_) => {
                shim.npt == npt::PORT || shim.npt == npt::PROTOCOL
            }
        };
        let kind = match node.mode() {
            IntMode::Md => kind::MD,
            IntMode::Mx => kind::MX,
            IntMode::Xd => return None,
        };
        let words = usize::from(shim.length_words);
        let fits = packet.bytes_from(shim_at)? >= 4 + 4 * words;
        let flags = be16(0);
        (is_known && shim.kind == kind && words >= 3 && flags >> 12 == 2 && fits).then(|| Self {
            packet,
            shim_at,
            shim,
            flags,
            hop_words: usize::from(header[2] & 0x1f),
            remaining_hops: header[3],
            instructions: be16(4),
            domain_id: be16(6),
        })
    }

    /// The bytes from the shim to the end of the stack.
    pub(super) fn bytes(&self) -> usize {
        4 + 4 * usize::from(self.shim.length_words)
    }
}

/// Whether a packet says that it has an INT header.
pub(super) fn is_marked(frame: &[u8], packet: &Packet, node: &Int) -> bool {
    match node.encapsulation() {
        Some(Encapsulation::Dscp(mark)) => mark.matches(packet.dscp(frame)),
        Some(Encapsulation::Port(port) | Encapsulation::Protocol(port)) => {
            let ports = packet.ports(frame).filter(|_| packet.is_udp);
            ports.is_some_and(|(_, destination)| destination == port)
        }
        None => false,
    }
}
