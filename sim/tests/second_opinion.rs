//! Another parser finds the same headers in well-formed frames.

use etherparse::{
    IpHeaders, Ipv4Header, Ipv6Header, LinkExtSlice, NetSlice, PacketBuilder, SlicedPacket,
    TransportSlice,
};
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::Headers;
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};

const ADDRESSES: [u8; 12] = [2, 0, 0, 0, 0, 0xaa, 2, 0, 0, 0, 0, 0xbb];
const ETHERTYPE_IPV4: [u8; 2] = [0x08, 0x00];
const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xdd];

/// A well-formed frame: 0 to 2 tags, IPv4 with any options or IPv6, TCP with any options or UDP.
fn well_formed(rng: &mut impl Rng) -> Vec<u8> {
    let ip = if rng.random() {
        let mut header = Ipv4Header::new(0, 64, 6.into(), rng.random(), rng.random())
            .expect("a length of 0 fits");
        let options = vec![1; rng.random_range(0..=10) * 4];
        header.options = options
            .as_slice()
            .try_into()
            .expect("up to ten words of options fit");
        IpHeaders::Ipv4(header, Default::default())
    } else {
        let header = Ipv6Header {
            source: rng.random(),
            destination: rng.random(),
            ..Default::default()
        };
        IpHeaders::Ipv6(header, Default::default())
    };
    let ethertype = if ip.ipv4().is_some() {
        ETHERTYPE_IPV4
    } else {
        ETHERTYPE_IPV6
    };
    let builder = PacketBuilder::ip(ip);
    let payload = vec![0; rng.random_range(0..100)];
    let mut frame = ADDRESSES.to_vec();
    for _ in 0..rng.random_range(0..=2) {
        frame.extend(if rng.random() {
            [0x81, 0x00]
        } else {
            [0x88, 0xa8]
        });
        frame.extend(rng.random::<[u8; 2]>());
    }
    frame.extend(ethertype);
    let written = if rng.random() {
        let options = vec![1; rng.random_range(0..=10) * 4];
        let builder = builder.tcp(rng.random(), rng.random(), rng.random(), rng.random());
        builder
            .options_raw(&options)
            .expect("up to ten words of options fit")
            .write_to_vec(&mut frame, &payload)
    } else {
        builder
            .udp(rng.random(), rng.random())
            .write_to_vec(&mut frame, &payload)
    };
    written.expect("the payload fits");
    frame
}

/// The same as [`Headers`] from the slices of `etherparse`.
fn second_opinion(frame: &[u8]) -> Headers {
    let parsed = SlicedPacket::from_ethernet(frame).expect("the frame is well formed");
    let offset = |slice: &[u8]| slice.as_ptr().addr() - frame.as_ptr().addr();
    // There, a tag starts behind its TPID.
    let start_of = |tag: &LinkExtSlice| match tag {
        LinkExtSlice::Vlan(tag) => Some(offset(tag.slice()) - 2),
        LinkExtSlice::Macsec(_) => None,
    };
    let tags: Vec<usize> = parsed.link_exts.iter().filter_map(start_of).collect();
    let mut headers = Headers {
        ethernet: Some(0),
        vlan: tags.first().copied(),
        inner_vlan: tags.get(1).copied(),
        ethertype: Some(12 + 4 * tags.len()),
        ..Headers::default()
    };
    match &parsed.net {
        Some(NetSlice::Ipv4(ip)) => headers.ipv4 = Some(offset(ip.header().slice())),
        Some(NetSlice::Ipv6(ip)) => headers.ipv6 = Some(offset(ip.header().slice())),
        _ => {}
    }
    match &parsed.transport {
        Some(TransportSlice::Tcp(tcp)) => headers.tcp = Some(offset(tcp.slice())),
        Some(TransportSlice::Udp(udp)) => headers.udp = Some(offset(udp.slice())),
        _ => {}
    }
    headers
}

#[test]
fn another_parser_finds_the_same_headers_in_well_formed_frames() {
    let mut rng = Pcg64Mcg::seed_from_u64(1);
    for _ in 0..20_000 {
        let frame = well_formed(&mut rng);
        assert_eq!(
            Headers::parse(&frame),
            second_opinion(&frame),
            "{frame:02x?}"
        );
    }
    for kind in [TraceKind::Hadoop, TraceKind::Zipf] {
        for packet in Trace::new(&TraceSpec::new(kind, 5_000, 1)).expect("within its limits") {
            assert_eq!(Headers::parse(&packet.data), second_opinion(&packet.data));
        }
    }
}
