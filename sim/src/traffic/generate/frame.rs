//! Builds well-formed frames: Ethernet II, IPv4 without options, TCP or UDP, with correct lengths
//! and checksums.

use super::checksum::Checksum;

/// Bytes of Ethernet II, IPv4 and TCP headers.
pub(super) const TCP_HEADERS: usize = ETHERNET_BYTES + IPV4_BYTES + TCP_BYTES;
/// Bytes of Ethernet II, IPv4 and UDP headers.
pub(super) const UDP_HEADERS: usize = ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES;
/// Payload of the largest TCP segment in an Ethernet frame of 1,514 bytes.
pub(super) const MAX_SEGMENT: usize = 1460;

/// FIN flag of TCP.
pub(super) const FIN: u8 = 0x01;
/// SYN flag of TCP.
pub(super) const SYN: u8 = 0x02;
/// PSH flag of TCP.
pub(super) const PSH: u8 = 0x08;
/// ACK flag of TCP.
pub(super) const ACK: u8 = 0x10;

const ETHERNET_BYTES: usize = 14;
const IPV4_BYTES: usize = 20;
const TCP_BYTES: usize = 20;
const UDP_BYTES: usize = 8;
const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
/// Shortest Ethernet frame without its check sequence.
const MIN_FRAME: usize = 60;

/// Addresses and ports of one direction of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub source: [u8; 4],
    pub destination: [u8; 4],
    pub source_port: u16,
    pub destination_port: u16,
}

impl Endpoints {
    /// The opposite direction.
    pub fn reversed(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }
}

/// The fields of TCP that change within a flow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: u8,
}

/// A TCP segment, padded to the shortest Ethernet frame.
pub(super) fn tcp(
    endpoints: &Endpoints,
    identification: u16,
    segment: Segment,
    payload: &[u8],
) -> Vec<u8> {
    const DATA_OFFSET: u8 = (TCP_BYTES as u8 / 4) << 4;
    const WINDOW: [u8; 2] = 0xffff_u16.to_be_bytes();

    let mut frame = network_layer(
        endpoints,
        identification,
        PROTOCOL_TCP,
        TCP_BYTES + payload.len(),
    );
    let mut header = [0; TCP_BYTES];
    header[0..2].copy_from_slice(&endpoints.source_port.to_be_bytes());
    header[2..4].copy_from_slice(&endpoints.destination_port.to_be_bytes());
    header[4..8].copy_from_slice(&segment.sequence.to_be_bytes());
    header[8..12].copy_from_slice(&segment.acknowledgement.to_be_bytes());
    header[12] = DATA_OFFSET;
    header[13] = segment.flags;
    header[14..16].copy_from_slice(&WINDOW);
    let checksum = pseudo_header(endpoints, PROTOCOL_TCP, TCP_BYTES + payload.len())
        .bytes(&header)
        .bytes(payload);
    header[16..18].copy_from_slice(&checksum.finish().to_be_bytes());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(payload);
    padded(frame)
}

/// A UDP datagram, padded to the shortest Ethernet frame.
pub(super) fn udp(endpoints: &Endpoints, identification: u16, payload: &[u8]) -> Vec<u8> {
    let length = UDP_BYTES + payload.len();
    let mut frame = network_layer(endpoints, identification, PROTOCOL_UDP, length);
    let mut header = [0; UDP_BYTES];
    header[0..2].copy_from_slice(&endpoints.source_port.to_be_bytes());
    header[2..4].copy_from_slice(&endpoints.destination_port.to_be_bytes());
    header[4..6].copy_from_slice(&(length as u16).to_be_bytes());
    let checksum = match pseudo_header(endpoints, PROTOCOL_UDP, length)
        .bytes(&header)
        .bytes(payload)
        .finish()
    {
        // Zero means that there is no checksum (RFC 768).
        0 => 0xffff,
        sum => sum,
    };
    header[6..8].copy_from_slice(&checksum.to_be_bytes());
    frame.extend_from_slice(&header);
    frame.extend_from_slice(payload);
    padded(frame)
}

/// The Ethernet and IPv4 headers in front of `length` bytes, with room for those bytes.
fn network_layer(
    endpoints: &Endpoints,
    identification: u16,
    protocol: u8,
    length: usize,
) -> Vec<u8> {
    const VERSION_AND_IHL: u8 = 0x45;
    const DO_NOT_FRAGMENT: u8 = 0x40;
    const TIME_TO_LIVE: u8 = 64;

    let total_length = (IPV4_BYTES + length) as u16;
    let mut headers = [0; ETHERNET_BYTES + IPV4_BYTES];
    headers[0..6].copy_from_slice(&mac(endpoints.destination));
    headers[6..12].copy_from_slice(&mac(endpoints.source));
    headers[12..14].copy_from_slice(&[0x08, 0x00]);
    let ip = &mut headers[ETHERNET_BYTES..];
    ip[0] = VERSION_AND_IHL;
    ip[2..4].copy_from_slice(&total_length.to_be_bytes());
    ip[4..6].copy_from_slice(&identification.to_be_bytes());
    ip[6] = DO_NOT_FRAGMENT;
    ip[8] = TIME_TO_LIVE;
    ip[9] = protocol;
    ip[12..16].copy_from_slice(&endpoints.source);
    ip[16..20].copy_from_slice(&endpoints.destination);
    let checksum = Checksum::default().bytes(ip).finish();
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());

    let mut frame = Vec::with_capacity((headers.len() + length).max(MIN_FRAME));
    frame.extend_from_slice(&headers);
    frame
}

/// A locally administered MAC address that contains the IPv4 address.
fn mac(address: [u8; 4]) -> [u8; 6] {
    let [a, b, c, d] = address;
    [0x02, 0x00, a, b, c, d]
}

fn pseudo_header(endpoints: &Endpoints, protocol: u8, length: usize) -> Checksum {
    Checksum::default()
        .bytes(&endpoints.source)
        .bytes(&endpoints.destination)
        .word(protocol.into())
        .word(length as u16)
}

fn padded(mut frame: Vec<u8>) -> Vec<u8> {
    if frame.len() < MIN_FRAME {
        frame.resize(MIN_FRAME, 0);
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDPOINTS: Endpoints = Endpoints {
        source: [10, 0, 0, 1],
        destination: [10, 0, 0, 2],
        source_port: 1000,
        destination_port: 53,
    };

    #[test]
    fn a_datagram_has_the_bytes_of_its_headers() {
        let frame = udp(&ENDPOINTS, 7, &[0xaa, 0xbb]);
        #[rustfmt::skip]
        let expected = [
            0x02, 0x00, 10, 0, 0, 2,  0x02, 0x00, 10, 0, 0, 1,  0x08, 0x00,
            // 0x45 00, total length 30, identification 7, don't fragment, TTL 64, UDP, checksum
            0x45, 0x00, 0x00, 0x1e,  0x00, 0x07, 0x40, 0x00,
            0x40, 0x11, 0x26, 0xc6,  10, 0, 0, 1,  10, 0, 0, 2,
            // ports 1000 and 53, length 10, checksum
            0x03, 0xe8, 0x00, 0x35,  0x00, 0x0a, 0x3c, 0xff,  0xaa, 0xbb,
        ];
        assert_eq!(frame[..expected.len()], expected);
        assert_eq!(frame.len(), MIN_FRAME);
        assert!(frame[expected.len()..].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn checksums_agree_with_another_implementation() {
        let payload: Vec<u8> = (0..=254).collect();
        let segment = Segment {
            sequence: 0xffff_fff0,
            acknowledgement: 3,
            flags: ACK | PSH,
        };
        for length in [0, 1, 2, 3, 101, 255] {
            let frame = tcp(&ENDPOINTS, 9, segment, &payload[..length]);
            let parsed =
                etherparse::SlicedPacket::from_ethernet(&frame).expect("the frame is well formed");
            let Some(etherparse::NetSlice::Ipv4(ip)) = parsed.net else {
                panic!("no IPv4")
            };
            let Some(etherparse::TransportSlice::Tcp(tcp)) = parsed.transport else {
                panic!("no TCP")
            };
            assert_eq!(
                ip.header().header_checksum(),
                ip.header().to_header().calc_header_checksum()
            );
            assert_eq!(
                Ok(tcp.checksum()),
                tcp.calc_checksum_ipv4(ip.header().source(), ip.header().destination())
            );
            assert_eq!(tcp.payload(), &payload[..length]);
        }
    }
}
