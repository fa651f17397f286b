//! `seqnic run`: programs on cores end where a single thread ends.

mod common;

use std::fs;

use common::{pcap, root, seqnic, seqnic_in};
use serde_json::Value;

const CAPTURE: &str = "examples/captures/tcp-loss.pcap";

const PROGRAMS: [&str; 7] = [
    "forwarder",
    "ddos-mitigator",
    "heavy-hitter",
    "token-bucket",
    "port-knocking",
    "connection-tracker",
    "load-balancer",
];

#[test]
fn every_program_is_right_on_what_the_hardware_sends_to_1_to_14_cores() {
    for program in PROGRAMS {
        // The one with the most to go wrong on all numbers of cores.
        let step = if program == "connection-tracker" {
            1
        } else {
            4
        };
        for prefix in ["paper", "bpf-profile"] {
            for cores in (2..14).step_by(step).chain([1, 7, 14]) {
                let line = format!(
                    "run --program {program} --cores {cores} --prefix {prefix} --from rtl --pcap {CAPTURE} --json"
                );
                let figures = seqnic(&line).json();
                assert_eq!(figures["equal"], true, "{line}: {figures}");
                let replicas = figures["wrong_states"].as_array().expect("a list").len();
                assert_eq!(
                    (&figures["packets"], replicas),
                    (&1231.into(), cores),
                    "{line}"
                );
            }
        }
    }
}

#[test]
fn losses_are_recovered_and_do_harm_where_they_are_not() {
    for program in [
        "ddos-mitigator",
        "heavy-hitter",
        "token-bucket",
        "connection-tracker",
    ] {
        for prefix in ["paper", "bpf-profile", "bpf-profile-numbered"] {
            let line = format!(
                "run --program {program} --cores 7 --prefix {prefix} --from rtl --pcap {CAPTURE} \
                 --loss 0.01 --seed 3 --json"
            );
            let figures = seqnic(&line).json();
            assert_eq!(
                (&figures["equal"], &figures["lost"]),
                (&true.into(), &17.into()),
                "{figures}"
            );
            assert!(figures["recovered"].as_u64() > Some(50), "{figures}");

            let without = seqnic(&format!("{line} --no-recovery"));
            assert_eq!((without.code, without.stderr.as_str()), (1, ""));
            let figures: Value = serde_json::from_str(&without.stdout).expect("a JSON object");
            assert_eq!(
                (&figures["equal"], &figures["recovered"]),
                (&false.into(), &0.into())
            );
            assert!(figures["missed"].as_u64() > Some(50), "{figures}");
        }
    }
}

/// An IPv4 packet of 10.0.`network`.`host` to a port of 10.9.9.9: TCP, or UDP.
fn packet(protocol: u8, network: u8, host: u8, port: u16) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, protocol, 0, 0]);
    frame.extend([10, 0, network, host, 10, 9, 9, 9, 0x9c, 0x40]);
    frame.extend(port.to_be_bytes());
    frame.resize(54, 0);
    frame
}

/// Hosts that knock, some of them in a wrong order, and then talk; backends that send heartbeats.
fn hosts() -> Vec<u8> {
    let mut packets = Vec::new();
    for turn in 0..600_u32 {
        let host = (turn % 40) as u8;
        let order = if host < 10 {
            [101, 100, 102]
        } else {
            [100, 101, 102]
        };
        let port = order.get(turn as usize / 40).copied().unwrap_or(443);
        packets.push((turn * 10, packet(6, 1, host, port)));
        if turn % 7 == 0 {
            packets.push((turn * 10 + 1, packet(17, 2, (turn / 7 % 5) as u8, 9_999)));
        }
    }
    pcap(&packets)
}

#[test]
fn doors_and_backends_survive_losses_only_with_recovery() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("hosts.pcap"), hosts()).expect("a file");
    for program in ["port-knocking", "load-balancer"] {
        let line = format!(
            "run --program {program} --cores 5 --from rtl --pcap hosts.pcap --loss 0.05 --seed 3 --json"
        );
        let run = |more: &[&str]| {
            let words: Vec<&str> = line
                .split_whitespace()
                .chain(more.iter().copied())
                .collect();
            seqnic_in(folder.path(), &words)
        };
        assert_eq!(run(&[]).json()["equal"], true);
        let without = run(&["--no-recovery"]);
        assert_eq!(without.code, 1, "{program}: {}", without.stdout);
        let figures: Value = serde_json::from_str(&without.stdout).expect("a JSON object");
        let wrong = figures["wrong_states"].as_array().expect("a list");
        assert!(
            wrong.iter().any(|keys| keys.as_u64() > Some(0)),
            "{program}: {figures}"
        );
    }
}

#[test]
fn techniques_that_keep_the_order_of_each_flow_are_right_and_spraying_is_not() {
    let run = |technique: &str| {
        seqnic(&format!(
            "run --program connection-tracker --technique {technique} --cores 4 --trace hadoop --packets 5000"
        ))
    };
    for technique in ["scr", "rss", "rss++"] {
        let text = run(technique).success();
        assert!(
            text.ends_with("All cores agree with a single thread.\n"),
            "{text}"
        );
    }
    let spray = run("spray");
    assert_eq!((spray.code, spray.stderr.as_str()), (1, ""));
    assert!(
        spray.stdout.contains("drop, a single thread says transmit"),
        "{}",
        spray.stdout
    );
    assert!(
        spray
            .stdout
            .ends_with("The cores do not agree with a single thread.\n")
    );
}

#[test]
fn verilator_makes_the_same_frames() {
    if seqnic_verilator::Toolchain::find().is_err() {
        eprintln!("skipped: there is no Verilator (cargo xtask setup)");
        return;
    }
    let line =
        format!("run --program connection-tracker --cores 7 --from rtl --pcap {CAPTURE} --json");
    let builtin = seqnic(&line).json();
    assert_eq!(
        seqnic(&format!("{line} --engine verilator")).json(),
        builtin
    );
}

#[test]
fn a_configuration_that_lacks_what_the_program_needs_is_refused_with_the_fix() {
    let refusal = |more: &str| seqnic(&format!("run --trace hadoop --packets 9 {more}")).refusal();
    assert_eq!(
        refusal("--program connection-tracker --config examples/conntrack.toml"),
        "error: prefix.layout = \"paper\": lacks the time of the packet itself, of which the program reads 8 bytes; \
         add prefix.timestamp_bytes = 8"
    );
    assert_eq!(
        refusal("--program ddos-mitigator --config examples/ddos.toml --loss 0.1"),
        "error: prefix.layout = \"paper\": lacks a sequence number, by which lost packets are noticed and recovered; \
         add prefix.sequence_bytes = 4"
    );
    assert_eq!(
        refusal("--program heavy-hitter --row ddos-mitigator"),
        "error: history.row = \"ddos-mitigator\": lacks 4 bytes of ipv4.destination, which the program reads; \
         use history.row = \"heavy-hitter\""
    );
    assert_eq!(
        refusal("--program token-bucket --rows 2 --cores 9"),
        "error: --rows: history.rows = 2: with spray.cores = 9 a core misses 8 packets between two of its own; \
         set history.rows = 8 or more, or spray.cores = 3 or fewer"
    );
    let share = seqnic("run --program forwarder --trace hadoop --packets 9 --loss 2");
    assert_eq!(share.code, 2);
    assert!(
        share
            .stderr
            .contains("must be a number from 0 to 1, as in 0.01"),
        "{}",
        share.stderr
    );
}

#[test]
fn the_examples_for_programs_run_as_they_are() {
    for (program, example) in [
        ("ddos-mitigator", "ddos"),
        ("heavy-hitter", "heavy-hitter"),
        ("port-knocking", "port-knocking"),
        ("port-knocking", "bpf-profile-portknock"),
        ("load-balancer", "load-balancer"),
    ] {
        assert!(root().join(format!("examples/{example}.toml")).exists());
        let line = format!(
            "run --program {program} --config examples/{example}.toml --trace zipf --packets 500 --json"
        );
        assert_eq!(seqnic(&line).json()["equal"], true, "{example}");
    }
}
