//! The exact text of every refusal.

use seqnic_spec::Config;

/// TOML that is refused, and the refusal.
const REFUSED: &[(&str, &str)] = &[
    // Names
    (
        "name = \"Conn-Track\"",
        r#"name = "Conn-Track": must be a lower-case letter, then lower-case letters, digits and underscores; use "conn_track""#,
    ),
    (
        "name = \"2fast\"",
        r#"name = "2fast": must be a lower-case letter, then lower-case letters, digits and underscores; use "x2fast""#,
    ),
    (
        "name = \"a23456789_123456789_123456789_123456789_123456789\"",
        r#"name = "a23456789_123456789_123456789_123456789_123456789": has 49 characters, at most 48 are allowed; shorten it"#,
    ),
    (
        "name = \"module\"",
        r#"name = "module": is a reserved word of Verilog; use "module_0""#,
    ),
    // Bus
    (
        "bus.data_bits = 96",
        "bus.data_bits = 96: must be a power of two from 64 to 2048; the nearest are 64 and 128",
    ),
    (
        "bus.data_bits = 32",
        "bus.data_bits = 32: must be a power of two from 64 to 2048; the nearest is 64",
    ),
    (
        "bus.data_bits = 4096",
        "bus.data_bits = 4096: must be a power of two from 64 to 2048; the nearest is 2048",
    ),
    (
        "bus.tuser_bits = 513",
        "bus.tuser_bits = 513: must be from 0 to 512; the nearest is 512",
    ),
    // History
    (
        "history.rows = 0",
        "history.rows = 0: must be from 1 to 256; the nearest is 1",
    ),
    (
        "history.rows = 257",
        "history.rows = 257: must be from 1 to 256; the nearest is 256",
    ),
    (
        "history.rows = 5\nspray.cores = 14",
        "history.rows = 5: with spray.cores = 14 a core misses 13 packets between two of its own; \
         set history.rows = 13 or more, or spray.cores = 6 or fewer",
    ),
    (
        "history.storage = \"ultra\"",
        r#"history.storage = "ultra": is not a known name; use "distributed", "block" or "registers""#,
    ),
    (
        "history.row = \"conntrack\"",
        r#"history.row = "conntrack": is not a known name; use "ddos-mitigator", "port-knocking", "heavy-hitter", "token-bucket", "connection-tracker", "load-balancer", "table2" or "none""#,
    ),
    (
        "history = { row = \"table2\", field = [{ source = \"timestamp\" }] }",
        r#"history.row = "table2": cannot stand beside history.field; remove one of the two"#,
    ),
    (
        "history.field = []",
        r#"history.field = []: a row has at least one field; list one, or set history.row = "none" for no history"#,
    ),
    // Fields
    (
        "history.field = [{ source = \"ipv4.sorce\" }]",
        r#"history.field[0].source = "ipv4.sorce": is not a known source; the nearest is "ipv4.source", and docs/packet-format.md lists all"#,
    ),
    (
        "history.field = [{ source = \"constant:twelve\" }]",
        r#"history.field[0].source = "constant:twelve": must be a number of at most 64 bits, decimal or after 0x hexadecimal; write it as "constant:0x1234""#,
    ),
    (
        "history.field = [{ source = \"constant:0x10000000000000000\" }]",
        r#"history.field[0].source = "constant:0x10000000000000000": must be a number of at most 64 bits, decimal or after 0x hexadecimal; write it as "constant:0x1234""#,
    ),
    (
        "history.field = [{ source = \"tcp.flags&0x102=0x02\" }]",
        r#"history.field[0].source = "tcp.flags&0x102=0x02": must compare one byte of flags with another; write it as "tcp.flags&0x12=0x02""#,
    ),
    (
        "history.field = [{ source = \"tcp.flags&0=0\" }]",
        r#"history.field[0].source = "tcp.flags&0=0": looks at no flag; select at least one, as in "tcp.flags&0x02=0x02""#,
    ),
    (
        "history.field = [{ source = \"tcp.flags&0x10=0x02\" }]",
        r#"history.field[0].source = "tcp.flags&0x10=0x02": is never true: the value has flags that the mask leaves out; use "tcp.flags&0x12=0x02""#,
    ),
    (
        "history.field = [{ source = \"tcp.flags&0x12=0x06\" }]",
        r#"history.field[0].source = "tcp.flags&0x12=0x06": is never true: the value has flags that the mask leaves out; use "tcp.flags&0x16=0x06""#,
    ),
    (
        "history.field = [{ source = \"timestamp\", name = \"wire\" }]",
        r#"history.field[0].name = "wire": is a reserved word of Verilog; use "wire_0""#,
    ),
    (
        "history.field = [{ source = \"timestamp\" }, { source = \"timestamp\" }]",
        r#"history.field[1].name = "timestamp": is also the name of history.field[0]; give each field a name of its own"#,
    ),
    (
        "history.field = [{ source = \"timestamp\", bytes = 0 }]",
        "history.field[0].bytes = 0: must be from 1 to 16; the nearest is 1",
    ),
    (
        "history.field = [{ source = \"timestamp\", bytes = 17 }]",
        "history.field[0].bytes = 17: must be from 1 to 16; the nearest is 16",
    ),
    (
        "history.field = [{ source = \"constant:0x1234\", bytes = 1 }]",
        "history.field[0].bytes = 1: cannot hold constant:0x1234, which needs 2 bytes; \
         make the field wider or the constant smaller",
    ),
    (
        "history.field = [{ source = \"timestamp\", order = \"middle\" }]",
        r#"history.field[0].order = "middle": is not a known name; use "big" or "little""#,
    ),
    (
        r#"
        [history]
        field = [
            { source = "ipv6.source" },
            { source = "ipv6.destination" },
            { source = "tcp.sequence", bytes = 16 },
            { source = "tcp.window", bytes = 16 },
            { source = "tcp.fin" },
        ]
        "#,
        "history.field = [5 fields]: a row of 65 bytes, at most 64 fit; \
         remove fields or make them narrower",
    ),
    // Requirements
    (
        "history.requires = [\"ipv5\"]",
        r#"history.requires[0] = "ipv5": is not a known name; use "ethernet", "vlan", "inner-vlan", "ipv4", "ipv6", "tcp", "udp" or "ports""#,
    ),
    (
        "history.field = [{ source = \"ipv4.source\" }, { source = \"ipv6.source\" }]",
        r#"history.field[1].source = "ipv6.source": needs IPv6, but history.field[0].source = "ipv4.source" needs IPv4 and no packet has both; remove one of the two"#,
    ),
    (
        "history.field = [{ source = \"ipv6.source\" }, { source = \"ipv4.source\" }]",
        r#"history.field[1].source = "ipv4.source": needs IPv4, but history.field[0].source = "ipv6.source" needs IPv6 and no packet has both; remove one of the two"#,
    ),
    (
        "history.field = [{ source = \"udp.length\" }, { source = \"tcp.syn\" }]",
        r#"history.field[1].source = "tcp.syn": needs TCP, but history.field[0].source = "udp.length" needs UDP and no packet has both; remove one of the two"#,
    ),
    (
        "history = { row = \"table2\", requires = [\"udp\"] }",
        r#"history.requires[0] = "udp": needs UDP, but history.row = "table2" needs TCP and no packet has both; remove one of the two"#,
    ),
    // Prefix
    (
        "prefix.layout = \"xdp\"",
        r#"prefix.layout = "xdp": is not a known name; use "paper", "paper-padded", "bpf-profile" or "bpf-profile-numbered""#,
    ),
    (
        "prefix = { layout = \"paper\", section = [] }",
        r#"prefix.layout = "paper": cannot stand beside prefix.section; remove one of the two"#,
    ),
    (
        "prefix.index_bytes = 3",
        "prefix.index_bytes = 3: must be a power of two from 1 to 4; the nearest are 2 and 4",
    ),
    (
        "prefix = { layout = \"bpf-profile\", index_bytes = 2 }",
        r#"prefix.index_bytes = 2: the layout "bpf-profile" has no index pointer; remove it"#,
    ),
    (
        "prefix = { index_bytes = 2, section = [] }",
        "prefix.index_bytes = 2: a list of sections gives each section its own size; remove it",
    ),
    (
        "prefix.sequence_bytes = 0",
        "prefix.sequence_bytes = 0: must be from 1 to 8; the nearest is 1",
    ),
    (
        "prefix.timestamp_bytes = 9",
        "prefix.timestamp_bytes = 9: must be from 1 to 8; the nearest is 8",
    ),
    (
        "prefix = { sequence_bytes = 4, section = [] }",
        "prefix.sequence_bytes = 4: a list of sections gives each section its own size; remove it",
    ),
    (
        "prefix = { timestamp_bytes = 8, section = [] }",
        "prefix.timestamp_bytes = 8: a list of sections gives each section its own size; remove it",
    ),
    (
        "prefix.destination = \"02:00\"",
        r#"prefix.destination = "02:00": must be six pairs of hexadecimal digits with colons between them; write it as "02:00:00:00:00:01""#,
    ),
    (
        "prefix.source_base = \"none\"",
        r#"prefix.source_base = "none": must be six pairs of hexadecimal digits with colons between them; write it as "02:00:00:00:00:01""#,
    ),
    (
        "prefix.source_base = \"01:00:00:00:00:00\"",
        r#"prefix.source_base = "01:00:00:00:00:00": is a group address, no station may send from it; make its first byte even"#,
    ),
    (
        "prefix.source_base = \"fe:ff:ff:ff:ff:ff\"",
        r#"prefix.source_base = "fe:ff:ff:ff:ff:ff": core 15 would get a group address; use an address that ends in 00"#,
    ),
    (
        "prefix.ethertype = 0x12345",
        "prefix.ethertype = 0x12345: has more than 16 bits; use 0x0800, or another number up to 0xffff",
    ),
    // Sections
    (
        "prefix.section = []\nspray.steering = \"tdest\"",
        r#"prefix.section = [0 sections]: has no place for the history; add a section of kind "rows", or set history.row = "none""#,
    ),
    (
        "prefix.section = [{ kind = \"row\" }]",
        r#"prefix.section[0].kind = "row": is not a known name; use "ethernet", "sequence-number", "timestamp", "rows", "index-pointer" or "padding""#,
    ),
    (
        "prefix.section = [{ kind = \"rows\" }, { kind = \"padding\", bytes = 2 }, { kind = \"rows\" }]",
        r#"prefix.section[2].kind = "rows": is already the kind of prefix.section[0]; remove one of the two"#,
    ),
    (
        "prefix.section = [{ kind = \"rows\", order = \"oldest-first\" }, { kind = \"index-pointer\" }]",
        r#"prefix.section[1].kind = "index-pointer": points only into rows in array order; remove it, or set the order of the rows to "array""#,
    ),
    (
        "prefix.section = [{ kind = \"index-pointer\" }]",
        r#"prefix.section[0].kind = "index-pointer": points only into rows in array order; remove it, or add a section of kind "rows""#,
    ),
    (
        "prefix.section = [{ kind = \"rows\", order = \"big\" }]",
        r#"prefix.section[0].order = "big": is not a known name; use "array" or "oldest-first""#,
    ),
    (
        "prefix.section = [{ kind = \"rows\", bytes = 64 }]",
        r#"prefix.section[0].bytes = 64: means nothing in a section of kind "rows"; remove it"#,
    ),
    (
        "prefix.section = [{ kind = \"ethernet\", order = \"big\" }]",
        r#"prefix.section[0].order = "big": means nothing in a section of kind "ethernet"; remove it"#,
    ),
    (
        "prefix.section = [{ kind = \"timestamp\", align_bytes = \"bus\" }]",
        r#"prefix.section[0].align_bytes = "bus": means nothing in a section of kind "timestamp"; remove it"#,
    ),
    (
        "prefix.section = [{ kind = \"timestamp\", align_bytes = 64 }]",
        r#"prefix.section[0].align_bytes = 64: means nothing in a section of kind "timestamp"; remove it"#,
    ),
    (
        "prefix.section = [{ kind = \"sequence-number\", bytes = 9 }]",
        "prefix.section[0].bytes = 9: must be from 1 to 8; the nearest is 8",
    ),
    (
        "prefix.section = [{ kind = \"timestamp\", bytes = 0 }]",
        "prefix.section[0].bytes = 0: must be from 1 to 8; the nearest is 1",
    ),
    (
        "prefix.section = [{ kind = \"timestamp\", order = \"network\" }]",
        r#"prefix.section[0].order = "network": is not a known name; use "big" or "little""#,
    ),
    (
        "prefix.section = [{ kind = \"index-pointer\", bytes = 8 }]",
        "prefix.section[0].bytes = 8: must be a power of two from 1 to 4; the nearest is 4",
    ),
    (
        "prefix.section = [{ kind = \"padding\" }]",
        r#"prefix.section[0].kind = "padding": needs either bytes or align_bytes; set one of the two, as in align_bytes = "bus""#,
    ),
    (
        "prefix.section = [{ kind = \"padding\", bytes = 0 }]",
        "prefix.section[0].bytes = 0: must be from 1 to 32768; the nearest is 1",
    ),
    (
        "prefix.section = [{ kind = \"padding\", align_bytes = 0 }]",
        "prefix.section[0].align_bytes = 0: must be from 1 to 32768; the nearest is 1",
    ),
    (
        "prefix.section = [{ kind = \"padding\", align_bytes = \"beat\" }]",
        r#"prefix.section[0].align_bytes = "beat": is not a known name; use "bus""#,
    ),
    (
        "prefix.section = [{ kind = \"ethernet\" }, { kind = \"rows\" }, { kind = \"padding\", bytes = 32768 }]",
        "prefix.section = [3 sections]: a prefix of 33006 bytes, at most 32768 fit; make the padding smaller",
    ),
    (
        "prefix = { ethertype = 0x0800, section = [{ kind = \"rows\" }] }\nspray.steering = \"tdest\"",
        r#"prefix.ethertype = 0x0800: the prefix has no section of kind "ethernet"; remove it"#,
    ),
    (
        "prefix = { destination = \"02:00:00:00:00:01\", section = [{ kind = \"rows\" }] }\nspray.steering = \"tdest\"",
        r#"prefix.destination = "02:00:00:00:00:01": the prefix has no section of kind "ethernet"; remove it"#,
    ),
    (
        "prefix = { source_base = \"02:00:00:00:00:01\", section = [{ kind = \"rows\" }] }\nspray.steering = \"tdest\"",
        r#"prefix.source_base = "02:00:00:00:00:01": the prefix has no section of kind "ethernet"; remove it"#,
    ),
    // Spraying
    (
        "spray.cores = 0",
        "spray.cores = 0: must be from 1 to 256; the nearest is 1",
    ),
    (
        "spray.cores = 257",
        "spray.cores = 257: must be from 1 to 256; the nearest is 256",
    ),
    (
        "spray.steering = \"rss\"",
        r#"spray.steering = "rss": is not a known name; use "source-mac", "vlan", "tdest" or "tuser""#,
    ),
    (
        "spray.steering = \"vlan\"\nprefix.section = [{ kind = \"rows\" }]",
        r#"spray.steering = "vlan": needs a dummy Ethernet header in the prefix; add a section of kind "ethernet", or steer by "tdest" or "tuser""#,
    ),
    (
        "prefix.section = [{ kind = \"rows\" }]",
        r#"spray.steering = "source-mac": needs a dummy Ethernet header in the prefix; add a section of kind "ethernet", or steer by "tdest" or "tuser""#,
    ),
    (
        "spray.first_vid = 1",
        r#"spray.first_vid = 1: means something only with steering "vlan"; remove it"#,
    ),
    (
        "spray = { steering = \"tdest\", control = true }\nprefix.section = []\nhistory.row = \"none\"",
        "spray.control = true: needs a prefix, in front of which a frame waits while no core is enabled; \
         add a section to the prefix, or leave it out",
    ),
    (
        "spray = { control = true, max_weight = 0 }",
        "spray.max_weight = 0: must be from 1 to 255; the nearest is 1",
    ),
    (
        "spray = { control = true, max_weight = 256 }",
        "spray.max_weight = 256: must be from 1 to 255; the nearest is 255",
    ),
    (
        "spray.max_weight = 2",
        "spray.max_weight = 2: means something only with spray.control = true; remove it",
    ),
    (
        "spray.heartbeat = true",
        "spray.heartbeat = true: means something only with spray.control = true; remove it",
    ),
    (
        "spray = { cores = 14, control = true, max_weight = 20 }",
        "spray.max_weight = 20: with spray.cores = 14 a core misses up to 260 packets between two of its own, and a \
         history has at most 256; set it to 19 or less, or spray over fewer cores",
    ),
    (
        "history.rows = 20\nspray = { cores = 8, control = true, max_weight = 3 }",
        "history.rows = 20: with spray.cores = 8 and spray.max_weight = 3 a core misses up to 21 packets between two of \
         its own; set history.rows = 21 or more, or spray.cores = 7 or fewer",
    ),
    (
        "spray.control_clock = \"own\"",
        r#"spray.control_clock = "own": means something only with spray.control = true; remove it"#,
    ),
    (
        "spray = { control = true, control_clock = \"axi\" }",
        r#"spray.control_clock = "axi": is not a known name; use "datapath" or "own""#,
    ),
    (
        "spray = { cores = 14, steering = \"vlan\", first_vid = 4082 }",
        "spray.first_vid = 4082: must be from 1 to 4081, so that each of 14 cores has a VLAN ID; the nearest is 4081",
    ),
    (
        "spray = { cores = 14, steering = \"vlan\", first_vid = 0 }",
        "spray.first_vid = 0: must be from 1 to 4081, so that each of 14 cores has a VLAN ID; the nearest is 1",
    ),
    (
        "spray = { cores = 14, steering = \"vlan\", vid_step = 256, first_vid = 767 }",
        "spray.first_vid = 767: must be from 1 to 766, so that each of 14 cores has a VLAN ID; the nearest is 766",
    ),
    (
        "spray = { cores = 16, steering = \"vlan\", vid_step = 512 }",
        "spray.vid_step = 512: must be a power of two from 1 to 256; the nearest is 256",
    ),
    (
        "spray = { cores = 1, steering = \"vlan\", vid_step = 3 }",
        "spray.vid_step = 3: must be a power of two from 1 to 2048; the nearest are 2 and 4",
    ),
    (
        "spray.vid_step = 2",
        r#"spray.vid_step = 2: means something only with steering "vlan"; remove it"#,
    ),
    (
        "spray.tuser_offset_bits = 24",
        r#"spray.tuser_offset_bits = 24: means something only with steering "tuser"; remove it"#,
    ),
    (
        "spray.tuser_core_bits = 8",
        r#"spray.tuser_core_bits = 8: means something only with steering "tuser"; remove it"#,
    ),
    (
        "spray.tuser_encoding = \"binary\"",
        r#"spray.tuser_encoding = "binary": means something only with steering "tuser"; remove it"#,
    ),
    (
        "spray = { steering = \"tuser\", tuser_encoding = \"gray\" }",
        r#"spray.tuser_encoding = "gray": is not a known name; use "binary" or "one-hot""#,
    ),
    (
        "spray = { steering = \"tuser\", tuser_offset_bits = 512 }",
        "spray.tuser_offset_bits = 512: must be from 0 to 511; the nearest is 511",
    ),
    (
        "spray = { steering = \"tuser\", tuser_core_bits = 0 }",
        "spray.tuser_core_bits = 0: must be from 1 to 512; the nearest is 1",
    ),
    (
        "spray = { cores = 14, steering = \"tuser\", tuser_core_bits = 3 }",
        r#"spray.tuser_core_bits = 3: 14 cores in encoding "binary" need 4 bits; set it to 4 or more, or spray over fewer cores"#,
    ),
    (
        "spray = { cores = 14, steering = \"tuser\", tuser_encoding = \"one-hot\" }",
        r#"spray.tuser_core_bits = 8: 14 cores in encoding "one-hot" need 14 bits; set it to 14 or more, or spray over fewer cores"#,
    ),
    (
        "spray.steering = \"tuser\"",
        "bus.tuser_bits = 0: the core number stands in bits 24 to 31; set it to 32 or more, or move the core number to a lower bit",
    ),
    (
        "bus.tuser_bits = 256\nspray = { steering = \"tuser\", tuser_offset_bits = 504 }",
        "bus.tuser_bits = 256: the core number stands in bits 504 to 511; set it to 512 or more, or move the core number to a lower bit",
    ),
    (
        "bus.tuser_bits = 512\nspray = { steering = \"tuser\", tuser_offset_bits = 508 }",
        "bus.tuser_bits = 512: the core number stands in bits 508 to 515; move it to a lower bit, at most 512 bits are allowed",
    ),
    // Timestamp
    (
        "timestamp.source = \"ptp\"",
        r#"timestamp.source = "ptp": is not a known name; use "counter" or "port""#,
    ),
    (
        "timestamp.increment = 0",
        "timestamp.increment = 0: must be from 1 to 65535; the nearest is 1",
    ),
    (
        "timestamp = { source = \"port\", increment = 4 }",
        r#"timestamp.increment = 4: means something only with source "counter"; remove it"#,
    ),
    // Pipeline
    (
        "pipeline.fifo_beats = 24",
        "pipeline.fifo_beats = 24: must be a power of two from 2 to 512; the nearest are 16 and 32",
    ),
    (
        "pipeline.fifo_beats = 1",
        "pipeline.fifo_beats = 1: must be a power of two from 2 to 512; the nearest is 2",
    ),
    (
        "pipeline.fifo_storage = \"registers\"",
        r#"pipeline.fifo_storage = "registers": is not a known name; use "distributed" or "block""#,
    ),
];

#[test]
fn every_refusal_names_key_value_limit_and_fix() {
    let mut wrong = Vec::new();
    for &(text, expected) in REFUSED {
        let expected = format!("bad.toml: {expected}");
        match Config::from_toml_str(text, "bad.toml") {
            Ok(_) => wrong.push(format!("accepted: {text}")),
            Err(error) if error.to_string() != expected => {
                wrong.push(format!("{text}\n  want {expected}\n  got  {error}"));
            }
            Err(error) => assert!(error.refusal().is_some(), "{text}"),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Flags have no file.
#[test]
fn a_refusal_without_a_file_starts_with_the_key() {
    let mut raw = seqnic_spec::RawConfig::default();
    raw.spray.cores = Some(0);
    let error = Config::try_from(raw).unwrap_err();
    assert_eq!(
        error.to_string(),
        "spray.cores = 0: must be from 1 to 256; the nearest is 1"
    );
}
