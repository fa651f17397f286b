//! The interpreted programs send what the golden model sends.

use seqnic_sim::model::{Sequencer, Stripper};
use seqnic_sim::traffic::{CaptureReader, Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_tofino::control::{self, Cores};
use seqnic_tofino::{Chip, Design, Pattern};

/// The bits of the time that the chip has.
const TIME: u64 = (1 << 48) - 1;
/// Shorter frames do not come from a wire.
const SHORTEST_BYTES: usize = 60;

pub fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").unwrap_or_else(|error| panic!("{toml}: {error}"))
}

pub fn packets(kind: TraceKind, count: usize, seed: u64) -> Vec<Packet> {
    let trace = Trace::new(&TraceSpec::new(kind, count, seed)).expect("a valid trace");
    let mut packets: Vec<Packet> = trace.collect();
    for packet in &mut packets {
        let bytes = packet.data.len().max(SHORTEST_BYTES);
        packet.data.resize(bytes, 0);
    }
    packets
}

pub fn capture(name: &str) -> Vec<Packet> {
    let path = super::root().join("examples/captures").join(name);
    let reader = CaptureReader::open(&path).expect("is there");
    reader.map(|packet| packet.expect("can be read")).collect()
}

/// Plays packets through chip, twin and model, and back through the strippers.
fn agree(config: &Config, chip: Chip, pattern: Option<Pattern>, packets: &[Packet]) -> Design {
    let design = Design::new(config, chip, pattern);
    let design = design.unwrap_or_else(|refusal| panic!("{}: {refusal}", config.name()));
    let cores = Cores::all(config, &[8, 9]);
    let twin = design.twin(config).expect("as the design");
    for (built, strip) in [
        (&design.built, design.stripper(config)),
        (&twin, Design::stripper_twin(config)),
    ] {
        let mut switch = control::sequencer(config, built, &cores);
        let mut back = control::stripper(strip, &[8, 9], 3);
        let mut model = Sequencer::new(config);
        let mut model_back = Stripper::new(config);
        for (number, packet) in packets.iter().enumerate() {
            let time = packet.timestamp_ns & TIME;
            let mut expected = Vec::new();
            let sprayed = model.process(&packet.data, time, &mut expected);
            let sent = switch.process(&packet.data, 0, time);
            let sent = sent.unwrap_or_else(|fault| panic!("packet {number}: {fault}"));
            let sent = sent.unwrap_or_else(|| panic!("packet {number} is dropped"));
            let place = format!("{:?}, packet {number}", design.pattern);
            assert_eq!(sent.frame, expected, "{place}");
            if !design.spray().is_in_egress {
                assert_eq!(sent.port, 8 + sprayed.core as u64 % 2, "{place}");
            }
            let stripped = back
                .process(&sent.frame, sent.port, time)
                .expect("no fault");
            let stripped = stripped.expect("is not dropped");
            assert_eq!(
                Some(&stripped.frame[..]),
                model_back.strip(&expected),
                "{place}"
            );
            assert_eq!(stripped.port, 3);
        }
    }
    design
}

#[test]
fn every_pattern_sends_what_the_model_sends() {
    let trace = packets(TraceKind::Headers, 400, 3);
    let capture = capture("tcp-loss.pcap");
    let array = "prefix.layout = 'paper'";
    let by_age = "prefix.layout = 'bpf-profile-numbered'";
    for (chip, pattern, row, rows, cores, prefix) in [
        (
            Chip::Tofino1,
            Pattern::Paper,
            "port-knocking",
            22,
            22,
            array,
        ),
        (Chip::Tofino1, Pattern::Paper, "heavy-hitter", 11, 9, array),
        (
            Chip::Tofino1,
            Pattern::Private,
            "ddos-mitigator",
            47,
            48,
            array,
        ),
        (
            Chip::Tofino1,
            Pattern::Private,
            "port-knocking",
            23,
            24,
            array,
        ),
        (
            Chip::Tofino1,
            Pattern::Shift,
            "connection-tracker",
            6,
            6,
            by_age,
        ),
        (
            Chip::Tofino1,
            Pattern::TwoPipe,
            "connection-tracker",
            12,
            13,
            array,
        ),
        (
            Chip::Tofino1,
            Pattern::TwoPipe,
            "port-knocking",
            23,
            24,
            by_age,
        ),
        (
            Chip::Tofino2,
            Pattern::Pairs,
            "ddos-mitigator",
            94,
            95,
            array,
        ),
        (Chip::Tofino2, Pattern::Pairs, "token-bucket", 17, 17, array),
        (Chip::Tofino2, Pattern::TwoPipe, "table2", 43, 44, array),
    ] {
        let config = config(&format!(
            "history = {{ row = '{row}', rows = {rows} }}\nspray.cores = {cores}\n{prefix}"
        ));
        for packets in [&trace, &capture] {
            let design = agree(&config, chip, Some(pattern), packets);
            assert_eq!(design.pattern, pattern);
        }
    }
}
