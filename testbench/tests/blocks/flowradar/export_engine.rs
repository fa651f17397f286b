use seqnic_hdl::blocks::flowradar::export_engine::export_engine;
use seqnic_spec::flowradar::{DatagramHeader, FlowRadar, Fragment};

use super::encoder;
use crate::bench::{Bench, chance, random};

/// Byte `byte` of a word, as the export has it.
fn byte(memory: usize, word: usize, byte: usize) -> u8 {
    (31 * memory + 7 * word + 13 * byte + 5) as u8
}

/// Exports memories of these words, and gives the datagrams.
fn export(encoder: &FlowRadar, stall: u32, seed: u64) -> Vec<Vec<u8>> {
    let geometry = encoder.geometry();
    let mut bench = Bench::new(export_engine("export_engine", encoder));
    let mut random = random(seed);
    let quiet = [
        ("epoch", 0x0102_0304),
        ("packets", 0x1112_1314),
        ("flows", 0x2122_2324),
        ("overruns", 0x3132_3334),
        ("saturated", 1),
        ("overrun", 0),
    ];
    for (name, value) in quiet {
        bench.set(&format!("quiet_{name}"), value);
    }
    let (mut frames, mut frame, mut address) = (Vec::new(), Vec::new(), 0);
    let mut done = false;
    for cycle in 0..100_000 {
        bench.set("start", u64::from(cycle == 5));
        for memory in 0..geometry.memories() {
            let bytes: Vec<u8> = (0..geometry.word_bytes(memory))
                .rev()
                .map(|at| byte(memory, address, at))
                .collect();
            bench.set_bytes(&format!("word_{memory}"), &bytes);
        }
        bench.set("m_axis_report_tready", (!chance(&mut random, stall)).into());
        bench.eval();
        let transferred =
            bench.get("m_axis_report_tvalid") & bench.get("m_axis_report_tready") == 1;
        if transferred {
            let kept = bench.get("m_axis_report_tkeep").trailing_ones() as usize;
            frame.extend(bench.bytes("m_axis_report_tdata", kept));
            if bench.get("m_axis_report_tlast") == 1 {
                frames.push(std::mem::take(&mut frame));
                if done {
                    return frames;
                }
            }
        }
        // The memories are read with a clock.
        address = bench.get("read_address") as usize;
        done |= bench.get("done") == 1;
        bench.clock();
    }
    panic!("the export does not end");
}

#[test]
fn every_word_of_every_memory_is_sent_once_with_and_without_stalls() {
    for keys in [
        "flows = 60",
        "flows = 60\nbyte_counts = true\nexport.fragment_bytes = 100",
        "flows = 9\nkey = \"ipv6-five-tuple\"\nexport.fragment_bytes = 42",
        "flows = 30\nkey = \"ipv6-five-tuple\"\nbyte_counts = true\ntables = 5",
    ] {
        let encoder = encoder(&format!("{keys}\nswitch_id = 77"));
        let geometry = encoder.geometry();
        let frames = export(&encoder, 0, 1);
        let stalled = export(&encoder, 60, 2);
        assert_eq!(frames.len(), stalled.len(), "{keys}");
        for (number, (frame, stalled)) in frames.iter().zip(&stalled).enumerate() {
            assert_eq!(frame, stalled, "{keys}: fragment {number}");
        }
        let mut next = (0, 0);
        for frame in &frames {
            let (fragment, length) = Fragment::read(&frame[DatagramHeader::BYTES..])
                .unwrap_or_else(|error| panic!("{keys}: {error}"));
            assert_eq!(DatagramHeader::BYTES + length, frame.len());
            assert_eq!(*frame, encoder.datagram(&frame[DatagramHeader::BYTES..]));
            let header = &fragment.header;
            let said = (header.epoch, header.packets, header.flows, header.overruns);
            assert_eq!(said, (0x0102_0304, 0x1112_1314, 0x2122_2324, 0x3132_3334));
            assert_eq!((header.switch_id, header.flags & 6), (77, 2));
            let memory = usize::from(header.memory);
            assert_eq!((memory, header.offset_words as usize), next, "{keys}");
            let size = geometry.word_bytes(memory);
            for (word, bytes) in fragment.words.chunks(size).enumerate() {
                let sent = (0..size).map(|at| byte(memory, next.1 + word, at));
                assert!(bytes.iter().copied().eq(sent), "{keys}: memory {memory}");
            }
            next.1 += usize::from(header.words);
            if next.1 == geometry.memory_words(memory) {
                next = (memory + 1, 0);
            }
        }
        assert_eq!(next, (geometry.memories(), 0), "{keys}");
    }
}

#[test]
fn the_first_bytes_are_those_of_the_format() {
    let frames = export(&encoder("flows = 60\nswitch_id = 77"), 0, 1);
    let bytes = [
        0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0, // Ethernet
        // IPv4: 8 words of 8 bytes make 28 + 54 + 64 + 4 = 150 bytes.
        0x45, 0, 0, 150, 0, 0, 0x40, 0, 64, 17, 0xb6, 0x53, 192, 0, 2, 2, 192, 0, 2, 1, // UDP
        0xf1, 0x0a, 0xf1, 0x0a, 0, 130, 0, 0, // the fragment
        0x46, 0x6c, 0x52, 0x64, 1, 0b010, 0, 0, 0, 0, 0, 77, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 1, 3,
        8, 0, 0, 0, 0, 0, 28, 0, 0, 2, 0, 0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24, 0x31,
        0x32, 0x33, 0x34, 0, 0, 0, 0, 0, 8,
    ];
    assert_eq!(frames[0][..bytes.len()], bytes);
}
