//! The INT node's configuration, its headers and its sideband, against bytes and texts by hand.

use seqnic_spec::Config;
use seqnic_spec::int::{
    ChecksumMode, Encapsulation, GeneveHeader, GeneveOption, GreHeader, GreShim, GroupHeader,
    IndividualHeader, Instruction, Instructions, Int, IntHeader, IntMode, IntRole, IntVersion,
    Masked, MdHeader, MdView, MxHeader, ReportBody, Reports, Shim, ShimV1, ShimView, UnknownDomain,
    VxlanGpeHeader, VxlanShim, npt,
};

const WATCH: &str = "[[int.watch]]";

fn node(text: &str) -> Int {
    let text = format!("bus.tuser_bits = 512\n[int]\n{text}");
    let config = Config::from_toml_str(&text, "test").unwrap_or_else(|error| panic!("{error}"));
    config.int().unwrap().clone()
}

fn refusal(text: &str) -> String {
    let text = format!("bus.tuser_bits = 512\n[int]\n{text}");
    Config::from_toml_str(&text, "f").unwrap_err().to_string()
}

#[test]
fn there_is_a_node_only_when_the_table_stands() {
    let without = Config::from_toml_str("", "test").unwrap();
    assert_eq!(without.int(), None);
    assert!(!without.to_toml().contains("int]"));
    assert_eq!(node(WATCH).role(), IntRole::Source);
}

#[test]
fn a_node_has_no_encoder_beside_it() {
    assert_eq!(
        refusal("[flowradar]"),
        "f: flowradar = a table: has no place in an INT node: the encoder watches a sequencer; leave [flowradar] or [int] \
         out, and make the other one from a file of its own"
    );
}

#[test]
fn the_defaults_of_a_source() {
    let node = node(WATCH);
    assert_eq!((node.mode(), node.node_id()), (IntMode::Md, 1));
    assert_eq!(node.instructions(), Instructions(0xf000));
    assert_eq!(node.hop_words(), 4);
    let dscp = Masked {
        value: 0x17,
        mask: 0x3f,
    };
    assert_eq!(node.encapsulation(), Some(Encapsulation::Dscp(dscp)));
    let embedding = node.embedding().unwrap();
    assert_eq!((embedding.max_hops, embedding.push), (8, true));
    assert_eq!(node.checksum(), ChecksumMode::Incremental);
    assert_eq!((node.mtu_bytes(), node.sample_every()), (9_000, 1));
    assert_eq!(node.report(), None);
}

#[test]
fn an_instruction_has_its_bit_and_its_words() {
    let expected = [
        ("node-id", 0x8000, 1),
        ("interfaces", 0x4000, 1),
        ("hop-latency", 0x2000, 1),
        ("queue-occupancy", 0x1000, 1),
        ("ingress-timestamp", 0x0800, 2),
        ("egress-timestamp", 0x0400, 2),
        ("level2-interfaces", 0x0200, 2),
        ("tx-utilization", 0x0100, 1),
        ("buffer-occupancy", 0x0080, 1),
        ("checksum-complement", 0x0001, 1),
    ];
    let found: Vec<_> = Instruction::ALL.iter().collect();
    let found: Vec<_> = found
        .iter()
        .map(|i| (i.name(), i.mask(), i.words()))
        .collect();
    assert_eq!(found, expected);
    for instruction in Instruction::ALL {
        let bits: usize = instruction.parts().iter().map(|part| part.bits).sum();
        assert_eq!(bits, instruction.bits(), "{instruction}");
    }
    assert_eq!(Instructions(0xff80).words(), 12);
    assert_eq!(Instructions(0xffff).words(), 12 + 6 + 1);
    assert_eq!(Instructions(0xffff).reserved(), 6);
}

#[test]
fn the_headers_are_those_of_the_specification() {
    let shim = Shim {
        kind: 1,
        npt: npt::PORT,
        reserved: 0,
        length_words: 23,
        original: 9028,
    };
    let header = MdHeader {
        version: 2,
        hop_words: 10,
        remaining_hops: 7,
        instructions: 0xfe00,
        domain_id: 0x7777,
        ds_instruction: 0x8888,
        ds_flags: 0x9999,
        ..MdHeader::default()
    };
    let mut bytes = Vec::new();
    shim.write(&mut bytes);
    header.write(&mut bytes);
    let expected = [
        0x14, 0x17, 0x23, 0x44, 0x20, 0x00, 0x0a, 0x07, 0xfe, 0x00, 0x77, 0x77, 0x88, 0x88, 0x99,
        0x99,
    ];
    // NPT is in bits 4 and 5: 01 there is 0x4.
    assert_eq!(bytes, expected);
    let (read, rest) = Shim::parse(&expected).unwrap();
    assert_eq!(read, shim);
    assert_eq!(MdHeader::parse(rest), Ok((header, &[][..])));

    let flags = MdHeader {
        version: 2,
        discard: 1,
        mtu_exceeded: 1,
        ..MdHeader::default()
    };
    bytes.clear();
    flags.write(&mut bytes);
    assert_eq!(bytes[..4], [0x2a, 0, 0, 0]);
    let exceeded = MdHeader::read(&[0x24, 0x01, 0x3f, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((exceeded.hops_exceeded, exceeded.reserved), (1, 0x009));
    assert_eq!((exceeded.hop_words, exceeded.remaining_hops), (31, 255));

    let mx = MxHeader::read(&[0x28, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((mx.version, mx.discard, mx.reserved), (2, 1, 1));
    assert_eq!(mx.instructions, 0x8000);
}

#[test]
fn the_report_headers_are_those_of_the_specification() {
    let mut bytes = Vec::new();
    let group = GroupHeader {
        version: 2,
        hw_id: 0x2a,
        sequence: 0x3f_fffe,
        node_id: 0x0a0b_0c0d,
    };
    group.write(&mut bytes);
    let individual = IndividualHeader {
        report_type: 1,
        inner_type: 4,
        report_words: 14,
        metadata_words: 2,
        tracked: 1,
        ..IndividualHeader::default()
    };
    individual.write(&mut bytes);
    let body = ReportBody {
        metadata_bits: 0x5000,
        ..ReportBody::default()
    };
    body.write(&mut bytes);
    // 0010 101010 11...10
    let expected = [
        0x2a, 0xbf, 0xff, 0xfe, 0x0a, 0x0b, 0x0c, 0x0d, 0x14, 14, 2, 0x20, 0x50, 0, 0, 0, 0, 0, 0,
        0,
    ];
    assert_eq!(bytes, expected);
    let (read, rest) = GroupHeader::parse(&expected).unwrap();
    assert_eq!(read, group);
    let (read, rest) = IndividualHeader::parse(rest).unwrap();
    assert_eq!(read, individual);
    assert_eq!(ReportBody::parse(rest), Ok((body, &[][..])));
}

#[test]
fn a_view_reads_and_writes_in_place_and_refuses_too_few_bytes() {
    let bytes = [0x10, 3, 0, 0x5c, 0x20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    let view = ShimView::new(&bytes).unwrap();
    assert_eq!(
        (view.kind(), view.length_words(), view.original()),
        (1, 3, 0x5c)
    );
    assert_eq!(MdView::new(view.payload()).unwrap().hop_words(), 1);
    let mut bytes = [0xff; 5];
    let mut view = ShimView::new(&mut bytes).unwrap();
    view.emit(&Shim::default());
    assert_eq!(bytes, [0, 0, 0, 0, 0xff]);
    assert_eq!(
        MdView::new(&bytes).unwrap_err().to_string(),
        "MdHeader has 12 bytes, but only 5 are left"
    );
}

#[test]
fn metadata_stand_in_tuser_one_after_the_other_and_then_a_bit_for_each() {
    let node = node(&format!(
        "tuser_offset_bits = 16\nlength_offset_bits = 0\n{WATCH}"
    ));
    let fields: Vec<_> = node.sideband();
    let places: Vec<_> = fields
        .iter()
        .map(|field| {
            (
                field.instruction.name(),
                field.offset_bits,
                field.bits,
                field.valid_bit,
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            ("interfaces", 16, 32, 368),
            ("hop-latency", 48, 32, 369),
            ("queue-occupancy", 80, 32, 370),
            ("ingress-timestamp", 112, 64, 371),
            ("egress-timestamp", 176, 64, 372),
            ("level2-interfaces", 240, 64, 373),
            ("tx-utilization", 304, 32, 374),
            ("buffer-occupancy", 336, 32, 375),
        ]
    );
    assert_eq!(node.sideband_bits(), 360);
    let mut tuser = [0; 64];
    fields[1].put(&mut tuser, Some(0x0102_0304));
    assert_eq!((tuser[6..10].to_vec(), tuser[46]), (vec![4, 3, 2, 1], 0b10));
    assert_eq!(fields[1].get(&tuser), Some(0x0102_0304));
    fields[1].put(&mut tuser, None);
    assert_eq!((fields[1].get(&tuser), tuser), (None, [0; 64]));
}

#[test]
fn metadata_that_are_not_taken_leave_no_gap() {
    let node = node("role = \"transit\"\nmetadata = [\"tx-utilization\", \"hop-latency\"]");
    let places: Vec<_> = node.sideband();
    let places: Vec<_> = places
        .iter()
        .map(|field| (field.offset_bits, field.valid_bit))
        .collect();
    assert_eq!(places, [(0, 64), (32, 65)]);
    assert_eq!(
        node.metadata(),
        [Instruction::HopLatency, Instruction::TxUtilization]
    );
}

#[test]
fn a_watch_has_prefixes_ranges_and_masks() {
    let node = node(
        r#"
        [[int.watch]]
        source = "10.0.0.0/8"
        destination_ports = [80]
        protocol = 6
        [[int.watch]]
        destination = "2001:db8::/32"
        source_ports = [1024, 65535]
        tcp_flags = 2
        tcp_flags_mask = 0x12
        dscp = 1
        "#,
    );
    let [first, second] = node.watch() else {
        panic!("{:?}", node.watch())
    };
    let source = first.source.unwrap();
    assert!(source.contains("10.255.0.1".parse().unwrap()));
    assert!(!source.contains("11.0.0.0".parse().unwrap()));
    assert!(!source.contains("::".parse().unwrap()));
    assert_eq!(first.version.unwrap().name(), "4");
    assert_eq!(first.destination_ports, Some((80, 80)));
    assert_eq!((first.protocol, first.tcp_flags), (Some(6), None));
    let destination = second.destination.unwrap();
    assert!(destination.contains("2001:db8:ffff::1".parse().unwrap()));
    assert!(!destination.contains("2001:db9::1".parse().unwrap()));
    assert_eq!(second.source_ports, Some((1024, 65_535)));
    let flags = second.tcp_flags.unwrap();
    assert!(flags.matches(0x02) && flags.matches(0xe2) && !flags.matches(0x12));
    assert_eq!(second.dscp, Some(Masked { value: 1, mask: 63 }));
    let all = "0.0.0.0/0".parse::<seqnic_spec::int::IpPrefix>().unwrap();
    assert!(all.contains("255.255.255.255".parse().unwrap()));
}

#[test]
fn the_echo_is_complete() {
    let text = r#"
        bus.tuser_bits = 400
        [int]
        mode = "md"
        role = "source"
        node_id = 7
        domain_id = 0x7777
        encapsulation = "port"
        instructions = 0xc001
        ds_instruction = 1
        ds_flags = 2
        ds_words = 1
        source_only = [5]
        discard = true
        max_hops = 3
        sample_every = 10
        mtu_bytes = 1500
        checksum = "complement"
        metadata = ["interfaces"]
        tuser_offset_bits = 100
        length_offset_bits = 84
        [[int.watch]]
        ip_version = 6
        protocol = 17
        dscp = 2
        dscp_mask = 3
    "#;
    let config = Config::from_toml_str(text, "test").unwrap();
    let expected = r#"
[int]
mode = "md"
role = "source"
node_id = 7
domain_id = 30583
encapsulation = "port"
udp_port = 17768
instructions = ["node-id", "interfaces", "checksum-complement"]
ds_instruction = 1
ds_flags = 2
source_only = [5]
discard = true
ds_words = 1
push = true
max_hops = 3
mtu_bytes = 1500
checksum = "complement"
metadata = ["interfaces"]
tuser_offset_bits = 100
length_offset_bits = 84
sample_every = 10

[[int.watch]]
ip_version = 6
protocol = 17
dscp = 2
dscp_mask = 3
"#;
    let echo = config.to_toml();
    assert!(echo.ends_with(expected), "{echo}");
    assert_eq!(Config::from_toml_str(&echo, "echo"), Ok(config));
}

#[test]
fn the_echo_of_a_node_that_reports_is_complete() {
    let text = "[int]\nmode = \"xd\"\nrole = \"mirror\"\n[int.report]\ncollectors = 4\n[[int.watch]]\nsource = \"10.0.0.1\"";
    let config = Config::from_toml_str(text, "test").unwrap();
    let expected = r#"
[int]
mode = "xd"
role = "mirror"
node_id = 1
hw_id = 0
sample_every = 1

[[int.watch]]
ip_version = 4
source = "10.0.0.1/32"

[int.report]
destination_mac = "02:00:00:00:00:01"
source_mac = "02:00:00:00:00:02"
destination_ip = "192.0.2.1"
source_ip = "192.0.2.2"
port = 32766
collectors = 4
truncate_bytes = 256
"#;
    let echo = config.to_toml();
    assert!(echo.ends_with(expected), "{echo}");
    assert_eq!(Config::from_toml_str(&echo, "echo"), Ok(config));
}

#[test]
fn a_transit_hop_has_only_what_it_needs() {
    let node = node("role = \"transit\"\nunknown_domain = \"skip\"\nchecksum = \"complement\"");
    assert_eq!(node.unknown_domain(), UnknownDomain::Skip);
    assert_eq!((node.embedding(), node.report()), (None, None));
    assert!(node.knows_domain(0) && !node.knows_domain(9));
}

#[test]
fn every_limit_refuses_with_a_fix() {
    let cases = [
        (
            "mode = \"me\"",
            r#"int.mode = "me": is not a known name; use "md", "mx" or "xd""#,
        ),
        (
            "mode = \"xd\"\nrole = \"sink\"",
            r#"int.role = "sink": is no role in mode "xd"; use "node" or "mirror", or another int.mode"#,
        ),
        (
            "role = \"mirror\"",
            r#"int.role = "mirror": is no role in mode "md"; use "source" or "transit" or "sink", or another int.mode"#,
        ),
        (
            "role = \"transit\"\nmax_hops = 3",
            r#"int.max_hops = 3: means nothing for role "transit" in mode "md"; remove it"#,
        ),
        (
            "role = \"transit\"\n[int.report]\nport = 1",
            r#"int.report = [...]: means nothing for role "transit" in mode "md"; remove it"#,
        ),
        (
            "role = \"sink\"\n[[int.watch]]",
            r#"int.watch = [...]: means nothing for role "sink" in mode "md"; remove it"#,
        ),
        (
            "role = \"sink\"\ninstructions = [\"node-id\"]",
            r#"int.instructions = [...]: means nothing for role "sink" in mode "md"; remove it"#,
        ),
        (
            "mode = \"xd\"\nlength_offset_bits = 3\n[[int.watch]]",
            r#"int.length_offset_bits = 3: means nothing for role "node" in mode "xd"; remove it"#,
        ),
        (
            "",
            "int.watch = 0 entries: must have from 1 to 64 entries; write [[int.watch]]; without a key below it \
             matches all IP packets",
        ),
        (
            "watch = [WATCHED]",
            "int.watch = 65 entries: must have from 1 to 64 entries; leave some out, or let one with a prefix or a range \
             stand for several",
        ),
        (
            "instructions = 65536\n[[int.watch]]",
            r#"int.instructions = 0x10000: has more than 16 bits; name them as ["node-id"], or set bits 0 to 8 and 15 alone, as in 0xf000"#,
        ),
        (
            "instructions = 0\n[[int.watch]]",
            r#"int.instructions = 0x0000: asks for nothing; name at least one, as ["node-id"]"#,
        ),
        (
            "instructions = [\"node-id\", \"hop-latency\", \"node-id\"]\n[[int.watch]]",
            "int.instructions = \"node-id\": is named twice; remove one of the two",
        ),
        (
            "metadata = [\"interfaces\", \"interfaces\"]\n[[int.watch]]",
            "int.metadata = \"interfaces\": is named twice; remove one of the two",
        ),
        (
            "[[int.watch]]\nprotocol = 1\nsource_ports = [80]",
            "int.watch[0].protocol = 1: has none of int.watch[0].source_ports, so that nothing matches; use 6 or 17, or \
             remove one of the two",
        ),
        (
            "[[int.watch]]\nprotocol = 47\ndestination_ports = [80]",
            "int.watch[0].protocol = 47: has none of int.watch[0].destination_ports, so that nothing matches; use 6 or 17, \
             or remove one of the two",
        ),
        (
            "[[int.watch]]\nprotocol = 17\ntcp_flags = 2",
            "int.watch[0].protocol = 17: has none of int.watch[0].tcp_flags, so that nothing matches; use 6, or remove one \
             of the two",
        ),
        (
            "role = \"sink\"\n[int.report]\nsource_mac = \"01:00:00:00:00:02\"",
            "int.report.source_mac = \"01:00:00:00:00:02\": is a group address, no station may send from it; make its \
             first byte even",
        ),
        (
            "role = \"sink\"\n[int.report]\nsource_ip = \"239.1.2.3\"",
            "int.report.source_ip = \"239.1.2.3\": is a group address, no station may send from it; use the address of \
             the node",
        ),
        (
            "role = \"sink\"\n[int.report]\nsource_ip = \"255.255.255.255\"",
            "int.report.source_ip = \"255.255.255.255\": is a group address, no station may send from it; use the \
             address of the node",
        ),
        (
            "instructions = 0xc002\n[[int.watch]]",
            "int.instructions = 0xc002: has reserved bits; leave out bits 9 to 14, as in 0xc000",
        ),
        (
            "instructions = []\n[[int.watch]]",
            r#"int.instructions = []: asks for nothing; name at least one, as ["node-id"]"#,
        ),
        (
            "instructions = [\"speed\"]\n[[int.watch]]",
            "int.instructions = \"speed\": is not a known name; use \"node-id\", \"interfaces\", \"hop-latency\", \
             \"queue-occupancy\", \"ingress-timestamp\", \"egress-timestamp\", \"level2-interfaces\", \
             \"tx-utilization\", \"buffer-occupancy\" or \"checksum-complement\"",
        ),
        (
            "mode = \"mx\"\ninstructions = 0x8001\n[[int.watch]]",
            "int.instructions = 0x8001: \"checksum-complement\" means something only in mode \"md\"; leave it out",
        ),
        (
            "checksum = \"complement\"\n[[int.watch]]",
            "int.checksum = \"complement\": needs a word of the metadata, instruction \"checksum-complement\"; add it \
             to int.instructions, or use \"incremental\"",
        ),
        (
            "instructions = 0xff81\nds_words = 19\n[[int.watch]]",
            "int.ds_words = 19: makes 32 words a hop, at most 31 are allowed; set it to 18 or less, or ask for less",
        ),
        (
            "instructions = 0xff80\nmax_hops = 22\n[[int.watch]]",
            "int.max_hops = 22: makes 267 words of header and stack with 12 a hop, at most 255 are allowed; set it to \
             21 or less, or ask for less",
        ),
        (
            "push = false\nsource_only = [1]\n[[int.watch]]",
            "int.source_only = [1]: stands behind the metadata of the source, which adds none with int.push = false; \
             remove one of the two",
        ),
        (
            "encapsulation = \"dscp\"\nudp_port = 3\n[[int.watch]]",
            "int.udp_port = 3: means nothing with encapsulation \"dscp\"; remove it",
        ),
        (
            "encapsulation = \"port\"\ndscp = 3\n[[int.watch]]",
            "int.dscp = 3: means nothing with encapsulation \"port\"; remove it",
        ),
        (
            "dscp = 3\ndscp_mask = 1\n[[int.watch]]",
            "int.dscp_mask = 1: leaves out bits of int.dscp = 3; set it to 3",
        ),
        (
            "hw_id = 64\nrole = \"sink\"",
            "int.hw_id = 64: must be from 0 to 63; the nearest is 63",
        ),
        (
            "mtu_bytes = 500\n[[int.watch]]",
            "int.mtu_bytes = 500: must be from 576 to 65535; the nearest is 576",
        ),
        (
            "metadata = [\"node-id\"]\n[[int.watch]]",
            "int.metadata = \"node-id\": is not a known name; use \"interfaces\", \"hop-latency\", \
             \"queue-occupancy\", \"ingress-timestamp\", \"egress-timestamp\", \"level2-interfaces\", \
             \"tx-utilization\" or \"buffer-occupancy\"",
        ),
        (
            "tuser_offset_bits = 200\n[[int.watch]]",
            "bus.tuser_bits = 512: metadata stand in bits 200 to 559; lower int.tuser_offset_bits, or take less of \
             int.metadata",
        ),
        (
            "length_offset_bits = 350\n[[int.watch]]",
            "int.length_offset_bits = 350: its 16 bits overlap with the metadata in bits 0 to 359; set \
             int.tuser_offset_bits = 366, or move the length",
        ),
        (
            "[[int.watch]]\nsource = \"10.0.0.1/8\"",
            r#"int.watch[0].source = "10.0.0.1/8": has bits beyond the 8 that count; use "10.0.0.0/8""#,
        ),
        (
            "[[int.watch]]\n[[int.watch]]\nsource = \"10.0.0/8\"",
            "int.watch[1].source = \"10.0.0/8\": must be an IPv4 or IPv6 address and after a slash the bits of it that \
             count; write it as \"192.0.2.0/24\" or \"2001:db8::/32\"",
        ),
        (
            "[[int.watch]]\nsource = \"10.0.0.0/8\"\ndestination = \"::1\"",
            "int.watch[0].destination = \"::1/128\": is of another version of IP than the rest of the entry, so that \
             nothing matches; write two entries, or leave out int.watch.ip_version",
        ),
        (
            "[[int.watch]]\nip_version = 5",
            "int.watch[0].ip_version = 5: must be 4 or 6; use 4",
        ),
        (
            "[[int.watch]]\nsource_ports = [9, 8]",
            "int.watch[0].source_ports = [9, 8]: must be one port, or the lowest and the highest, up to 65535; write \
             it as [443] or [1024, 65535]",
        ),
        (
            "[[int.watch]]\ntcp_flags = 3\ntcp_flags_mask = 1",
            "int.watch[0].tcp_flags_mask = 1: leaves out bits of int.watch[0].tcp_flags = 3, so that nothing matches; \
             set it to 3",
        ),
        (
            "[[int.watch]]\ndscp = 0\ndscp_mask = 0",
            "int.watch[0].dscp_mask = 0: looks at no bit; set it to 63",
        ),
        (
            "[[int.watch]]\ndscp_mask = 1",
            "int.watch[0].dscp_mask = 1: means something only with int.watch[0].dscp; remove it",
        ),
        (
            "role = \"sink\"\n[int.report]\ncollectors = 3",
            "int.report.collectors = 3: must be a power of two from 1 to 64; the nearest are 2 and 4",
        ),
        (
            "role = \"sink\"\n[int.report]\ntruncate_bytes = 130",
            "int.report.truncate_bytes = 130: must be a multiple of 4; the nearest are 128 and 132",
        ),
        (
            "role = \"sink\"\n[int.report]\ndestination_ip = \"255.255.255.255\"\ncollectors = 2",
            "int.report.destination_ip = \"255.255.255.255\": there is no address for the last of 2 collectors; start \
             with a lower one",
        ),
    ];
    for (text, expected) in cases {
        let text = text.replace("WATCHED", &"{},".repeat(65));
        assert_eq!(refusal(&text), format!("f: {expected}"), "{text}");
    }
    let narrow = Config::from_toml_str("[int]\nrole = \"transit\"", "f").unwrap_err();
    assert_eq!(
        narrow.to_string(),
        "f: bus.tuser_bits = 0: metadata stand in bits 0 to 359; set it to 360 or more, or take less of int.metadata"
    );
    let error = Config::from_toml_str("int = 3", "f").unwrap_err();
    assert_eq!(
        error.to_string(),
        "f:1:7: int = 3: must be a table; write [int] and its keys below it, as in examples/"
    );
}

#[test]
fn a_stack_is_split_into_hops_and_what_the_source_alone_has_added() {
    // Bitmap 0x8401: node, egress timestamp, complement; a word of the domain. Two hops, and two words of the source.
    let bytes = [
        &[0x20, 0, 5, 6, 0x84, 1, 0, 9, 0, 0, 0, 0][..],
        &[
            0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0xd0, 0xd1, 0xd2, 0xd3, 0, 0, 0x12, 0x34,
        ],
        &[
            0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe0, 0xe1, 0xe2, 0xe3,
        ],
        &[1, 1, 1, 1, 2, 2, 2, 2, 0xff, 0xff, 0xff, 0xff],
    ]
    .concat();
    let parsed = IntHeader::parse(IntVersion::V2_1, 1, &bytes).unwrap();
    let stack = parsed.stack().unwrap();
    assert_eq!((stack.len(), stack.hop_words()), (2, 5));
    let hops: Vec<_> = stack.hops().collect();
    assert_eq!(
        hops[0].values,
        [
            (Instruction::NodeId, Some(2)),
            (Instruction::EgressTimestamp, Some(256)),
            (Instruction::ChecksumComplement, Some(0x1234)),
        ]
    );
    assert_eq!(hops[0].rest, [0xd0, 0xd1, 0xd2, 0xd3]);
    assert_eq!(hops[1].get(Instruction::NodeId), Some(1));
    assert_eq!(hops[1].get(Instruction::EgressTimestamp), None);
    assert_eq!(
        hops[1].rest,
        [0xe0, 0xe1, 0xe2, 0xe3, 1, 1, 1, 1, 2, 2, 2, 2]
    );
    let mut again = Vec::new();
    parsed.write(&mut again);
    assert_eq!(again, bytes);
}

#[test]
fn int_1_0_is_read_only_when_it_is_asked_for() {
    // Bitmap 0x8c00: switch, and both timestamps, which have 4 bytes each.
    let bytes = [
        0x12, 0, 3, 7, 0x8c, 0, 0, 0, 0, 0, 0, 9, 0, 0, 1, 0, 0, 0, 2, 0,
    ];
    let parsed = IntHeader::parse(IntVersion::V1_0, 1, &bytes).unwrap();
    let IntHeader::V1(header, stack) = parsed else {
        panic!("{parsed:?}")
    };
    assert_eq!(
        (header.copy, header.hop_words, header.remaining_hops),
        (1, 3, 7)
    );
    let hop = stack.hops().next().unwrap();
    assert_eq!(hop.get(Instruction::IngressTimestamp), Some(256));
    assert_eq!(hop.get(Instruction::EgressTimestamp), Some(512));
    let mut again = Vec::new();
    parsed.write(&mut again);
    assert_eq!(again, bytes);
    let (shim, rest) = ShimV1::parse(&[1, 0, 6, 0x5c, 9]).unwrap();
    assert_eq!(
        (shim.kind, shim.length_words, shim.dscp, rest),
        (1, 6, 0x17, &[9][..])
    );
    for (version, kind, expected) in [
        (
            IntVersion::V2_1,
            1,
            "the INT-MD header has version 1, only 2 can be read",
        ),
        (
            IntVersion::V2_1,
            3,
            "the INT-MX header has version 1, only 2 can be read",
        ),
        (
            IntVersion::V2_1,
            4,
            "the shim announces a header of kind 4, known are 1 to 3",
        ),
        (
            IntVersion::V1_0,
            3,
            "the shim announces a header of kind 3, known are 1 and 2",
        ),
    ] {
        let error = IntHeader::parse(version, kind, &bytes).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = IntHeader::parse(IntVersion::V1_0, 1, &[0x22; 8]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the INT header has version 2, only 1 can be read"
    );
    let error = IntHeader::parse(IntVersion::V2_1, 1, &bytes[..11]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "MdHeader has 12 bytes, but only 11 are left"
    );
}

#[test]
fn the_reports_of_a_datagram_are_read_one_after_the_other() {
    // The first: bits 1, 3 and 15, a word of the domain, 4 bytes of a packet. The second: to the end.
    let bytes = [
        &[0x20, 0x40, 0, 7, 0, 0, 0, 9][..],
        &[0x14, 7, 4, 0xa0, 0x50, 1, 0, 3, 0x80, 0, 0, 0],
        &[
            0, 1, 0, 2, 5, 0, 1, 0, 6, 7, 0, 0, 0xd0, 0xd1, 0xd2, 0xd3, 0x45, 0, 0, 1,
        ],
        &[0x03, 0xff, 0, 0x20, 1, 2, 3],
    ]
    .concat();
    let parsed = Reports::parse(&bytes).unwrap();
    assert_eq!((parsed.group.hw_id, parsed.group.sequence), (1, 7));
    let [first, second] = &parsed.reports[..] else {
        panic!("{parsed:?}")
    };
    assert_eq!((first.header.dropped, first.header.tracked), (1, 1));
    assert_eq!(
        first.values(),
        [
            (Instruction::Interfaces, 0x0001_0002),
            (Instruction::QueueOccupancy, 0x0500_0100)
        ]
    );
    assert_eq!(first.drop_reason(), Some([6, 7]));
    assert_eq!(first.inner, [0x45, 0, 0, 1]);
    assert_eq!((second.body, second.inner), (None, &[1, 2, 3][..]));
    assert_eq!((second.values(), second.drop_reason()), (vec![], None));
    let mut again = Vec::new();
    parsed.write(&mut again);
    assert_eq!(again, bytes);

    for (bytes, expected) in [
        (&bytes[..7], "GroupHeader has 8 bytes, but only 7 are left"),
        (
            &bytes[..8],
            "IndividualHeader has 4 bytes, but only 0 are left",
        ),
        (&bytes[..39], "a report has 28 bytes, but only 27 are left"),
        (
            &[0x10; 12],
            "the group header has version 1, only 2 can be read",
        ),
        (
            &[
                0x20, 0, 0, 0, 0, 0, 0, 0, 0x10, 2, 1, 0, 0x08, 0, 0, 0, 0, 0, 0, 0,
            ],
            "the metadata length of a report = 1 words, but at least 2 must be there",
        ),
        (
            &[
                0x20, 0, 0, 0, 0, 0, 0, 0, 0x10, 2, 2, 0, 0x08, 0, 0, 0, 0, 0, 0, 0,
            ],
            "the metadata of a report has 8 bytes, but only 0 are left",
        ),
    ] {
        assert_eq!(Reports::parse(bytes).unwrap_err().to_string(), expected);
    }
}

#[test]
fn the_headers_of_tunnels_are_those_of_the_specification() {
    let (gre, rest) = GreHeader::parse(&[0x30, 0, 0x12, 0x34, 0x18, 3, 8, 0]).unwrap();
    assert_eq!(
        (gre.has_key, gre.has_sequence, gre.protocol),
        (1, 1, 0x1234)
    );
    let (shim, _) = GreShim::parse(rest).unwrap();
    assert_eq!((shim.kind, shim.gre_inserted, shim.length_words), (1, 1, 3));
    assert_eq!(shim.next_protocol, 0x0800);
    let (vxlan, rest) =
        VxlanGpeHeader::parse(&[0x0c, 0, 0, 0x82, 1, 2, 3, 0, 0x30, 3, 0x80, 3]).unwrap();
    assert_eq!(
        (
            vxlan.has_instance,
            vxlan.has_next_protocol,
            vxlan.next_protocol
        ),
        (1, 1, 0x82)
    );
    assert_eq!(vxlan.vni, 0x01_0203);
    let (shim, _) = VxlanShim::parse(rest).unwrap();
    assert_eq!((shim.kind, shim.was_vxlan, shim.next_protocol), (3, 1, 3));
    // 10 words of options: an option header of 1 word, and 9.
    let (geneve, rest) =
        GeneveHeader::parse(&[10, 0x40, 0x65, 0x58, 0, 0, 1, 0, 1, 3, 1, 9]).unwrap();
    assert_eq!(
        (geneve.option_words, geneve.is_critical, geneve.protocol),
        (10, 1, 0x6558)
    );
    let (option, _) = GeneveOption::parse(rest).unwrap();
    assert_eq!(
        (option.class, option.kind, option.length_words),
        (0x0103, 1, 9)
    );
}
