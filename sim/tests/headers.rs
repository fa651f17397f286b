//! Which headers the model finds: literal frames, runts of every length, and another parser's
//! opinion.

use seqnic_sim::model::Headers;
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::Layer;

const ADDRESSES: [u8; 12] = [2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb];

/// The addresses and what follows them.
fn frame(parts: &[&[u8]]) -> Vec<u8> {
    [&[&ADDRESSES[..]], parts].concat().concat()
}

/// 20 bytes of IPv4 header: its first byte, flags and fragment offset, protocol.
fn ipv4(first: u8, fragment: [u8; 2], protocol: u8) -> [u8; 20] {
    let [high, low] = fragment;
    [
        first, 0, 0, 0, 0, 0, high, low, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ]
}

fn ipv6(first: u8, next_header: u8) -> [u8; 40] {
    let mut header = [0; 40];
    header[0] = first;
    header[6] = next_header;
    header
}

const ETHERTYPE_IPV4: &[u8] = &[0x08, 0x00];
const ETHERTYPE_IPV6: &[u8] = &[0x86, 0xdd];
const WHOLE: [u8; 2] = [0x40, 0x00];

/// A frame with all the headers there are, and one more entry of the list from each length on.
fn assert_runts(frame: &[u8], from: &[(usize, Headers)]) {
    for length in 0..=frame.len() {
        let expected = from
            .iter()
            .rev()
            .find(|(at, _)| length >= *at)
            .map_or(Headers::default(), |&(_, headers)| headers);
        assert_eq!(
            Headers::parse(&frame[..length]),
            expected,
            "cut to {length} bytes"
        );
    }
}

#[test]
fn runts_of_tcp_over_ipv4_with_options_behind_two_tags_have_what_is_whole() {
    let frame = frame(&[
        &[0x88, 0xa8, 0x00, 0x01],
        &[0x81, 0x00, 0x00, 0x02],
        ETHERTYPE_IPV4,
        &ipv4(0x46, WHOLE, 6),
        &[0; 4],
        &[0; 30],
    ]);
    let ethernet = Headers {
        ethernet: Some(0),
        ethertype: Some(12),
        ..Headers::default()
    };
    let vlan = Headers {
        vlan: Some(12),
        ethertype: Some(16),
        ..ethernet
    };
    let inner = Headers {
        inner_vlan: Some(16),
        ethertype: Some(20),
        ..vlan
    };
    let ip = Headers {
        ipv4: Some(22),
        ..inner
    };
    let tcp = Headers {
        tcp: Some(46),
        ..ip
    };
    assert_runts(
        &frame,
        &[(14, ethernet), (18, vlan), (22, inner), (46, ip), (66, tcp)],
    );
}

#[test]
fn runts_of_udp_over_ipv6_have_what_is_whole() {
    let frame = frame(&[ETHERTYPE_IPV6, &ipv6(0x60, 17), &[0; 12]]);
    let ethernet = Headers {
        ethernet: Some(0),
        ethertype: Some(12),
        ..Headers::default()
    };
    let ip = Headers {
        ipv6: Some(14),
        ..ethernet
    };
    let udp = Headers {
        udp: Some(54),
        ..ip
    };
    assert_runts(&frame, &[(14, ethernet), (54, ip), (62, udp)]);
}

#[test]
fn a_third_tag_is_the_ethertype_of_the_payload() {
    let tag = [0x81, 0x00, 0x00, 0x01];
    let headers = Headers::parse(&frame(&[
        &tag,
        &tag,
        &tag,
        ETHERTYPE_IPV4,
        &ipv4(0x45, WHOLE, 6),
        &[0; 20],
    ]));
    let expected = Headers {
        ethernet: Some(0),
        vlan: Some(12),
        inner_vlan: Some(16),
        ethertype: Some(20),
        ..Headers::default()
    };
    assert_eq!(headers, expected);
}

#[test]
fn ipv4_needs_version_4_and_a_header_of_5_words_or_more() {
    for first in 0..=u8::MAX {
        let headers = Headers::parse(&frame(&[ETHERTYPE_IPV4, &ipv4(first, WHOLE, 17), &[0; 60]]));
        let words = usize::from(first & 15);
        let legal = first >> 4 == 4 && words >= 5;
        assert_eq!(headers.ipv4, legal.then_some(14), "first byte {first:#04x}");
        assert_eq!(
            headers.udp,
            legal.then_some(14 + 4 * words),
            "first byte {first:#04x}"
        );
    }
}

#[test]
fn ipv6_needs_version_6_and_extension_headers_hide_the_transport() {
    for first in 0..=u8::MAX {
        let headers = Headers::parse(&frame(&[ETHERTYPE_IPV6, &ipv6(first, 6), &[0; 20]]));
        assert_eq!(headers.ipv6, (first >> 4 == 6).then_some(14));
    }
    for next_header in 0..=u8::MAX {
        let headers = Headers::parse(&frame(&[
            ETHERTYPE_IPV6,
            &ipv6(0x60, next_header),
            &[6; 60],
        ]));
        assert_eq!(headers.tcp, (next_header == 6).then_some(54));
        assert_eq!(headers.udp, (next_header == 17).then_some(54));
    }
}

#[test]
fn only_the_first_fragment_has_a_transport_header() {
    let tcp = |fragment| {
        Headers::parse(&frame(&[
            ETHERTYPE_IPV4,
            &ipv4(0x45, fragment, 6),
            &[0; 20],
        ]))
    };
    assert_eq!(tcp([0x20, 0x00]).tcp, Some(34));
    assert_eq!(tcp([0xe0, 0x00]).tcp, Some(34));
    for bit in 0..13 {
        let headers = tcp((1_u16 << bit).to_be_bytes());
        assert_eq!((headers.ipv4, headers.tcp), (Some(14), None));
    }
}

#[test]
fn ports_are_those_of_tcp_or_udp() {
    let with = |protocol| {
        Headers::parse(&frame(&[
            ETHERTYPE_IPV4,
            &ipv4(0x45, WHOLE, protocol),
            &[0; 20],
        ]))
    };
    assert_eq!(with(6).start_of(Layer::Ports), Some(34));
    assert_eq!(with(17).start_of(Layer::Ports), Some(34));
    assert_eq!(with(1).start_of(Layer::Ports), None);
}

#[test]
fn lengths_inside_the_packet_are_not_consulted() {
    // The IPv4 total length is 0 and the TCP data offset is 0.
    let headers = Headers::parse(&frame(&[ETHERTYPE_IPV4, &ipv4(0x45, WHOLE, 6), &[0; 20]]));
    assert_eq!(headers.tcp, Some(34));
}

#[test]
fn a_frame_of_802_3_has_no_network_layer() {
    let headers = Headers::parse(&frame(&[&[0x00, 0x2e], &ipv4(0x45, WHOLE, 6), &[0; 20]]));
    assert_eq!(
        headers,
        Headers {
            ethernet: Some(0),
            ethertype: Some(12),
            ..Headers::default()
        }
    );
}

#[test]
fn every_header_that_is_found_lies_in_the_frame() {
    for packet in
        Trace::new(&TraceSpec::new(TraceKind::Uniform, 100_000, 1)).expect("within its limits")
    {
        let headers = Headers::parse(&packet.data);
        for &layer in Layer::ALL {
            let end = headers
                .start_of(layer)
                .map_or(0, |start| start + layer.bytes());
            assert!(
                end <= packet.data.len(),
                "{layer} of {} bytes",
                packet.data.len()
            );
        }
    }
}
