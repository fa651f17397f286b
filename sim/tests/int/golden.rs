//! Four cases that were written elsewhere, byte for byte from the Ethernet header on: a source and a second hop, with
//! 64 bytes of `a` behind UDP 4196 to 9028, the bitmap 0xfe00, and three words of a domain.

use seqnic_spec::int::Instruction;

use super::frames::{ETHERNET, Node, hex, text};

const PAYLOAD: &str = "6161616161616161616161616161616161616161616161616161616161616161\
    6161616161616161616161616161616161616161616161616161616161616161";
/// TTL 63, ID 1.
const ORIGINAL: &str = "4500005c 00010000 3f11ec6a c6010111 c6010212 10642344 00481064";
const FIRST_HOP: [(Instruction, u64); 6] = values(10 << 16 | 11, 1 << 32 | 2);
const SECOND_HOP: [(Instruction, u64); 6] = values(20 << 16 | 21, 5 << 32 | 6);
const STACK: &str = "\
    00000b22 00140015 00000000 00000000 0000000000000000 0000000000000000 0000000500000006 \
    00000a11 000a000b 00000000 00000000 0000000000000000 0000000000000000 0000000100000002";

const fn values(level1: u64, level2: u64) -> [(Instruction, u64); 6] {
    [
        (Instruction::Interfaces, level1),
        (Instruction::HopLatency, 0),
        (Instruction::QueueOccupancy, 0),
        (Instruction::IngressTimestamp, 0),
        (Instruction::EgressTimestamp, 0),
        (Instruction::Level2Interfaces, level2),
    ]
}

/// Through the source and a second hop, and back through a sink.
fn passes(keys: &str, mode: &str, headers: &str, rest: &str) {
    let frame = hex(&format!("{ETHERNET} {ORIGINAL} {PAYLOAD}"));
    assert_eq!(frame.len(), 14 + 28 + 64);
    let max_hops = if mode == "md" { "max_hops = 9" } else { "" };
    let mut source = Node::new(&format!(
        "mode = '{mode}'\n{keys}\nnode_id = 0xa11\ninstructions = 0xfe00\ndomain_id = 0x7777\nds_instruction = \
         0x8888\nds_flags = 0x9999\n{max_hops}\n[[int.watch]]\nsource = '198.1.1.17'"
    ));
    let mut transit = Node::new(&format!(
        "mode = '{mode}'\n{keys}\nrole = 'transit'\nnode_id = 0xb22"
    ));
    let mut sink = Node::new(&format!("mode = '{mode}'\n{keys}\nrole = 'sink'"));
    let first = source.process(&frame, &FIRST_HOP).frame.unwrap();
    let second = transit.process(&first, &SECOND_HOP).frame.unwrap();
    let expected = hex(&format!("{ETHERNET} {headers} {rest} {PAYLOAD}"));
    assert_eq!(text(&second), text(&expected));
    let back = sink.process(&second, &[]).frame.unwrap();
    assert_eq!(text(&back), text(&frame));
}

#[test]
fn md_marked_by_dscp_has_the_checksums_eb8a_and_286c() {
    passes(
        "dscp = 0x20",
        "md",
        "458000bc 00010000 3f11eb8a c6010111 c6010212 10642344 00a8286c",
        &format!("10170000 20000a07fe00777788889999 {STACK}"),
    );
}

#[test]
fn mx_marked_by_dscp_has_the_checksums_ebda_and_28a6() {
    passes(
        "dscp = 0x20",
        "mx",
        "4580006c 00010000 3f11ebda c6010111 c6010212 10642344 005828a6",
        "30030000 20000000fe00777788889999",
    );
}

#[test]
fn md_marked_by_port_has_the_checksums_ec0a_and_df03() {
    passes(
        "encapsulation = 'port'",
        "md",
        "450000bc 00010000 3f11ec0a c6010111 c6010212 10644568 00a8df03",
        &format!("14172344 20000a07fe00777788889999 {STACK}"),
    );
}

#[test]
fn mx_marked_by_port_has_the_checksums_ec5a_and_df3d() {
    passes(
        "encapsulation = 'port'",
        "mx",
        "4500006c 00010000 3f11ec5a c6010111 c6010212 10644568 0058df3d",
        "34032344 20000000fe00777788889999",
    );
}

#[test]
fn md_of_two_transit_hops_behind_a_source_that_pushes_nothing_is_the_same() {
    let frame = hex(&format!("{ETHERNET} {ORIGINAL} {PAYLOAD}"));
    let mut source = Node::new(
        "dscp = 0x20\ninstructions = 0xfe00\ndomain_id = 0x7777\nds_instruction = 0x8888\nds_flags = \
         0x9999\nmax_hops = 9\npush = false\n[[int.watch]]",
    );
    let mut first = Node::new("dscp = 0x20\nrole = 'transit'\nnode_id = 0xa11");
    let mut second = Node::new("dscp = 0x20\nrole = 'transit'\nnode_id = 0xb22");
    let frame = source.pass(&frame);
    let frame = first.process(&frame, &FIRST_HOP).frame.unwrap();
    let frame = second.process(&frame, &SECOND_HOP).frame.unwrap();
    let headers = "458000bc 00010000 3f11eb8a c6010111 c6010212 10642344 00a8286c";
    let rest = format!("10170000 20000a07fe00777788889999 {STACK}");
    let expected = hex(&format!("{ETHERNET} {headers} {rest} {PAYLOAD}"));
    assert_eq!(text(&frame), text(&expected));
}
