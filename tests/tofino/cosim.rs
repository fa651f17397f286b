//! The interpreted programs send what the golden model and the hardware send.

use seqnic_hdl::rtl::Simulator;
use seqnic_hdl::tops;
use seqnic_sim::model::{Sequencer, Stripper};
use seqnic_sim::traffic::{CaptureReader, Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Options};
use seqnic_tofino::control::{self, Cores};
use seqnic_tofino::{Chip, Design, Pattern, Refusal};

use crate::common::{examples, root};

/// The bits of the time that the chip has.
const TIME: u64 = (1 << 48) - 1;
/// Shorter frames do not come from a wire.
const SHORTEST_BYTES: usize = 60;

fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").unwrap_or_else(|error| panic!("{toml}: {error}"))
}

fn packets(kind: TraceKind, count: usize, seed: u64) -> Vec<Packet> {
    let trace = Trace::new(&TraceSpec::new(kind, count, seed)).expect("a valid trace");
    let mut packets: Vec<Packet> = trace.collect();
    for packet in &mut packets {
        let bytes = packet.data.len().max(SHORTEST_BYTES);
        packet.data.resize(bytes, 0);
    }
    packets
}

fn capture(name: &str) -> Vec<Packet> {
    let path = root().join("examples/captures").join(name);
    let reader = CaptureReader::open(&path).expect("is there");
    reader.map(|packet| packet.expect("can be read")).collect()
}

/// Plays packets through chip, twin and model, and back through the strippers.
fn agree(config: &Config, design: &Design, packets: &[Packet]) {
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
            let place = || format!("{}, {:?}, packet {number}", config.name(), design.pattern);
            let sent = switch.process(&packet.data, 0, time);
            let sent = sent.unwrap_or_else(|fault| panic!("{}: {fault}", place()));
            let sent = sent.unwrap_or_else(|| panic!("{} is dropped", place()));
            assert!(
                sent.frame == expected,
                "{}: {:x?}\n{expected:x?}",
                place(),
                sent.frame
            );
            if !design.spray().is_in_egress {
                assert_eq!(sent.port, 8 + sprayed.core as u64 % 2, "{}", place());
            }
            let stripped = back
                .process(&sent.frame, sent.port, time)
                .expect("no fault");
            let stripped = stripped.expect("is not dropped");
            assert_eq!(
                Some(&stripped.frame[..]),
                model_back.strip(&expected),
                "{}",
                place()
            );
            assert_eq!(stripped.port, 3);
        }
    }
}

fn design(config: &Config, chip: Chip, pattern: Option<Pattern>) -> Design {
    let design = Design::new(config, chip, pattern);
    design.unwrap_or_else(|refusal| panic!("{}: {refusal}", config.name()))
}

#[test]
fn every_pattern_at_its_largest_sends_what_the_model_sends() {
    let trace = packets(TraceKind::Headers, 250, 3);
    let capture = &capture("tcp-loss.pcap")[..300];
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
        let design = design(&config, chip, Some(pattern));
        agree(&config, &design, &trace);
        agree(&config, &design, capture);
    }
}

/// Every example that fits, in every pattern that holds it, with IPv6, VLAN tags, fragments and options.
#[test]
fn the_examples_send_what_the_model_sends() {
    let packets: Vec<Packet> = [
        &capture("mixed.pcapng")[..120],
        &packets(TraceKind::Uniform, 60, 5),
    ]
    .concat();
    let mut designs = 0;
    for path in examples() {
        let text = std::fs::read_to_string(&path).expect("can be read");
        let config = config(&text);
        for chip in Chip::ALL {
            for pattern in Pattern::ALL {
                if let Ok(design) = Design::new(&config, chip, Some(pattern)) {
                    agree(&config, &design, &packets);
                    designs += 1;
                }
            }
        }
    }
    assert!(designs >= 40, "{designs}");
}

/// Random rows, prefixes and sizes; what is refused is refused by a rule.
#[test]
fn random_configurations_send_what_the_model_sends() {
    let sources = [
        "ipv4.source",
        "ipv4.destination",
        "tcp.sequence",
        "tcp.destination-port",
        "tcp.syn",
        "tcp.flags&0x12=0x02",
        "ipv4.ttl",
        "ipv4.fragment-offset",
        "tcp.window",
        "timestamp",
        "frame.length",
        "constant:0x1200",
        "vlan.id",
        "ethernet.source",
        "ethernet.ethertype",
        "ports.source",
        "ipv6.source",
        "ipv6.flow-label",
        "udp.length",
        "ipv6.next-header",
        "inner-vlan.tci",
        "tcp.data-offset",
    ];
    let prefixes = [
        "layout = 'paper'",
        "layout = 'bpf-profile-numbered'",
        "section = [{ kind = 'timestamp', bytes = 5, order = 'big' }, { kind = 'ethernet' }, { kind = 'rows' }, \
         { kind = 'sequence-number', bytes = 3, order = 'big' }, { kind = 'padding', bytes = 3 }, \
         { kind = 'index-pointer', bytes = 4, order = 'big' }, { kind = 'padding', align_bytes = 16 }]",
        "section = [{ kind = 'ethernet' }, { kind = 'sequence-number' }, { kind = 'rows', order = 'oldest-first' }, \
         { kind = 'timestamp' }]",
    ];
    let packets: Vec<Packet> = [
        packets(TraceKind::Headers, 110, 11),
        packets(TraceKind::Uniform, 30, 12),
    ]
    .concat();
    // A generator of its own, so that a failure is the same everywhere.
    let mut state = 7_u64;
    let mut below = |count: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % count
    };
    let (mut fitting, mut refused) = (0, Vec::new());
    while fitting < 60 {
        let fields = (0..1 + below(4)).map(|number| {
            let source = sources[below(sources.len())];
            let order = ["big", "little"][below(2)];
            let bytes = match below(3) {
                0 => format!(", bytes = {}", 2 + below(6)),
                _ => String::new(),
            };
            format!("{{ name = 'f{number}', source = '{source}', order = '{order}'{bytes} }}")
        });
        let fields = fields.collect::<Vec<_>>().join(", ");
        let rows = 1 + below(8);
        let toml = format!(
            "history = {{ rows = {rows}, field = [{fields}] }}\nprefix = {{ {} }}\nspray.cores = {}\n\
             spray.steering = '{}'",
            prefixes[below(prefixes.len())],
            1 + below(rows + 1),
            ["source-mac", "vlan"][below(2)],
        );
        // Some have IPv4 and IPv6 in one row: those are refused by the configuration.
        let Ok(config) = Config::from_toml_str(&toml, "random") else {
            continue;
        };
        let chip = Chip::ALL[below(2)];
        match Design::new(
            &config,
            chip,
            [None, Some(Pattern::ALL[below(5)])][below(2)],
        ) {
            Ok(design) => {
                agree(&config, &design, &packets);
                fitting += 1;
            }
            Err(Refusal { rule, .. }) => refused.push(rule),
        }
    }
    for rule in refused {
        let known = [
            "row-order",
            "salu-outputs",
            "frame-length",
            "stages",
            "phv",
            "hash-units",
            "deparser",
        ];
        assert!(known.contains(&rule), "{rule}");
    }
}

/// The same frames, byte for byte, as the hardware sends from the in-process engine.
#[test]
fn chip_and_hardware_send_the_same_frames() {
    for (name, pattern) in [
        ("portknock-22", Pattern::Paper),
        ("ddos-44", Pattern::Private),
        ("bpf-profile-portknock", Pattern::TwoPipe),
    ] {
        let path = root().join("examples").join(format!("{name}.toml"));
        let config = config(&std::fs::read_to_string(path).expect("can be read"));
        let design = design(&config, Chip::Tofino1, Some(pattern));
        let mut switch = control::sequencer(&config, &design.built, &Cores::all(&config, &[1]));
        let engine = Simulator::new(&tops::sequencer(&config).expect("it builds"), 1);
        let mut hardware = Cosim::new(engine, &config, Options::default()).expect("its ports");
        let sent = capture("tcp-loss.pcap");
        let mut packets = sent[..200].iter().cloned();
        let mut frames = 0;
        while let Some(frame) = hardware.next_frame(&mut packets).expect("equals the model") {
            let packet = &sent[frame.number as usize];
            let p4 = switch.process(&packet.data, 0, 0).expect("no fault");
            let p4 = p4.expect("is not dropped");
            assert!(p4.frame == frame.bytes, "{name}, frame {}", frame.number);
            frames += 1;
        }
        assert_eq!(frames, 200);
    }
}

/// With some cores taken out, packets go round the others, and the history stays what it was.
#[test]
fn cores_are_taken_out_by_entries_alone() {
    let config = config("history = { row = 'port-knocking', rows = 7 }\nspray.cores = 8");
    let design = design(&config, Chip::Tofino1, None);
    let mut cores = Cores::all(&config, &[1]);
    let mut switch = control::sequencer(&config, &design.built, &cores);
    let mut model = Sequencer::new(&config);
    cores.live[3] = false;
    cores.live[6] = false;
    let packets = packets(TraceKind::Dctcp, 60, 9);
    let mut seen = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        if number == 16 {
            let entries = control::spray_entries(&config, design.spray(), &cores);
            switch.fill(seqnic_tofino::SPRAY, entries);
        }
        let mut expected = Vec::new();
        model.process(&packet.data, 0, &mut expected);
        let sent = switch
            .process(&packet.data, 0, 0)
            .expect("no fault")
            .expect("is sent");
        assert_eq!(sent.frame[12..], expected[12..], "packet {number}");
        seen.push(sent.frame[11]);
    }
    assert!((0..16).all(|number| seen[number] == number as u8 % 8));
    assert!(seen[16..].iter().all(|core| ![3, 6].contains(core)));
    for core in [0, 1, 2, 4, 5, 7] {
        let turns: Vec<usize> = (16..60).filter(|&number| seen[number] == core).collect();
        assert!(
            turns.windows(2).all(|pair| pair[1] - pair[0] <= 8),
            "core {core}: {turns:?}"
        );
    }
}
