//! The encoder's model against keys, hash values and cells by hand, and against what holds for every table.

use std::collections::HashMap;

use seqnic_sim::model::flowradar::{Bank, FlowKey, FlowRadarEncoder, HashBank};
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_spec::flowradar::{FlowRadar, Fragment, HashFunction, KeyKind};

fn config(text: &str) -> FlowRadar {
    let config = Config::from_toml_str(&format!("[flowradar]\n{text}"), "test").unwrap();
    *config.flowradar().unwrap()
}

/// The text of a key, as the bytes that the document lists.
fn key_of(frame: &[u8], kind: KeyKind) -> String {
    let bytes = FlowKey::of_frame(frame, kind).bytes(kind);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn frame(ethertype: [u8; 2], network: &[u8], transport: &[u8]) -> Vec<u8> {
    [&[0xee; 12][..], &ethertype, network, transport].concat()
}

/// An IPv4 header from 10.0.0.1 to 192.168.1.2 with these flags and offset, and this protocol.
fn ipv4(fragment: [u8; 2], protocol: u8) -> [u8; 20] {
    let [high, low] = fragment;
    [
        0x45, 0, 0, 40, 0, 1, high, low, 64, protocol, 0, 0, 10, 0, 0, 1, 192, 168, 1, 2,
    ]
}

/// 8080 to 80, and zeros up to the end of a TCP header.
const PORTS: [u8; 20] = [
    0x1f, 0x90, 0, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0, 0, 0, 0, 0, 0,
];

#[test]
fn a_key_is_the_five_tuple_and_canonical_without_ports() {
    let kind = KeyKind::FiveTuple;
    let key = |fragment, protocol, transport: &[u8]| {
        key_of(&frame([8, 0], &ipv4(fragment, protocol), transport), kind)
    };
    assert_eq!(key([0x40, 0], 6, &PORTS), "0a000001c0a801021f90005006");
    assert_eq!(key([0, 0], 17, &PORTS[..8]), "0a000001c0a801021f90005011");
    // ICMP; a TCP header that is cut short; the first fragment and a later one.
    assert_eq!(key([0, 0], 1, &PORTS), "0a000001c0a801020000000001");
    assert_eq!(key([0, 0], 6, &PORTS[..19]), "0a000001c0a801020000000006");
    assert_eq!(key([0x20, 0], 17, &PORTS), "0a000001c0a801020000000011");
    assert_eq!(key([0, 1], 17, &PORTS), "0a000001c0a801020000000011");
    // ARP, and a frame that is no Ethernet frame.
    assert_eq!(
        key_of(&frame([8, 6], &[0xff; 28], &[]), kind),
        "0".repeat(26)
    );
    assert_eq!(key_of(&[1; 13], kind), "0".repeat(26));
}

#[test]
fn ipv6_addresses_are_folded_or_kept() {
    let mut header = [0; 40];
    header[0] = 0x60;
    header[6] = 17;
    header[8..24].copy_from_slice(&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 4]);
    header[24..40].copy_from_slice(&[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0xfe, 0x80, 0, 0, 1, 2, 3, 4]);
    let packet = frame([0x86, 0xdd], &header, &PORTS[..8]);
    assert_eq!(
        key_of(&packet, KeyKind::FiveTuple),
        "20010dbf010203041f90005011"
    );
    assert_eq!(
        key_of(&packet, KeyKind::Ipv6FiveTuple),
        "20010db8000000010000000200000004fe80000000000000fe800000010203041f90005011"
    );
    let packet = frame([8, 0], &ipv4([0, 0], 6), &PORTS);
    assert_eq!(
        key_of(&packet, KeyKind::Ipv6FiveTuple),
        "00000000000000000000ffff0a00000100000000000000000000ffffc0a801021f90005006"
    );
}

#[test]
fn a_key_says_its_five_tuple() {
    for (kind, packet) in [
        (KeyKind::FiveTuple, frame([8, 0], &ipv4([0, 0], 6), &PORTS)),
        (
            KeyKind::Ipv6FiveTuple,
            frame([8, 0], &ipv4([0, 0], 6), &PORTS),
        ),
    ] {
        let key = FlowKey::of_frame(&packet, kind);
        let tuple = key.tuple(kind);
        assert_eq!(
            (tuple.source.to_string(), tuple.destination.to_string()),
            ("10.0.0.1".to_owned(), "192.168.1.2".to_owned())
        );
        assert_eq!(
            (tuple.source_port, tuple.destination_port, tuple.protocol),
            (8080, 80, 6)
        );
        assert_eq!(FlowKey::of_tuple(&tuple, kind), key);
    }
}

/// The raw value of a function, bit by bit as the document says.
fn raw(function: HashFunction, key: &FlowKey, kind: KeyKind) -> u32 {
    let bytes = key.bytes(kind);
    let crc = |polynomial: u32| {
        let bits = bytes
            .iter()
            .flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)));
        bits.fold(u32::MAX, |crc, bit| {
            let is_out = crc >> 31 ^ bit == 1;
            crc << 1 ^ if is_out { polynomial } else { 0 }
        })
    };
    match function {
        HashFunction::Crc(polynomial) => crc(polynomial),
        HashFunction::CrcSum(first, second) => {
            let sum = crc(first).wrapping_add(crc(second));
            sum.wrapping_add(sum.rotate_left(13))
        }
        HashFunction::Tabulation(tables) => {
            let bit = |at: usize| {
                usize::from(
                    bytes.len() > at / 8 && bytes[bytes.len() - 1 - at / 8] >> (at % 8) & 1 == 1,
                )
            };
            let chunk = |chunk: usize| (0..6).map(|at| bit(6 * chunk + at) << at).sum();
            (0..kind.bits().div_ceil(6)).fold(0, |hash, at| hash ^ tables.word(at, chunk(at)))
        }
    }
}

/// The values are computed by a program of their own from the document.
#[test]
fn raw_hash_values_are_those_of_the_document() {
    let kind = KeyKind::FiveTuple;
    let key = FlowKey::of_frame(&frame([8, 0], &ipv4([0, 0], 6), &PORTS), kind);
    let values =
        |hash: &str| [0, 1, 2].map(|f| raw(config(hash).geometry().table_hash(f), &key, kind));
    assert_eq!(
        values("hash = \"crc\""),
        [0x8e99_1858, 0x6120_f18e, 0x89e3_88d9]
    );
    assert_eq!(
        values("hash = \"crc-sum\""),
        [0x30f6_e7dd, 0xaca2_c440, 0x7a51_77c7]
    );
    assert_eq!(
        values("hash = \"tabulation\""),
        [0xf9fc_ed81, 0xf08b_dcef, 0xd320_7b07]
    );
    let (kind, key) = (
        KeyKind::Ipv6FiveTuple,
        FlowKey::from_bytes(&(0..37).collect::<Vec<u8>>()),
    );
    let values =
        |hash: &str| [0, 1, 2].map(|f| raw(config(hash).geometry().table_hash(f), &key, kind));
    assert_eq!(
        values("hash = \"crc-sum\""),
        [0xb4bb_fa5b, 0x0c3d_b8b4, 0xa41f_7fc1]
    );
    assert_eq!(
        values("hash = \"tabulation\""),
        [0xd35c_eeff, 0xd33b_226e, 0x5b03_bd4b]
    );
}

#[test]
fn indices_are_the_scaled_upper_bits_of_raw_values() {
    for hash in ["crc-sum", "tabulation", "crc"] {
        for kind in KeyKind::ALL {
            let config = config(&format!(
                "hash = \"{hash}\"\nkey = \"{kind}\"\ntables = 8\nflows = 1000\nseed = 5"
            ));
            let geometry = config.geometry();
            let (tables, filter) = (HashBank::of_tables(geometry), HashBank::of_filter(geometry));
            for number in 0..200_u64 {
                let words = [1, 2, 3, 5, 7].map(|factor: u64| {
                    number.wrapping_mul(factor.wrapping_mul(0x9e37_79b9_7f4a_7c15))
                });
                let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
                let key = FlowKey::from_bytes(&bytes[..kind.bytes()]);
                let expected = |function, size: usize, bits: usize| {
                    ((u64::from(raw(function, &key, *kind) >> (32 - bits)) * size as u64) >> bits)
                        as u32
                };
                let cells: [u32; 8] = tables.indices(key.words());
                for (table, cell) in cells.into_iter().enumerate() {
                    // 164 cells grow to 176 = 11 * 16: 8 bits and 3 more.
                    assert_eq!(
                        cell,
                        expected(geometry.table_hash(table), 176, 11),
                        "{hash}"
                    );
                }
                let bits: [u32; 16] = filter.indices(key.words());
                for (partition, bit) in bits.into_iter().take(8).enumerate() {
                    // 5000 bits grow to 5120 = 10 * 512: 13 bits and 3 more.
                    assert_eq!(
                        bit,
                        expected(geometry.filter_hash(partition), 5120, 16),
                        "{hash}"
                    );
                }
            }
        }
    }
}

/// What holds for every table, whatever is in it.
fn check_sums(bank: &Bank) {
    let flow_xor = |cells: &[seqnic_sim::model::flowradar::Cell]| {
        cells.iter().fold([0; 5], |sum: [u64; 5], cell| {
            std::array::from_fn(|word| sum[word] ^ cell.flow_xor.words()[word])
        })
    };
    for table in &bank.tables {
        let flows: u32 = table.iter().map(|cell| u32::from(cell.flow_count)).sum();
        let packets = table
            .iter()
            .fold(0_u32, |sum, cell| sum.wrapping_add(cell.packet_count));
        assert_eq!((flows, packets), (bank.flows, bank.packets));
        assert_eq!(flow_xor(table), flow_xor(&bank.tables[0]));
    }
}

#[test]
fn a_cell_has_the_flows_and_packets_that_hash_to_it() {
    let config = config("flows = 300\nbyte_counts = true\nload_flows = 100");
    let geometry = config.geometry();
    let hash = HashBank::of_tables(geometry);
    let mut encoder = FlowRadarEncoder::new(&config);
    let (mut flows, mut loads) = (HashMap::<_, (u32, u64)>::new(), 0);
    let spec = TraceSpec {
        flows: Some(250),
        ..TraceSpec::new(TraceKind::Hadoop, 20_000, 3)
    };
    for packet in Trace::new(&spec).unwrap() {
        let recorded = encoder.process(&packet.data);
        let (packets, bytes) = flows.entry(recorded.key).or_default();
        assert_eq!(recorded.is_new, *packets == 0);
        (*packets, *bytes) = (*packets + 1, *bytes + packet.data.len() as u64);
        loads += u32::from(recorded.reaches_load);
        assert_eq!(recorded.reaches_load, recorded.is_new && flows.len() == 100);
    }
    assert_eq!((loads, encoder.current().flows as usize), (1, flows.len()));
    for (number, table) in encoder.current().tables.iter().enumerate() {
        for (place, cell) in table.iter().enumerate() {
            let here = flows
                .iter()
                .filter(|(key, _)| hash.indices::<5, 8>(key.words())[number] as usize == place);
            let (mut xor, mut sums) = ([0; 5], (0, 0, 0));
            for (key, (packets, bytes)) in here {
                xor = std::array::from_fn(|word| xor[word] ^ key.words()[word]);
                sums = (sums.0 + 1, sums.1 + packets, sums.2 + bytes);
            }
            assert_eq!(*cell.flow_xor.words(), xor);
            assert_eq!((cell.flow_count, cell.packet_count, cell.byte_count), sums);
        }
    }
    check_sums(encoder.current());
}

#[test]
fn counts_wrap_and_a_flow_count_saturates() {
    let config = config(
        "flows = 100
tables = 8
cells_percent = 100
byte_counts = true
\
         filter_hashes = 1
filter_bits_per_flow = 64",
    );
    let mut encoder = FlowRadarEncoder::new(&config);
    let key = |number: u64| FlowKey::from_words(&[number, 0]);
    let mut flows = 0;
    while !encoder.current().saturated {
        flows += 1;
        encoder.record(&key(flows), 1, 1);
        assert!(flows < 100_000);
    }
    let most = encoder
        .current()
        .tables
        .iter()
        .flatten()
        .map(|cell| cell.flow_count)
        .max();
    assert_eq!(most, Some(255));
    for flow in flows..flows + 1000 {
        encoder.record(&key(flow), 1, 1);
    }
    assert!(
        encoder
            .current()
            .tables
            .iter()
            .flatten()
            .any(|cell| cell.flow_count == 255)
    );

    encoder.request_swap();
    encoder.record(&key(1), u32::MAX, (1 << 40) - 1);
    encoder.record(&key(1), 3, 3);
    let cells = encoder
        .current()
        .tables
        .iter()
        .flatten()
        .filter(|cell| cell.flow_count == 1);
    let counts: Vec<_> = cells
        .map(|cell| (cell.packet_count, cell.byte_count))
        .collect();
    assert_eq!(counts, [(2, 2); 8]);
}

#[test]
fn no_bank_is_written_before_it_is_clean() {
    let config = config("flows = 50\nswitch_id = 9");
    let mut encoder = FlowRadarEncoder::new(&config);
    let key = FlowKey::from_words(&[5, 5]);
    assert!(encoder.record(&key, 2, 0).is_new && encoder.quiet().is_none());
    assert!(encoder.request_swap());
    assert!(
        encoder.record(&key, 3, 0).is_new,
        "the new epoch has a filter of its own"
    );
    // The other bank still holds epoch 0: two requests are one swap that waits.
    assert!(!encoder.request_swap() && !encoder.request_swap());
    assert_eq!((encoder.epoch(), encoder.overruns()), (1, 1));
    let quiet = encoder.quiet().unwrap();
    assert_eq!((quiet.epoch, quiet.overruns, quiet.bank.packets), (0, 0, 2));
    encoder.clear();
    let quiet = encoder.quiet().unwrap();
    assert_eq!((quiet.epoch, quiet.overruns, quiet.bank.packets), (1, 1, 3));
    assert_eq!((encoder.epoch(), encoder.current().packets), (2, 0));
    encoder.clear();
    assert!(encoder.quiet().is_none() && encoder.request_swap());
    assert_eq!((encoder.epoch(), encoder.overruns()), (3, 1));
}

#[test]
fn fragments_hold_each_word_of_the_quiet_bank_once() {
    let config =
        config("flows = 500\nswitch_id = 9\nexport.fragment_bytes = 100\nbyte_counts = true");
    let mut encoder = FlowRadarEncoder::new(&config);
    assert_eq!(encoder.fragments().count(), 0);
    for flow in 0..400 {
        encoder.record(&FlowKey::from_words(&[flow, 1]), 1 + flow as u32, 64);
    }
    encoder.request_swap();
    let bank = &encoder.quiet().unwrap().bank;
    let mut next = (0, 0);
    for bytes in encoder.fragments() {
        let (fragment, length) = Fragment::read(&bytes).unwrap();
        let header = fragment.header;
        assert_eq!(
            (length, fragment.geometry),
            (bytes.len(), *config.geometry())
        );
        assert_eq!(
            (header.switch_id, header.epoch, header.packets, header.flows),
            (9, 0, bank.packets, 400)
        );
        let memory = usize::from(header.memory);
        assert_eq!((memory, header.offset_words as usize), next);
        for (place, word) in fragment
            .words
            .chunks(config.geometry().word_bytes(memory))
            .enumerate()
        {
            let place = place + header.offset_words as usize;
            if memory < 8 {
                assert_eq!(word, bank.filter[memory][place].to_be_bytes());
            } else {
                let cell = &bank.tables[memory - 8][place];
                assert_eq!(word[..13], cell.flow_xor.bytes(KeyKind::FiveTuple));
                assert_eq!(word[13], cell.flow_count);
                assert_eq!(word[14..18], cell.packet_count.to_be_bytes());
                assert_eq!(word[18..], cell.byte_count.to_be_bytes()[3..]);
            }
        }
        next.1 += usize::from(header.words);
        if next.1 == config.geometry().memory_words(memory) {
            next = (memory + 1, 0);
        }
    }
    assert_eq!(next, (11, 0));
}
