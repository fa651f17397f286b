//! Nodes, frames and what the tests ask of both.

use etherparse::{
    IpHeaders, Ipv4Header, Ipv6Header, NetSlice, PacketBuilder, SlicedPacket, TransportSlice,
};
use seqnic_sim::model::int::{IntNode, IntOutput};
use seqnic_spec::Config;
use seqnic_spec::int::Instruction;

pub const ETHERNET: &str = "020000000002 020000000001 0800";

/// Bytes from pairs of hexadecimal digits; other characters are left out.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16).map(|digit| digit as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

pub fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A node with 512 bits of `tuser` of which all metadata are taken.
pub struct Node {
    pub model: IntNode,
    config: Config,
}

impl Node {
    pub fn new(int: &str) -> Self {
        let text = format!("bus.tuser_bits = 512\n[int]\n{int}");
        let config = Config::from_toml_str(&text, "test").unwrap_or_else(|e| panic!("{int}: {e}"));
        Self {
            model: IntNode::new(&config).expect("the table stands"),
            config,
        }
    }

    /// `tuser` with these values; the others are not available.
    pub fn tuser(&self, values: &[(Instruction, u64)]) -> Vec<u8> {
        let mut tuser = vec![0; 64];
        for field in self.config.int().unwrap().sideband() {
            let value = values.iter().find(|(kind, _)| *kind == field.instruction);
            field.put(&mut tuser, value.map(|(_, value)| *value));
        }
        tuser
    }

    pub fn process(&mut self, frame: &[u8], values: &[(Instruction, u64)]) -> IntOutput {
        let tuser = self.tuser(values);
        self.model.process(frame, &tuser)
    }

    /// The frame as it leaves; no value is available.
    pub fn pass(&mut self, frame: &[u8]) -> Vec<u8> {
        self.process(frame, &[]).frame.expect("it is not dropped")
    }

    #[track_caller]
    pub fn assert_passes(&mut self, frame: &[u8]) {
        let out = self.process(frame, &[]);
        let left = out.frame.as_deref().map(text);
        assert_eq!(left, Some(text(frame)));
        assert_eq!(out.report.as_deref().map(text), None);
    }
}

/// Every value with a number of its own.
pub const VALUES: [(Instruction, u64); 8] = [
    (Instruction::Interfaces, 0x0014_0015),
    (Instruction::HopLatency, 0x0102_0304),
    (Instruction::QueueOccupancy, 0x0700_0102),
    (Instruction::IngressTimestamp, 0x1122_3344_5566_7788),
    (Instruction::EgressTimestamp, 0x1122_3344_5566_8899),
    (Instruction::Level2Interfaces, 0x0000_0005_0000_0006),
    (Instruction::TxUtilization, 0x0000_0063),
    (Instruction::BufferOccupancy, 0x0300_0042),
];

/// What a test frame is made of.
#[derive(Debug, Clone)]
pub struct Shape {
    pub is_v6: bool,
    pub is_tcp: bool,
    pub tags: usize,
    /// Words of options of IPv4 and of TCP.
    pub options: (usize, usize),
    pub dscp: u8,
    pub ports: (u16, u16),
    pub payload: Vec<u8>,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            is_v6: false,
            is_tcp: false,
            tags: 0,
            options: (0, 0),
            dscp: 0,
            ports: (4196, 9028),
            payload: vec![0x61; 64],
        }
    }
}

impl Shape {
    pub fn tcp() -> Self {
        Self {
            is_tcp: true,
            ..Self::default()
        }
    }

    /// The frame, with right checksums.
    pub fn frame(&self) -> Vec<u8> {
        let ip = if self.is_v6 {
            let header = Ipv6Header {
                source: [0x11; 16],
                destination: [0x22; 16],
                hop_limit: 64,
                traffic_class: self.dscp << 2,
                ..Ipv6Header::default()
            };
            IpHeaders::Ipv6(header, Default::default())
        } else {
            let mut header = Ipv4Header::new(0, 64, 6.into(), [198, 1, 1, 17], [198, 1, 2, 18])
                .expect("a length of 0 fits");
            header.dscp = self.dscp.try_into().expect("6 bits");
            let options = vec![1; self.options.0 * 4];
            header.options = options.as_slice().try_into().expect("up to ten words");
            IpHeaders::Ipv4(header, Default::default())
        };
        let mut frame = hex("020000000002 020000000001");
        for _ in 0..self.tags {
            frame.extend([0x81, 0, 0, 7]);
        }
        frame.extend(if self.is_v6 { [0x86, 0xdd] } else { [8, 0] });
        let builder = PacketBuilder::ip(ip);
        let (source, destination) = self.ports;
        let written = if self.is_tcp {
            let options = vec![1; self.options.1 * 4];
            let builder = builder.tcp(source, destination, 7, 512).ack(9);
            let builder = builder.options_raw(&options).expect("up to ten words");
            builder.write_to_vec(&mut frame, &self.payload)
        } else {
            let builder = builder.udp(source, destination);
            builder.write_to_vec(&mut frame, &self.payload)
        };
        written.expect("the payload fits");
        frame
    }

    /// Where the transport header of the frame ends.
    pub fn transport_end(&self) -> usize {
        let ip = if self.is_v6 {
            40
        } else {
            20 + self.options.0 * 4
        };
        let transport = if self.is_tcp {
            20 + self.options.1 * 4
        } else {
            8
        };
        14 + 4 * self.tags + ip + transport
    }
}

/// What `etherparse` thinks of lengths and checksums: nothing when all are right.
pub fn complaint(frame: &[u8]) -> Option<String> {
    let parsed = match SlicedPacket::from_ethernet(frame) {
        Ok(parsed) => parsed,
        Err(error) => return Some(error.to_string()),
    };
    let Some(transport) = parsed.transport else {
        return Some("no transport header".to_owned());
    };
    let (udp, tcp);
    match &transport {
        TransportSlice::Udp(slice) => {
            udp = Some((slice.to_header(), slice.payload()));
            tcp = None;
        }
        TransportSlice::Tcp(slice) => {
            tcp = Some((slice.to_header(), slice.payload()));
            udp = None;
        }
        _ => return Some("neither TCP nor UDP".to_owned()),
    }
    let (found, expected) = match parsed.net? {
        NetSlice::Ipv4(ip) => {
            let header = ip.header().to_header();
            if header.header_checksum != header.calc_header_checksum() {
                return Some(format!("IPv4 checksum {:04x}", header.header_checksum));
            }
            let (source, destination) = (header.source, header.destination);
            match (udp, tcp) {
                (Some((udp, payload)), _) => (
                    udp.checksum,
                    udp.calc_checksum_ipv4_raw(source, destination, payload),
                ),
                (_, Some((tcp, payload))) => (
                    tcp.checksum,
                    tcp.calc_checksum_ipv4_raw(source, destination, payload),
                ),
                _ => return Some("nothing".to_owned()),
            }
        }
        NetSlice::Ipv6(ip) => {
            let header = ip.header().to_header();
            let (source, destination) = (header.source, header.destination);
            match (udp, tcp) {
                (Some((udp, payload)), _) => (
                    udp.checksum,
                    udp.calc_checksum_ipv6_raw(source, destination, payload),
                ),
                (_, Some((tcp, payload))) => (
                    tcp.checksum,
                    tcp.calc_checksum_ipv6_raw(source, destination, payload),
                ),
                _ => return Some("nothing".to_owned()),
            }
        }
        _ => return Some("not IP".to_owned()),
    };
    let is_udp = matches!(transport, TransportSlice::Udp(_));
    match expected {
        Ok(expected) if found == expected || (is_udp && found == 0) => None,
        Ok(expected) => Some(format!("checksum {found:04x} and not {expected:04x}")),
        Err(error) => Some(error.to_string()),
    }
}

#[track_caller]
pub fn assert_right(frame: &[u8]) {
    if let Some(complaint) = complaint(frame) {
        panic!("{complaint}: {}", text(frame));
    }
}
