//! What a configuration becomes, and its echo.

use seqnic_spec::Config;
use seqnic_spec::int::{
    ChecksumMode, Encapsulation, Instructions, IntMode, IntRole, Masked, UnknownDomain,
};

use crate::{WATCH, node, refusal};

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
fn reports_are_filled_to_whole_words_unless_told_otherwise() {
    let fill = |keys: &str| node(keys).report().expect("it reports").fill;
    assert!(fill("role = \"sink\""));
    assert!(fill("role = \"sink\"\n[int.report]\nfill = true"));
    assert!(!fill("role = \"sink\"\n[int.report]\nfill = false"));
}

#[test]
fn the_echo_says_when_reports_are_not_filled_and_nothing_when_they_are() {
    for (keys, expected) in [
        ("", "truncate_bytes = 256\n"),
        ("fill = true", "truncate_bytes = 256\n"),
        ("fill = false", "truncate_bytes = 256\nfill = false\n"),
    ] {
        let text = format!("bus.tuser_bits = 512\n[int]\nrole = \"sink\"\n[int.report]\n{keys}");
        let config = Config::from_toml_str(&text, "test").unwrap();
        let echo = config.to_toml();
        assert!(echo.ends_with(expected), "{keys}: {echo}");
        assert_eq!(Config::from_toml_str(&echo, "echo"), Ok(config));
    }
}

#[test]
fn a_transit_hop_has_only_what_it_needs() {
    let node = node("role = \"transit\"\nunknown_domain = \"skip\"\nchecksum = \"complement\"");
    assert_eq!(node.unknown_domain(), UnknownDomain::Skip);
    assert_eq!((node.embedding(), node.report()), (None, None));
    assert!(node.knows_domain(0) && !node.knows_domain(9));
}
