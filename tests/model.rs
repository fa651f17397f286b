//! `seqnic model`: the bytes that the public XDP programs take.

mod common;

use std::fs;

use common::{pcap, read_pcap, root, seqnic, seqnic_in};

/// A TCP segment over IPv4 to `port` with these flags, from host number `host`.
fn tcp(host: u8, port: u16, flags: u8) -> Vec<u8> {
    let mut frame = vec![0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2, 0x08, 0x00];
    frame.extend([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend([10, 0, 0, host, 10, 0, 1, 1]);
    frame.extend(40_000_u16.to_be_bytes());
    frame.extend(port.to_be_bytes());
    frame.extend([0, 0, 0, 7, 0, 0, 0, 9, 0x50, flags, 0x10, 0, 0, 0, 0, 0]);
    frame
}

/// An ARP request, which no program of TCP concerns.
fn arp() -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([0x02, 0, 0, 0, 0, 2, 0x08, 0x06]);
    frame.extend([0, 1, 8, 0, 6, 4, 0, 1]);
    frame.extend([0; 20]);
    frame
}

const SYN: u8 = 0x02;
const FIN_ACK: u8 = 0x11;
const SYN_FIN: u8 = 0x03;

#[test]
fn port_knocking_has_the_layout_of_the_public_programs() {
    // Twenty packets: more than the 14 cores, so that cores come round and rows fall out.
    let kinds = [(100, SYN), (101, FIN_ACK), (102, SYN_FIN), (0x1234, 0x10)];
    let mut packets = Vec::new();
    let mut rows = Vec::new();
    for number in 0..20_u8 {
        if number % 7 == 3 {
            packets.push((u32::from(number) * 1000, arp()));
            rows.push([0; 8]);
            continue;
        }
        let (port, flags) = kinds[usize::from(number) % 4];
        packets.push((u32::from(number) * 1000, tcp(number, port, flags)));
        // be32 source address; LE u16 destination port; bool SYN; bool FIN.
        let [low, high] = [(port & 0xff) as u8, (port >> 8) as u8];
        rows.push([10, 0, 0, number, low, high, (flags >> 1) & 1, flags & 1]);
    }

    let mut expected = Vec::new();
    for (number, (time, frame)) in packets.iter().enumerate() {
        // The default host address, the core, and IPv4.
        let mut bytes = vec![0x02, 0, 0, 0, 0, 0x01];
        bytes.extend([
            0x10,
            0x10,
            0x10,
            0x10,
            0x10,
            (number % 14) as u8,
            0x08,
            0x00,
        ]);
        for age in (1..=13).rev() {
            bytes.extend(
                number
                    .checked_sub(age)
                    .map_or([0; 8], |before| rows[before]),
            );
        }
        bytes.extend(frame);
        assert_eq!(bytes.len(), 14 + 13 * 8 + frame.len());
        expected.push((u64::from(*time) * 1000, bytes));
    }

    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("in.pcap"), pcap(&packets)).expect("can be written");
    let config = root().join("examples/bpf-profile-portknock.toml");
    let config = config.to_str().expect("plain");
    let line = [
        "model", "--config", config, "--pcap", "in.pcap", "--out", "out.pcap",
    ];
    seqnic_in(folder.path(), &line).success();
    let file = fs::read(folder.path().join("out.pcap")).expect("is there");
    let sent = read_pcap(&file);
    assert_eq!(sent.len(), expected.len());
    for (number, (sent, expected)) in sent.iter().zip(&expected).enumerate() {
        assert_eq!(sent, expected, "packet {number}");
    }
}

#[test]
fn the_model_sends_what_the_hardware_sends_when_time_comes_from_the_port() {
    let folder = tempfile::tempdir().expect("a folder");
    for example in ["conntrack", "tuser-steering", "narrow-64"] {
        let config = root().join(format!("examples/{example}.toml"));
        let run = |line: &str| {
            let mut words: Vec<&str> = line.split_whitespace().collect();
            words.extend([
                "--timestamp",
                "port",
                "--config",
                config.to_str().expect("plain"),
            ]);
            words.extend("--trace hadoop --packets 200 --seed 5".split_whitespace());
            seqnic_in(folder.path(), &words).success();
        };
        run("cosim --out-pcap hardware.pcap");
        run("model --out model.pcap");
        let read = |name: &str| fs::read(folder.path().join(name)).expect("is there");
        assert!(read("hardware.pcap") == read("model.pcap"), "{example}");
    }
}

#[test]
fn figures_come_without_a_file_too() {
    let line = "model --row table2 --rows 16 --trace dctcp --packets 5000 --frame-bytes 64";
    let figures = seqnic(&format!("{line} --json")).json();
    assert_eq!(
        (&figures["frames"], &figures["frames_matched"]),
        (&5000.into(), &5000.into())
    );
    assert_eq!(
        (&figures["bytes_in"], &figures["bytes_out"]),
        (&320_000.into(), &1_520_000.into())
    );
    assert_eq!(
        (&figures["prefix_bytes"], &figures["out"]),
        (&240.into(), &().into())
    );
    assert!(figures["packets_per_second"].as_f64() > Some(0.0));

    let text = seqnic(line).success();
    assert!(
        text.starts_with("frames     5,000, 5,000 of them with a row\n"),
        "{text}"
    );
    assert!(text.ends_with(" packets/s\n"), "{text}");
}
