//! Frames with INT headers, made by the golden models of the nodes in front.

use std::sync::{Arc, Mutex};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::int::IntNode;
use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;
use seqnic_testbench::axis::SentFrame;
use seqnic_testbench::{Expected, IntOracle, Oracle, ReportFault, ReportFrame};

use super::config;

/// The model of a node, which also keeps the reports that come.
pub struct Recording {
    oracle: IntOracle,
    reports: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Recording {
    /// The model, and where its reports will be.
    pub fn new(config: &Config) -> (Self, Arc<Mutex<Vec<Vec<u8>>>>) {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let recording = Self {
            oracle: IntOracle::new(config).expect("there is a node"),
            reports: reports.clone(),
        };
        (recording, reports)
    }
}

impl Oracle for Recording {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        self.oracle.expect(frame, time, out)
    }

    fn report(&mut self, report: &ReportFrame<'_>) -> Result<(), ReportFault> {
        let mut reports = self.reports.lock().expect("nobody panics with it");
        reports.push(report.bytes.to_vec());
        self.oracle.report(report)
    }

    fn reports_end(&mut self, dropped: u32) -> Result<(), ReportFault> {
        self.oracle.reports_end(dropped)
    }
}

/// Bytes from pairs of hexadecimal digits; other characters are left out.
pub fn hex(text: &str) -> Vec<u8> {
    let digits = text.chars().filter_map(|digit| digit.to_digit(16));
    let digits: Vec<u8> = digits.map(|digit| digit as u8).collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// The bits of `tuser` of the nodes in front.
const TUSER_BITS: usize = 512;

/// What is in front of the node that is tested.
pub struct Path {
    /// The nodes, the source first.
    nodes: Vec<IntNode>,
    random: Pcg64Mcg,
}

impl Path {
    /// A source and transit hops with these keys of `[int]`; those of the source alone in `source`.
    pub fn new(keys: &str, source: &str, hops: usize, seed: u64) -> Self {
        let node = |more: &str| {
            let toml = format!("bus.tuser_bits = {TUSER_BITS}\n[int]\n{keys}\n{more}");
            IntNode::new(&config(&toml)).expect("there is a node")
        };
        let source = node(&format!("node_id = 7\n{source}\n[[int.watch]]"));
        let hops = (0..hops).map(|hop| node(&format!("role = \"transit\"\nnode_id = {hop}")));
        Self {
            nodes: [source].into_iter().chain(hops).collect(),
            random: Pcg64Mcg::seed_from_u64(seed),
        }
    }

    /// A frame behind some of the nodes, most often all of them.
    pub fn frame(&mut self) -> Vec<u8> {
        let frame = ip_frame(&mut self.random);
        let passed = match self.random.random_range(0..4) {
            0 => self.random.random_range(0..=self.nodes.len()),
            _ => self.nodes.len(),
        };
        self.nodes[..passed].iter_mut().fold(frame, |frame, node| {
            let tuser: Vec<u8> = (0..TUSER_BITS / 8).map(|_| self.random.random()).collect();
            let out = node.process(&frame, &tuser);
            out.frame.expect("only a sink drops frames")
        })
    }

    /// So many packets; one in four of them is damaged.
    pub fn packets(mut self, count: usize) -> Vec<Packet> {
        let frames = (0..count).map(|number| {
            let mut data = self.frame();
            if self.random.random_range(0..4) == 0 {
                damage(&mut self.random, &mut data);
            }
            Packet {
                timestamp_ns: 1000 * number as u64,
                data,
            }
        });
        frames.collect()
    }
}

/// So many of [`ip_frame`].
pub fn ip_packets(count: usize, seed: u64) -> Vec<Packet> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let packets = (0..count).map(|number| Packet {
        timestamp_ns: 1000 * number as u64,
        data: ip_frame(&mut random),
    });
    packets.collect()
}

/// An IP packet whose lengths are right, with random checksums: TCP with and without options, UDP with and without a
/// checksum, fragments, other protocols; up to two VLAN tags, IPv4 options, IPv6; bytes behind the packet.
pub fn ip_frame(random: &mut Pcg64Mcg) -> Vec<u8> {
    let mut frame: Vec<u8> = (0..12).map(|_| random.random()).collect();
    for _ in 0..[0, 0, 0, 1, 2][random.random_range(0..5)] {
        frame.extend([0x81, 0x00, random.random(), random.random()]);
    }
    let is_v6 = random.random_range(0..3) == 0;
    let protocol: u8 = [6, 6, 17, 17, 17, 132][random.random_range(0..6)];
    let payload = match random.random_range(0..4) {
        0 => 0,
        1 => random.random_range(0..1400),
        _ => random.random_range(0..80),
    };
    let mut datagram: Vec<u8> = (0..payload).map(|_| random.random()).collect();
    let mut ports = || {
        [
            random.random(),
            random.random(),
            random.random(),
            random.random(),
        ]
    };
    let header = match protocol {
        6 => {
            let options = [0, 0, 3, 10][random.random_range(0..4)];
            let mut header: Vec<u8> = (0..20 + 4 * options).map(|_| random.random()).collect();
            header[12] = (5 + options as u8) << 4;
            header
        }
        17 => {
            let mut header = ports().to_vec();
            header.extend(((8 + payload) as u16).to_be_bytes());
            let checksum: u16 =
                [random.random(), random.random(), 0, 0xffff][random.random_range(0..4)];
            header.extend(checksum.to_be_bytes());
            header
        }
        _ => Vec::new(),
    };
    datagram.splice(0..0, header);
    if is_v6 {
        frame.extend([0x86, 0xdd, 0x60 | random.random::<u8>() >> 4]);
        frame.extend([random.random::<u8>(), random.random(), random.random()]);
        frame.extend((datagram.len() as u16).to_be_bytes());
        frame.extend([protocol, 64]);
        frame.extend((0..32).map(|_| random.random::<u8>()));
    } else {
        let options = [0, 0, 0, 2, 10][random.random_range(0..5)];
        let length = (20 + 4 * options + datagram.len()) as u16;
        frame.extend([0x08, 0x00, 0x45 + options as u8, random.random()]);
        frame.extend(length.to_be_bytes());
        frame.extend([random.random::<u8>(), random.random()]);
        // One in eight is a fragment, the first one or a later one.
        let fragment = [0x4000, 0x4000, 0, 0, 0, 0, 0x2000, 0x0007_u16][random.random_range(0..8)];
        frame.extend(fragment.to_be_bytes());
        frame.extend([64, protocol]);
        frame.extend((0..10 + 4 * options).map(|_| random.random::<u8>()));
    }
    frame.extend(datagram);
    if random.random_range(0..4) == 0 {
        frame.extend((0..random.random_range(1..20)).map(|_| random.random::<u8>()));
    }
    frame
}

/// Flips a bit where headers are, cuts the frame, or changes a length.
fn damage(random: &mut Pcg64Mcg, frame: &mut Vec<u8>) {
    match random.random_range(0..3) {
        0 => frame.truncate(random.random_range(1..=frame.len())),
        _ => {
            for _ in 0..random.random_range(1..3) {
                let at = random.random_range(12..frame.len().clamp(13, 130));
                if let Some(byte) = frame.get_mut(at) {
                    *byte ^= 1 << random.random_range(0..8);
                }
            }
        }
    }
}
