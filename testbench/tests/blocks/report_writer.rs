use std::collections::VecDeque;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::report_writer::{Front, MetadataKind, ReportSpec, report_writer};
use seqnic_spec::flowradar::DatagramHeader;
use seqnic_spec::int::{GroupHeader, IndividualHeader, ReportBody};

use super::bench::{Bench, chance, random};

/// Ethernet, IPv4, UDP, the group header and the individual report, with zeros where a report fills in.
const TEMPLATE: [u8; 62] = [
    0x02, 0, 0, 0, 1, 0, 0x02, 0, 0, 0, 0, 0x99, 0x08, 0x00, // Ethernet
    0x45, 0x28, 0, 0, 0, 0, 0x40, 0x00, 64, 17, 0, 0, 10, 0, 0, 9, 0, 0, 0, 0, // IPv4
    0x30, 0x39, 0x7f, 0xff, 0, 0, 0, 0, // UDP
    0x25, 0x40, 0, 0, 0, 0, 0x0a, 0x11, // group: version 2, hardware 21, node 0xa11
    0x13, 0, 0, 0x20, 0, 0, 0x12, 0x34, 0, 0, 0,
    0, // individual: INT, Ethernet, tracked, domain 0x1234
];

const COLLECTORS: [[u8; 4]; 4] = [
    [192, 168, 255, 255],
    [192, 169, 0, 0],
    [192, 169, 0, 1],
    [192, 169, 0, 2],
];

fn front(kinds: Vec<MetadataKind>, has_body: bool, has_domain: bool) -> Front {
    Front {
        datagram: DatagramHeader {
            destination_mac: [0x02, 0, 0, 0, 1, 0],
            source_mac: [0x02, 0, 0, 0, 0, 0x99],
            ethertype: 0x0800,
            version: 0x45,
            service: 0x28,
            fragment: 0x4000,
            time_to_live: 64,
            protocol: 17,
            source_ip: 0x0a00_0009,
            destination_ip: 0xc0a8_ffff,
            source_port: 12345,
            destination_port: 32767,
            ..DatagramHeader::default()
        },
        collectors: COLLECTORS.len(),
        group: GroupHeader {
            version: 2,
            hw_id: 21,
            sequence: 0,
            node_id: 0xa11,
        },
        individual: IndividualHeader {
            report_type: 1,
            inner_type: 3,
            tracked: 1,
            ..IndividualHeader::default()
        },
        body: has_body.then(|| ReportBody {
            domain_id: 0x1234,
            ..ReportBody::default()
        }),
        has_domain,
        kinds,
    }
}

fn kinds(bits: &[(usize, usize)]) -> Vec<MetadataKind> {
    let kind = |&(bit, bytes)| MetadataKind { bit, bytes };
    bits.iter().map(kind).collect()
}

fn spec(data_bits: usize, report_bits: usize, kinds: Vec<MetadataKind>) -> ReportSpec {
    ReportSpec {
        data_bits,
        report_bits,
        copies: true,
        fill: true,
        front: front(kinds, true, false),
    }
}

/// A report that is asked for.
#[derive(Clone, Debug)]
struct Order {
    target: usize,
    number: u32,
    /// The metadata, all bytes of all kinds.
    metadata: Vec<u8>,
    /// Which kinds are there.
    available: u64,
    domain: u16,
    copy: Vec<u8>,
}

impl Order {
    fn random(random: &mut Pcg64Mcg, spec: &ReportSpec) -> Self {
        let kinds = &spec.front.kinds;
        let bytes = kinds.iter().map(|kind| kind.bytes).sum();
        let length = match random.random_range(0..4) {
            0 => 1014 + random.random_range(0..20),
            _ => random.random_range(1..200),
        };
        Self {
            target: random.random_range(0..COLLECTORS.len()),
            number: random.random_range(0..1 << 22),
            metadata: (0..bytes).map(|_| random.random()).collect(),
            available: random.random_range(0..1 << kinds.len()),
            domain: random.random(),
            copy: (0..length).map(|_| random.random()).collect(),
        }
    }

    fn note(&self, kinds: usize) -> Vec<u64> {
        let mut bits: Vec<bool> = (0..kinds)
            .map(|kind| self.available >> kind & 1 == 1)
            .collect();
        let of_byte = |byte: &u8| (0..8).map(|bit| byte >> bit & 1 == 1).collect::<Vec<_>>();
        bits.extend(self.metadata.iter().flat_map(of_byte));
        bits.extend(self.domain.to_be_bytes().iter().flat_map(of_byte));
        let word = |chunk: &[bool]| {
            chunk
                .iter()
                .rev()
                .fold(0, |word, &bit| word << 1 | u64::from(bit))
        };
        bits.chunks(64).map(word).collect()
    }

    /// The frame, from RFC 791, RFC 768 and Telemetry Report Format 2.0.
    fn frame(&self, spec: &ReportSpec) -> Vec<u8> {
        let (mut body, mut bitmap, mut offset) = (Vec::<u8>::new(), 0u16, 0);
        for (index, kind) in spec.front.kinds.iter().enumerate() {
            if self.available >> index & 1 == 1 {
                body.extend(&self.metadata[offset..offset + kind.bytes]);
                bitmap |= 0x8000 >> kind.bit;
            }
            offset += kind.bytes;
        }
        let metadata_words = body.len() / 4;
        body.extend(&self.copy);
        if spec.fill {
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let header_words = if spec.front.body.is_some() { 2 } else { 0 };
        let words = header_words + body.len() / 4;
        let length = match body.len() % 4 {
            0 => words.min(255) as u8,
            _ => 255,
        };
        let mut frame = TEMPLATE[..54 + 4 * header_words].to_vec();
        let behind = (header_words * 4 + body.len()) as u16;
        frame[16..18].copy_from_slice(&(40 + behind).to_be_bytes());
        frame[30..34].copy_from_slice(&COLLECTORS[self.target]);
        frame[38..40].copy_from_slice(&(20 + behind).to_be_bytes());
        let mut sum: u32 = frame[14..34]
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1]))
            .sum();
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        frame[24..26].copy_from_slice(&(!sum as u16).to_be_bytes());
        frame[43] |= (self.number >> 16) as u8;
        frame[44..46].copy_from_slice(&(self.number as u16).to_be_bytes());
        (frame[51], frame[52]) = (length, metadata_words as u8);
        if spec.front.body.is_some() {
            frame[54..56].copy_from_slice(&bitmap.to_be_bytes());
        }
        if spec.front.has_domain {
            frame[56..58].copy_from_slice(&self.domain.to_be_bytes());
        }
        frame.extend(body);
        frame
    }
}

/// Has reports written, with so many percent of the cycles stalled; gives them, and the cycles from the first beat to
/// the last.
fn write(spec: &ReportSpec, orders: &[Order], stall: u32, seed: u64) -> (Vec<Vec<u8>>, usize) {
    let mut bench = Bench::new(report_writer("writer", spec));
    let mut random = random(seed);
    let mut waiting: VecDeque<&Order> = orders.iter().collect();
    let mut words: VecDeque<Vec<u8>> = VecDeque::new();
    let bus_bytes = spec.data_bits / 8;
    let copies = orders.iter().flat_map(|order| order.copy.chunks(bus_bytes));
    // Behind the end of a copy stands anything.
    words.extend(copies.map(|bytes| {
        let mut word = vec![0xee; bus_bytes];
        word[..bytes.len()].copy_from_slice(bytes);
        word
    }));
    let (mut frames, mut frame) = (Vec::new(), Vec::new());
    let (mut first, mut held) = (None, None);
    for cycle in 0..200_000 {
        let order = waiting.front();
        // An order may come at any time.
        let comes = order.filter(|_| held.is_some() || chance(&mut random, 60));
        held = comes.map(|_| ());
        bench.set("order_valid", comes.is_some().into());
        if let Some(order) = comes {
            bench.set("order_bytes", order.copy.len() as u64);
            bench.set("order_target", order.target as u64);
            bench.set("order_number", order.number.into());
            if bench.has("order_note") {
                bench.set_words("order_note", &order.note(spec.front.kinds.len()));
            }
        }
        if let Some(word) = words.front().filter(|_| spec.copies) {
            bench.set_bytes("word", word);
        }
        let ready = !chance(&mut random, stall);
        bench.set("m_axis_report_tready", ready.into());
        bench.eval();
        if ready && bench.get("m_axis_report_tvalid") == 1 {
            first.get_or_insert(cycle);
            let kept: u32 = bench
                .words("m_axis_report_tkeep")
                .iter()
                .map(|word| word.count_ones())
                .sum();
            assert_eq!(
                bench.get("m_axis_report_tkeep"),
                u64::MAX >> (64 - kept),
                "the bytes of a beat are its first ones"
            );
            frame.extend(bench.bytes("m_axis_report_tdata", kept as usize));
            if bench.get("m_axis_report_tlast") == 1 {
                frames.push(std::mem::take(&mut frame));
            } else {
                assert_eq!(
                    kept as usize,
                    spec.report_bits / 8,
                    "a beat that is not full"
                );
            }
        }
        if bench.get("order_ready") == 1 {
            waiting.pop_front();
            held = None;
        }
        if spec.copies && bench.get("word_ready") == 1 {
            words.pop_front();
        }
        bench.clock();
        if frames.len() == orders.len() {
            assert!(words.is_empty(), "{} words are left", words.len());
            return (frames, cycle - first.unwrap_or(0) + 1);
        }
    }
    (frames, 0)
}

#[test]
fn reports_have_lengths_checksum_number_target_and_the_metadata_that_is_there() {
    let all = [
        (1, 4),
        (2, 4),
        (3, 4),
        (4, 8),
        (5, 8),
        (6, 8),
        (7, 4),
        (8, 4),
        (15, 4),
    ];
    for (data_bits, report_bits) in [
        (64, 64),
        (128, 64),
        (512, 64),
        (512, 128),
        (1024, 128),
        (512, 512),
        (256, 256),
    ] {
        for kinds in [kinds(&all), kinds(&all[1..2]), kinds(&[(5, 8)]), kinds(&[])] {
            let spec = spec(data_bits, report_bits, kinds);
            let mut random = random(report_bits as u64);
            let orders: Vec<Order> = (0..60).map(|_| Order::random(&mut random, &spec)).collect();
            let expected: Vec<Vec<u8>> = orders.iter().map(|order| order.frame(&spec)).collect();
            for stall in [0, 50] {
                let (frames, _) = write(&spec, &orders, stall, 4);
                for (index, (frame, expected)) in frames.iter().zip(&expected).enumerate() {
                    assert_eq!(
                        frame, expected,
                        "{data_bits} to {report_bits} bits, {stall} % stalled, report {index}: {:?}",
                        orders[index]
                    );
                }
                assert_eq!(
                    frames.len(),
                    expected.len(),
                    "{data_bits} to {report_bits} bits, {stall} % stalled"
                );
            }
        }
    }
}

#[test]
fn without_fill_a_report_ends_with_its_copy_and_says_255_words_where_that_is_inside_a_word() {
    for (data_bits, report_bits, has_body) in [
        (64, 64, true),
        (512, 64, false),
        (512, 128, true),
        (1024, 128, false),
        (256, 256, true),
        (512, 512, false),
    ] {
        let bits: &[(usize, usize)] = if has_body { &[(1, 4), (6, 8)] } else { &[] };
        let spec = ReportSpec {
            fill: false,
            front: front(kinds(bits), has_body, false),
            ..spec(data_bits, report_bits, Vec::new())
        };
        let mut random = random(12);
        // Each length up to two beats of 512 bits, and those around 255 words.
        let orders = (1..=128).chain(1000..=1024).map(|length| Order {
            copy: (0..length).map(|_| random.random()).collect(),
            ..Order::random(&mut random, &spec)
        });
        let orders: Vec<Order> = orders.collect();
        for stall in [0, 50] {
            let (frames, _) = write(&spec, &orders, stall, 5);
            assert_eq!(frames.len(), orders.len());
            for (frame, order) in frames.iter().zip(&orders) {
                assert_eq!(
                    frame,
                    &order.frame(&spec),
                    "{data_bits} to {report_bits} bits, {stall} % stalled: {order:?}"
                );
            }
        }
    }
}

#[test]
fn a_mirror_has_no_body_and_a_sink_the_domain_of_the_packet() {
    for (has_body, has_domain) in [(false, false), (true, true)] {
        for report_bits in [64, 128, 256] {
            let bits: &[(usize, usize)] = if has_body { &[(1, 4), (6, 8)] } else { &[] };
            let spec = ReportSpec {
                front: front(kinds(bits), has_body, has_domain),
                ..spec(256, report_bits, Vec::new())
            };
            let mut random = random(6);
            let orders: Vec<Order> = (0..60).map(|_| Order::random(&mut random, &spec)).collect();
            let expected: Vec<Vec<u8>> = orders.iter().map(|order| order.frame(&spec)).collect();
            assert_eq!(
                write(&spec, &orders, 30, 2).0,
                expected,
                "{report_bits} bits"
            );
        }
    }
}

#[test]
fn reports_without_a_copy_end_behind_their_metadata() {
    for kinds in [kinds(&[(1, 4), (5, 8)]), kinds(&[])] {
        let spec = ReportSpec {
            copies: false,
            ..spec(512, 128, kinds)
        };
        let mut random = random(8);
        let orders = (0..60).map(|_| Order {
            copy: Vec::new(),
            ..Order::random(&mut random, &spec)
        });
        let orders: Vec<Order> = orders.collect();
        let expected: Vec<Vec<u8>> = orders.iter().map(|order| order.frame(&spec)).collect();
        for stall in [0, 50] {
            assert_eq!(write(&spec, &orders, stall, 2).0, expected);
        }
    }
}

#[test]
fn a_report_is_these_bytes() {
    let filled = spec(128, 64, kinds(&[(1, 4), (2, 4), (5, 8)]));
    // The latency is not there.
    let order = Order {
        target: 1,
        number: 0x2_0003,
        metadata: vec![0, 10, 0, 11, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 2],
        available: 0b101,
        domain: 0,
        copy: vec![0xa0, 0xa1, 0xa2],
    };
    let orders = std::slice::from_ref(&order);
    let mut expected = [
        0x02, 0, 0, 0, 1, 0, 0x02, 0, 0, 0, 0, 0x99, 0x08, 0x00, //
        0x45, 0x28, 0, 64, 0, 0, 0x40, 0x00, 64, 17, 0x6f, 0xd3, 10, 0, 0, 9, 192, 169, 0,
        0, //
        0x30, 0x39, 0x7f, 0xff, 0, 44, 0, 0, //
        0x25, 0x42, 0x00, 0x03, 0, 0, 0x0a, 0x11, //
        0x13, 6, 3, 0x20, 0x44, 0x00, 0x12, 0x34, 0, 0, 0, 0, //
        0, 10, 0, 11, 0, 0, 0, 1, 0, 0, 0, 2, //
        0xa0, 0xa1, 0xa2, 0,
    ];
    assert_eq!(write(&filled, orders, 0, 1).0, [expected]);

    // One byte less, in both lengths and the checksum, and words to the end.
    (expected[17], expected[25]) = (63, 0xd4);
    (expected[39], expected[51]) = (43, 255);
    let as_it_is = ReportSpec {
        fill: false,
        ..filled
    };
    assert_eq!(write(&as_it_is, orders, 0, 1).0, [&expected[..77]]);
}

#[test]
fn a_report_takes_a_cycle_a_beat_one_for_each_metadata_and_a_few() {
    let spec = spec(512, 128, kinds(&[(1, 4), (2, 4), (5, 8)]));
    let mut random = random(1);
    let order = Order {
        available: 0b111,
        copy: vec![7; 128],
        ..Order::random(&mut random, &spec)
    };
    let orders = vec![order; 50];
    let (_, cycles) = write(&spec, &orders, 0, 1);
    // 4 pieces of the front, 3 of metadata, 8 of the copy; and what is between two reports.
    let least = 50 * (4 + 3 + 8);
    assert!(
        (least..=least + 50 * 5).contains(&cycles),
        "{cycles} cycles, {least} for the pieces"
    );
}
