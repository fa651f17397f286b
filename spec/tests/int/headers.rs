//! Headers and reports, against bytes by hand.

use seqnic_spec::int::{
    GeneveHeader, GeneveOption, GreHeader, GreShim, GroupHeader, IndividualHeader, Instruction,
    Instructions, IntHeader, IntVersion, MdHeader, MdView, MxHeader, ReportBody, Reports, Shim,
    ShimV1, ShimView, VxlanGpeHeader, VxlanShim, npt,
};

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
fn a_report_to_the_end_of_its_datagram_may_end_inside_a_word() {
    let start = [
        0x20, 0, 0, 5, 0, 0, 0, 9, // group
        0x13, 0xff, 1, 0x20, 0x20, 0, 0, 3, 0, 0, 0, 0, // 255 words, a latency
        0, 0, 1, 2, // it
    ];
    for inner in [&[0xa0][..], &[0xa0, 0xa1], &[0xa0, 0xa1, 0xa2, 0xa3, 0xa4]] {
        let bytes = [&start, inner].concat();
        let parsed = Reports::parse(&bytes).unwrap();
        let [report] = &parsed.reports[..] else {
            panic!("{parsed:?}")
        };
        assert_eq!(report.values(), [(Instruction::HopLatency, 0x0102)]);
        assert_eq!(report.inner, inner);
        let mut again = Vec::new();
        parsed.write(&mut again);
        assert_eq!(again, bytes);
    }
    // Metadata are whole words all the same.
    assert_eq!(
        Reports::parse(&start[..23]).unwrap_err().to_string(),
        "the metadata of a report has 4 bytes, but only 3 are left"
    );
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
