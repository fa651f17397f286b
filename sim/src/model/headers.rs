//! Which headers a frame has, and where (`docs/packet-format.md`, "Which headers a packet has").

use seqnic_spec::Layer;

const VLAN: u16 = 0x8100;
const SERVICE_VLAN: u16 = 0x88a8;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Where the headers of a frame start, in bytes from its first one; `None` for a header that it
/// lacks.
///
/// Only the bytes of the frame count: lengths and checksums in the headers are not consulted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Headers {
    /// Ethernet II: the frame has 14 bytes.
    pub ethernet: Option<usize>,
    /// The outer VLAN tag, from its TPID on.
    pub vlan: Option<usize>,
    /// The inner VLAN tag, from its TPID on.
    pub inner_vlan: Option<usize>,
    /// The EtherType of the payload: the last two bytes before it.
    pub ethertype: Option<usize>,
    /// IPv4, with all its options in the frame.
    pub ipv4: Option<usize>,
    /// IPv6, without extension headers.
    pub ipv6: Option<usize>,
    /// TCP, its first 20 bytes.
    pub tcp: Option<usize>,
    /// UDP.
    pub udp: Option<usize>,
}

impl Headers {
    /// Finds the headers from the outside in.
    #[inline]
    pub fn parse(frame: &[u8]) -> Self {
        let mut headers = Self::default();
        let Some(mut ethertype) = be16(frame, 12) else {
            return headers;
        };
        headers.ethernet = Some(0);

        let mut at = 12;
        for tag in [&mut headers.vlan, &mut headers.inner_vlan] {
            // A tag counts with the EtherType after it; one that is cut short leaves its TPID as
            // the EtherType.
            match (ethertype, be16(frame, at + 4)) {
                (VLAN | SERVICE_VLAN, Some(next)) => {
                    *tag = Some(at);
                    at += 4;
                    ethertype = next;
                }
                _ => break,
            }
        }
        headers.ethertype = Some(at);

        let network = at + 2;
        match ethertype {
            IPV4 => headers.parse_ipv4(frame, network),
            IPV6 => headers.parse_ipv6(frame, network),
            _ => {}
        }
        headers
    }

    /// Where `layer` starts.
    #[inline]
    pub fn start_of(&self, layer: Layer) -> Option<usize> {
        match layer {
            Layer::Ethernet => self.ethernet,
            Layer::Vlan => self.vlan,
            Layer::InnerVlan => self.inner_vlan,
            Layer::Ipv4 => self.ipv4,
            Layer::Ipv6 => self.ipv6,
            Layer::Tcp => self.tcp,
            Layer::Udp => self.udp,
            Layer::Ports => self.tcp.or(self.udp),
        }
    }

    fn parse_ipv4(&mut self, frame: &[u8], start: usize) {
        let Some(header) = frame.get(start..).and_then(|rest| rest.first_chunk::<20>()) else {
            return;
        };
        let version = header[0] >> 4;
        let bytes = usize::from(header[0] & 0x0f) * 4;
        if version != 4 || bytes < 20 || frame.len() < start + bytes {
            return;
        }
        self.ipv4 = Some(start);
        let fragment_offset = u16::from_be_bytes([header[6], header[7]]) & 0x1fff;
        if fragment_offset == 0 {
            self.parse_transport(frame, start + bytes, header[9]);
        }
    }

    fn parse_ipv6(&mut self, frame: &[u8], start: usize) {
        let Some(header) = frame.get(start..).and_then(|rest| rest.first_chunk::<40>()) else {
            return;
        };
        if header[0] >> 4 == 6 {
            self.ipv6 = Some(start);
            self.parse_transport(frame, start + 40, header[6]);
        }
    }

    fn parse_transport(&mut self, frame: &[u8], start: usize, protocol: u8) {
        match protocol {
            TCP if frame.len() >= start + 20 => self.tcp = Some(start),
            UDP if frame.len() >= start + 8 => self.udp = Some(start),
            _ => {}
        }
    }
}

/// The 16-bit number at `offset`, when both its bytes are there.
fn be16(frame: &[u8], offset: usize) -> Option<u16> {
    frame
        .get(offset..)?
        .first_chunk()
        .copied()
        .map(u16::from_be_bytes)
}
