//! The exact text of every refusal.

use seqnic_spec::Config;

use crate::refusal;

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
