//! INT nodes as programs: what is refused, what is printed, and frames by hand.

mod common;

use common::{PASSAGE, STACKED, UNMARKED, config, example, made};
use seqnic_spec::{Config, RawConfig};
use seqnic_tofino::ir::{Arch, Program};
use seqnic_tofino::{Chip, IntDesign, IntSwitch, Passage, p4, rules};

fn of_example(name: &str) -> IntDesign {
    made(&example(name), Chip::Tofino1).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn transit() -> IntDesign {
    of_example("int-transit")
}

fn sink() -> IntDesign {
    of_example("int-sink-tofino")
}

/// Everflow's, without zeros behind what it copies.
fn mirror() -> IntDesign {
    let mut raw = RawConfig::from_toml_str(&example("int-mirror").to_toml(), "mirror");
    let raw = raw.as_mut().unwrap_or_else(|error| panic!("{error}"));
    let int = raw.int.as_mut().and_then(|int| int.report.as_mut());
    int.expect("it reports").fill = Some(false);
    let config = Config::try_from(raw.clone()).unwrap_or_else(|error| panic!("{error}"));
    made(&config, Chip::Tofino1).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn source() -> IntDesign {
    of_example("int-source")
}

#[test]
fn what_no_program_does_is_refused_with_a_fix() {
    for (name, text) in [
        (
            "int-mx",
            "int: rule mode: int.mode = \"mx\"; there are programs for the modes md and xd; set it to one of these, or use \
             emit verilog",
        ),
        (
            "int-sink",
            "int: rule report-fill: int.report.fill = true, int.report.truncate_bytes = 256; the chip puts no zeros behind what \
             it copies, and a frame of more than 60 bytes may end inside a word; set int.report.fill = false, or \
             int.report.truncate_bytes to 60 or less",
        ),
    ] {
        let refusal = made(&example(name), Chip::Tofino2).expect_err(name);
        assert_eq!(refusal.to_string(), text);
    }
}

/// The largest table is as large as the TCAM is deep; one of an entry with two ranges is the product of both.
#[test]
fn a_watchlist_of_too_many_rows_is_refused() {
    let with = |least: u16| {
        let entry = format!(
            "[[int.watch]]\nsource_ports = [1, 65534]\ndestination_ports = [{least}, 65534]"
        );
        config(&format!("bus.tuser_bits = 512\n[int]\n{entry}"))
    };
    // Of 30 rows and 17.
    made(&with(0x4000), Chip::Tofino1).unwrap_or_else(|refusal| panic!("{refusal}"));
    let refusal = made(&with(1), Chip::Tofino1).expect_err("30 times 30 rows");
    assert_eq!(
        refusal.to_string(),
        "int: rule watchlist: int.watch makes 900 rows of a table; a table has 511; a range of ports is a row for each part \
         of it whose last bits are free; use ranges that begin at a multiple of their length, a power of two, or fewer entries"
    );
}

#[test]
fn the_printed_programs_are_read_back_as_they_were() {
    for int in [
        "role = 'transit'",
        "role = 'transit'\nunknown_domain = 'skip'\nchecksum = 'complement'",
        "role = 'transit'\nencapsulation = 'port'",
        "role = 'transit'\nencapsulation = 'protocol'\nmetadata = ['hop-latency']",
        "role = 'transit'\ndscp = 1\ndscp_mask = 3",
        "role = 'sink'\nreport.fill = false",
        "role = 'sink'\nreport.collectors = 4\nreport.truncate_bytes = 0\ndscp = 1\ndscp_mask = 3",
        "role = 'sink'\nreport.fill = false\nmetadata = []\nencapsulation = 'port'",
        "mode = 'xd'\nreport.fill = false\n[[int.watch]]",
        "mode = 'xd'\nsample_every = 9\nreport = { fill = false, collectors = 8 }\n[[int.watch]]\nprotocol = 6",
        "mode = 'xd'\nrole = 'mirror'\nreport = { truncate_bytes = 0, collectors = 2 }\n[[int.watch]]\ntcp_flags = 2",
        "[[int.watch]]",
        "sample_every = 1000\ninstructions = ['ingress-timestamp']\n[[int.watch]]\nip_version = 4",
        "encapsulation = 'port'\nsource_only = [1, 2]\n[[int.watch]]\ntcp_flags = 2",
        "encapsulation = 'protocol'\n[[int.watch]]\nsource = '2001:db8::/33'",
        "checksum = 'complement'\ninstructions = ['checksum-complement']\n[[int.watch]]",
    ] {
        let config = config(&format!("bus.tuser_bits = 512\n[int]\n{int}"));
        for chip in Chip::ALL {
            let design = made(&config, chip).unwrap_or_else(|refusal| panic!("{refusal}"));
            for program in [&design.loaded.program, &design.twin] {
                let text = p4::print(program, int);
                let again = p4::read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert!(again == *program, "{int}, {}\n{text}", chip.name());
            }
        }
    }
}

#[test]
fn a_changed_entry_sum_or_checksum_gives_another_program() {
    let design = transit();
    let sink = sink();
    for (program, changes) in [
        (
            &design.loaded.program,
            &[
                (
                    "0x5: take_hop(0x5, 0x5, 0x14, 0x18);",
                    "0x5: take_hop(0x5, 0x5, 0x14, 0x19);",
                ),
                ("0x0 &&& 0x100", "0x0 &&& 0x80"),
                ("md.room |-| hdr.ipv4", "md.room - hdr.ipv4"),
                ("md.payload >> 2", "md.payload >> 1"),
                ("kind_length & 0xff", "kind_length & 0x7f"),
                ("~hdr.tcp.checksum", "~hdr.tcp.urgent"),
                (
                    "hdr.egress_timestamp.timestamp_low}, true",
                    "hdr.egress_timestamp.timestamp_low}",
                ),
                ("if (md.writes_tcp == 1) {\n", "if (md.writes_udp == 1) {\n"),
                ("hdr.udp.checksum != 0", "hdr.udp.checksum == 0"),
                ("remaining: ternary", "remaining: exact"),
            ][..],
        ),
        (
            &design.twin,
            &[
                (
                    "hdr.ipv4.checksum, HashAlgorithm.csum16",
                    "hdr.ipv4.ttl, HashAlgorithm.csum16",
                ),
                ("hdr.udp.checksum = 0xffff;", ""),
            ],
        ),
        (
            &sink.loaded.program,
            &[
                ("parsed_checksum.subtract(hdr.stack_8);", ""),
                ("subtract(hdr.stack_8)", "subtract(hdr.stack_4)"),
                (
                    "md.removed_sum = parsed_checksum.get();",
                    "md.kept = parsed_checksum.get();",
                ),
                ("Checksum() parsed_checksum;", ""),
                (
                    "removed_bytes, md.needed, md.needed, 14",
                    "removed_bytes, md.needed, md.needed, 13",
                ),
                ("hdr.end_3.setInvalid();", ""),
                ("mirror_type = 1;\n", "mirror_type = 2;\n"),
                (
                    "{md.collector, md.report_bits,",
                    "{md.report_bits, md.collector,",
                ),
                ("(md.mirror_session, {", "(md.flow, {"),
                ("lookahead<bit<8>>()[7:0]", "lookahead<bit<16>>()[7:0]"),
            ],
        ),
        (
            &sink.twin,
            &[
                (
                    "md.removed_sum, HashAlgorithm.csum16",
                    "md.removed_sum, HashAlgorithm.xor16",
                ),
                ("hdr.telemetry.domain_id,", "hdr.telemetry.instructions,"),
                (
                    "@field_list(1)\n    bit<16> report_bits;",
                    "bit<16> report_bits;",
                ),
                ("CloneType.I2E, 32w1, 1", "CloneType.I2E, 32w2, 1"),
                ("truncate(32w322);", "truncate(32w323);"),
                ("instance_type == 1", "instance_type == 2"),
            ],
        ),
    ] {
        let text = p4::print(program, "");
        for (from, to) in changes {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            assert!(p4::read(&changed).as_ref() != Ok(program), "{from}");
        }
    }
}

#[test]
fn a_changed_hash_of_the_flow_gives_another_program() {
    let text = "bus.tuser_bits = 512\n[int]\nencapsulation = 'protocol'\n[[int.watch]]";
    let design = made(&config(text), Chip::Tofino1).unwrap_or_else(|refusal| panic!("{refusal}"));
    for (program, from, to) in [
        (
            &design.loaded.program,
            "Algorithm_t.XOR16",
            "Algorithm_t.XOR32",
        ),
        (
            &design.twin,
            "md.l4_source, md.l4_destination",
            "md.l4_source, md.kept",
        ),
        (&design.twin, "Algorithm.xor16", "Algorithm.csum16"),
    ] {
        let text = p4::print(program, "");
        let changed = text.replace(from, to);
        assert_ne!(changed, text, "{from}");
        assert!(p4::read(&changed).as_ref() != Ok(program), "{from}");
    }
}

#[test]
fn the_printed_programs_stay_as_they_are() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for (design, node) in [
            (transit(), "transit"),
            (source(), "source"),
            (sink(), "sink"),
            (mirror(), "mirror"),
        ] {
            for (name, program) in [("tofino1", &design.loaded.program), ("twin", &design.twin)] {
                let text = p4::print(program, &format!("int_{node}"));
                insta::assert_snapshot!(format!("int-{node}-{name}"), text);
            }
        }
    });
}

/// Ethernet, IPv4 with DSCP 23, UDP, shim, header that asks for node, ports and latency of two more hops, 4 bytes.
const FRAME: [u8; 62] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, //
    0x45, 0x5c, 0, 48, 0, 1, 0, 0, 63, 17, 0x12, 0x34, 198, 1, 1, 17, 198, 1, 2, 18, //
    0x10, 0x64, 0x23, 0x44, 0, 28, 0x56, 0x78, //
    0x10, 3, 0, 0, 0x20, 0, 3, 2, 0xe0, 0, 0, 0, 0, 0, 0, 0, //
    0x61, 0x61, 0x61, 0x61,
];

/// Lengths grow by 12; the IPv4 checksum decreases by that, that of UDP by twice that, by the 3 words of the length in the
/// shim less the hop that no longer remains, and by the words that are pushed.
#[test]
fn a_hop_pushes_what_the_chip_says_and_keeps_lengths_and_checksums_right() {
    let design = transit();
    let pushed = [0, 0, 0x0b, 0x22, 0, 0x14, 1, 0x15, 0, 0, 1, 0];
    let mut expected = FRAME.to_vec();
    expected[17] = 60;
    expected[24..26].copy_from_slice(&(0x1234_u16 - 12).to_be_bytes());
    expected[39] = 40;
    let sum = 24 + 3 - 1 + 0x0b22 + 0x0014 + 0x0115 + 0x0100;
    expected[40..42].copy_from_slice(&(0x5678_u16 - sum).to_be_bytes());
    expected[43] = 6;
    expected[49] = 1;
    expected.splice(58..58, pushed);
    for program in [&design.loaded.program, &design.twin] {
        let arch = program.arch;
        let sent = IntSwitch::new(&design, program, 9, 9).process(&FRAME, &PASSAGE);
        let sent = sent.expect("no fault").sent.expect("is sent");
        assert_eq!((&sent.frame, sent.port), (&expected, 9), "{arch:?}");
    }
}

/// The program of a source that sends what comes on, and what that is.
fn embedded(design: &IntDesign, program: &Program, frames: usize) -> Vec<Vec<u8>> {
    let mut switch = IntSwitch::new(design, program, 9, 9);
    // BMv2 has no queues.
    let passage = Passage {
        queue: 0,
        ..PASSAGE
    };
    let sent = (0..frames).map(|_| switch.process(&UNMARKED, &passage));
    sent.map(|sent| sent.expect("no fault").sent.expect("is sent").frame)
        .collect()
}

/// Of the IPv4 checksum 32 bytes and the mark are taken away, 0x455d less 0x4519; of that of TCP 32 bytes and what is
/// embedded, 0x1007 + 0x0018 + 0x2000 + 0x0407 + 0xf000 + 0x7777 = 0x19b9d for the header, which folds to 0x9b9e, and for the
/// metadata 0x0a11 + 0x0014 + 0x0115 + 0x0100 + 0x0001 + 0x0203 = 0x0e3e.
#[test]
fn a_source_embeds_its_header_and_what_the_chip_says_into_one_of_8() {
    let design = source();
    let pushed = [
        [
            0x10, 7, 0, 0x18, 0x20, 0, 4, 7, 0xf0, 0, 0x77, 0x77, 0, 0, 0, 0,
        ],
        [0, 0, 0x0a, 0x11, 0, 0x14, 1, 0x15, 0, 0, 1, 0, 0, 1, 2, 3],
    ]
    .concat();
    let mut expected = UNMARKED.to_vec();
    expected[15] = 0x5d;
    expected[17] = 78;
    let network = 0x1234_u16 - 32 - (0x5d - 0x19);
    expected[24..26].copy_from_slice(&network.to_be_bytes());
    // 0x5678 - 0x20 - 0x9b9e - 0x0e3e, and one less for the borrow.
    let transport = 0xac7b_u16;
    expected[50..52].copy_from_slice(&transport.to_be_bytes());
    expected.splice(58..58, pushed);
    for program in [&design.loaded.program, &design.twin] {
        let arch = program.arch;
        for (number, sent) in embedded(&design, program, 17).into_iter().enumerate() {
            let wanted = match number % 8 {
                0 => &expected[..],
                _ => &UNMARKED[..],
            };
            assert_eq!(sent, wanted, "{arch:?}, frame {number}");
        }
    }
}

/// What comes out of a sink's program and its twin.
fn restored(design: &IntDesign, frame: &[u8]) -> [Option<Vec<u8>>; 2] {
    let programs = [&design.loaded.program, &design.twin];
    programs.map(|program| {
        let sent = IntSwitch::new(design, program, 9, 9).process(frame, &PASSAGE);
        sent.expect("no fault").sent.map(|sent| sent.frame)
    })
}

/// 24 bytes are taken out. The IPv4 checksum grows by them and by 0x5c - 0x20 of the DSCP; that of UDP by twice as many and by
/// 0x1005 + 0x0020 + 0x2000 + 0x0202 + 0xc000 + 0x0b22 + 0x0100 = 0xfe49.
#[test]
fn a_sink_gives_back_the_packet_of_the_source() {
    let mut expected = STACKED.to_vec();
    expected.drain(42..66);
    expected[15] = 0x20;
    expected[17] = 32;
    let network = 0x1234_u16 + 24 + 0x5c - 0x20;
    expected[24..26].copy_from_slice(&network.to_be_bytes());
    expected[39] = 12;
    // 0x5678 + 0x30 + 0xfe49 = 0x154f1, and one more for the carry.
    expected[40..42].copy_from_slice(&[0x54, 0xf2]);
    let design = sink();
    for sent in restored(&design, &STACKED) {
        assert_eq!(sent.as_ref(), Some(&expected));
    }
    // D: the packet is dropped.
    let mut discarded = STACKED;
    discarded[46] = 0x28;
    assert_eq!(restored(&design, &discarded), [None, None]);
    // A frame that ends in the stack, and a stack that does not fit into the packet.
    let cut = &STACKED[..62];
    let mut long = STACKED;
    long[43] = 7;
    for frame in [cut, &long] {
        let same = Some(frame.to_vec());
        assert_eq!(restored(&design, frame), [same.clone(), same]);
    }
}

/// A UDP checksum that stays away, and one that comes out as 0 and is written as ones.
#[test]
fn a_sink_writes_ones_for_a_checksum_of_0_and_leaves_none_as_it_is() {
    let design = sink();
    // 0xffff less what the sum grows by, 0xfe49 + 0x30, and its carry.
    for (checksum, expected) in [([0, 0], [0, 0]), ([0x01, 0x86], [0xff, 0xff])] {
        let mut frame = STACKED;
        frame[40..42].copy_from_slice(&checksum);
        for sent in restored(&design, &frame) {
            let sent = sent.expect("is sent");
            assert_eq!(sent[40..42], expected, "from {checksum:x?}");
        }
    }
}

/// The UDP header in front of the shim is not the packet's own, and goes; the protocol comes back.
#[test]
fn a_sink_takes_out_the_udp_header_of_a_source_as_well() {
    let text = "bus.tuser_bits = 512\n[int]\nrole = 'sink'\nreport.fill = false\nencapsulation = 'protocol'\nudp_port = 0x2344";
    let design = made(&config(text), Chip::Tofino2).unwrap_or_else(|refusal| panic!("{refusal}"));
    let mut frame = STACKED;
    frame[42] = 0x18;
    frame[45] = 132;
    let mut expected = frame.to_vec();
    expected.drain(34..66);
    expected[17] = 24;
    expected[23] = 132;
    let network = 0x1234_u16 + 32 - (132 - 17);
    expected[24..26].copy_from_slice(&network.to_be_bytes());
    for sent in restored(&design, &frame) {
        assert_eq!(sent.as_ref(), Some(&expected));
    }
}

/// 63 words of metadata are taken out, 64 are not.
#[test]
fn a_stack_that_is_too_long_passes_as_it_is() {
    let design = sink();
    let with = |words: u8| {
        let mut frame = STACKED[..58].to_vec();
        frame.resize(58 + 4 * usize::from(words) + 4, 0x61);
        let bytes = frame.len() as u16;
        frame[16..18].copy_from_slice(&(bytes - 14).to_be_bytes());
        frame[38..40].copy_from_slice(&(bytes - 34).to_be_bytes());
        frame[43] = 3 + words;
        frame
    };
    for sent in restored(&design, &with(63)) {
        assert_eq!(sent.map(|frame| frame.len()), Some(42 + 4));
    }
    let same = Some(with(64));
    assert_eq!(restored(&design, &with(64)), [same.clone(), same]);
}

#[test]
fn a_node_asks_no_more_of_a_table_than_a_stage_has() {
    let design = transit();
    let broken = |change: fn(&mut Program)| {
        let mut program = design.loaded.program.clone();
        change(&mut program);
        let refusal = rules::check(&program, Chip::Tofino1, 1);
        refusal.expect_err("breaks a rule").rule
    };
    let early = broken(|program| {
        for table in &mut program.egress.tables {
            if table.name == "decide" {
                table.stage = 3;
            }
        }
    });
    let large = broken(|program| {
        for table in &mut program.egress.tables {
            if table.name == "decide" {
                table.size = 8192;
            }
        }
    });
    assert_eq!([early, large], ["stage-order", "tcam"]);
    assert_eq!(design.twin.arch, Arch::V1Model);
}
