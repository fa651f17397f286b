use seqnic_hdl::blocks::header_window::WINDOW_BYTES;
use seqnic_hdl::blocks::int_parser::{LATENCY_CYCLES, int_parser};
use seqnic_spec::int::{Encapsulation, Masked, kind};

use super::bench::{Bench, hex};

const DSCP: Encapsulation = Encapsulation::Dscp(Masked {
    value: 0x17,
    mask: 0x3f,
});

const ETHERNET: &str = "020000000001 020000000002";
/// 64 bytes, DSCP 0x17, protocol UDP.
const IPV4_UDP: &str = "0800 455c0040 00010000 3f110000 c6010111 c6010212";
/// To port 9028, 44 bytes.
const UDP: &str = "10642344 002c0000";
/// INT-MD, 7 words: an INT header, and a stack of 4 words. Version 2, hop length 2, 7 hops.
const INT: &str =
    "10070000 20000207 c0000000 00000000 00000b22 00140015 00000a11 000a000b 61616161";

fn parser(encapsulation: Encapsulation) -> Bench {
    Bench::new(int_parser("int_parser", encapsulation, kind::MD))
}

/// What the parser says of a frame, with bytes of another one behind its end and in the cycles behind it.
pub fn parse(bench: &mut Bench, frame: &[u8]) {
    let mut window = [0x45; WINDOW_BYTES];
    let present = frame.len().min(WINDOW_BYTES);
    window[..present].copy_from_slice(&frame[..present]);
    let keep = u128::MAX >> (WINDOW_BYTES - present);
    // Past the frame before.
    bench.clock();
    bench.set("header_valid", 1);
    bench.set_bytes("window", &window);
    bench.set_words("window_keep", &[keep as u64, (keep >> 64) as u64]);
    for _ in 0..LATENCY_CYCLES {
        bench.eval();
        assert_eq!(bench.get("parsed"), 0);
        bench.clock();
        bench.set("header_valid", 0);
        bench.set_bytes("window", &[0x45; WINDOW_BYTES]);
    }
    bench.eval();
    assert_eq!(bench.get("parsed"), 1);
}

fn holds(bench: &mut Bench, frame: &[u8]) -> bool {
    parse(bench, frame);
    bench.get("holds_int") == 1
}

#[test]
fn finds_shim_and_header_and_the_words_that_change_with_them() {
    let mut bench = parser(DSCP);
    parse(&mut bench, &hex(&format!("{ETHERNET}{IPV4_UDP}{UDP}{INT}")));
    for (port, value) in [
        ("holds_int", 1),
        ("marked", 1),
        ("agrees", 1),
        ("ipv4", 1),
        ("ipv6", 0),
        ("tcp", 0),
        ("udp", 1),
        ("fragment", 0),
        ("tags", 0),
        ("layer4_words", 0),
        // Bytes 42 to 45 are word 10.
        ("place", 10),
        ("place_fits", 1),
        ("ip_bytes", 64),
        ("payload_bytes", 44),
        ("negative", 0),
    ] {
        assert_eq!(bench.get(port), value, "{port}");
    }
    for (port, bytes) in [
        ("layer3_word0", [0x45, 0x5c, 0x00, 0x40]),
        ("layer3_word2", [0x3f, 0x11, 0x00, 0x00]),
        ("layer4_word0", [0x10, 0x64, 0x23, 0x44]),
        ("layer4_word1", [0x00, 0x2c, 0x00, 0x00]),
        ("int_word0", [0x10, 0x07, 0x00, 0x00]),
        ("int_word1", [0x20, 0x00, 0x02, 0x07]),
        ("int_word2", [0xc0, 0x00, 0x00, 0x00]),
        ("int_word3", [0x00, 0x00, 0x00, 0x00]),
    ] {
        assert_eq!(bench.bytes(port, 4), bytes, "{port}");
    }
}

#[test]
fn tags_and_options_in_front_move_the_place() {
    let mut bench = parser(DSCP);
    let tags = "8100 0064 88a8 00c8";
    // 8 bytes of IPv4 options, in 72 bytes.
    let options = "0800 475c0048 00010000 3f110000 c6010111 c6010212 01010101 01010101";
    // 88 bytes; TCP with 12 bytes of options.
    let tcp = "0800 455c0058 00010000 3f060000 c6010111 c6010212 \
               10642344 00000001 00000002 80100000 00000000 0101080a 00000003 00000004";
    let ipv6 =
        "86dd 65c00000 002c113f 20010db8000000000000000000000001 20010db8000000000000000000000002";
    for (front, place) in [
        (format!("{tags}{IPV4_UDP}{UDP}"), 12),
        (format!("{options}{UDP}"), 12),
        (tcp.to_owned(), 16),
        (format!("{tags}{tcp}"), 18),
        (format!("{ipv6}{UDP}"), 15),
    ] {
        let frame = hex(&format!("{ETHERNET}{front}{INT}"));
        assert!(holds(&mut bench, &frame), "{front}");
        assert_eq!(bench.get("place"), place, "{front}");
        assert_eq!(
            bench.bytes("int_word1", 4),
            [0x20, 0x00, 0x02, 0x07],
            "{front}"
        );
    }
}

#[test]
fn what_is_not_marked_or_cannot_be_has_no_header() {
    let whole = hex(&format!("{ETHERNET}{IPV4_UDP}{UDP}{INT}"));
    let mut bench = parser(DSCP);
    assert!(holds(&mut bench, &whole));
    for (what, offset, byte) in [
        ("another DSCP", 15, 0x58),
        ("a fragment behind another", 21, 0x01),
        ("a fragment with more behind it", 20, 0x20),
        ("another protocol", 23, 0x84),
        ("the kind of INT-MX", 42, 0x30),
        ("an unknown kind", 42, 0x50),
        ("NPT 3", 42, 0x1c),
        ("a header that is too short", 43, 2),
        ("more words than the packet has", 43, 9),
        ("version 1", 46, 0x10),
        ("UDP longer than IP says", 39, 0x2d),
        ("IP too short for UDP", 17, 27),
    ] {
        let mut frame = whole.clone();
        frame[offset] = byte;
        assert!(!holds(&mut bench, &frame), "{what}");
    }
    // Shim and header end with byte 57.
    assert!(
        !holds(&mut bench, &whole[..57]),
        "a frame that ends in the header"
    );
    assert!(holds(&mut bench, &whole));
}

#[test]
fn a_port_marks_whatever_the_dscp_is() {
    let mut bench = parser(Encapsulation::Port(9028));
    let whole = hex(&format!("{ETHERNET}{IPV4_UDP}{UDP}{INT}"));
    for dscp in [0x00, 0x5c] {
        let mut frame = whole.clone();
        // NPT 1: the port of the packet is in the shim.
        (frame[15], frame[42]) = (dscp, 0x14);
        assert!(holds(&mut bench, &frame));
        frame[37] = 0x45;
        assert!(!holds(&mut bench, &frame), "another port");
    }
}
