//! What INT nodes report as programs: frames by hand.

mod common;

use common::{PASSAGE, STACKED, UNMARKED, config, example, made};
use seqnic_tofino::interpreter::{Interpreter, Session};
use seqnic_tofino::{Chip, IntSwitch};

/// A report in front of the metadata and the packet: addresses, lengths and checksum of IPv4, the number and what the report
/// says of the packet. The sum of IPv4 without length is 0x4500 + 0x4000 + 0x4011 + 2 * 0xc000 + 0x0203 + 0x0221 = 0x24935.
fn report(bytes: u16, checksum: u16, number: u8, words: u8, bits: [u8; 2]) -> Vec<u8> {
    let [total, udp] = [bytes - 14, bytes - 34].map(u16::to_be_bytes);
    let checksum = checksum.to_be_bytes();
    let metadata = if bits == [0, 0] { 0 } else { 1 };
    [
        &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..],
        &[0x45, 0, total[0], total[1], 0, 0, 0x40, 0, 64, 17],
        &[checksum[0], checksum[1], 192, 0, 2, 33, 192, 0, 2, 3],
        &[0x7f, 0xfe, 0x7f, 0xfe, udp[0], udp[1], 0, 0],
        &[0x20, 0, 0, number, 0, 0, 0x0c, 0x33],
        &[
            0x13, words, metadata, 0x20, bits[0], bits[1], 0, 0, 0, 0, 0, 0,
        ],
    ]
    .concat()
}

/// The packet asks for node and interfaces: bit 1 is reported, and is one word. The hash of its flow is 0x0111 ^ 0x0212 ^ 0x1064 ^
/// 0x2344 ^ 0x0011 = 0x3032, of which 0x30 ^ 0x32 makes it collector 2 of 4.
#[test]
fn a_sink_reports_a_packet_as_it_came() {
    let design = made(&example("int-sink-tofino"), Chip::Tofino1);
    let design = design.unwrap_or_else(|refusal| panic!("{refusal}"));
    let interfaces = [0, 0x14, 0, 9];
    let mut whole = STACKED.to_vec();
    whole.extend([0x62, 0x62]);
    let mut long = STACKED.to_vec();
    long.resize(300, 0x63);
    let mut discarded = STACKED;
    discarded[46] = 0x28;
    let mut nothing = STACKED;
    nothing[50] = 0x80;
    // Each with its report, and the bytes of it that are there: 256 at most. 21 words are two of the body, one of metadata and
    // 18 of the packet.
    let cases = [
        // 70 bytes are no whole words. 0x24935 + 122 = 0x249af.
        (&STACKED[..], report(136, 0xb64e, 0, 255, [0x40, 0]), 70),
        // 0x24935 + 124.
        (&whole, report(138, 0xb64c, 1, 21, [0x40, 0]), 72),
        // 0x24935 + 308 = 0x24a69.
        (&long, report(322, 0xb594, 2, 67, [0x40, 0]), 256),
        (&discarded, report(136, 0xb64e, 3, 255, [0x40, 0]), 70),
        // 0x24935 + 118.
        (&nothing, report(132, 0xb652, 4, 255, [0, 0]), 70),
    ];
    for program in [&design.loaded.program, &design.twin] {
        let mut switch = IntSwitch::new(&design, program, 9, 11);
        for (frame, headers, copied) in &cases {
            let passed = switch.process(frame, &PASSAGE).expect("no fault");
            let metadata = &interfaces[..if headers[54] == 0 { 0 } else { 4 }];
            let expected = [headers, metadata, &frame[..*copied]].concat();
            let sent = passed.copy.expect("is reported");
            assert_eq!(
                (sent.frame, sent.port),
                (expected, 11),
                "{:?}",
                program.arch
            );
            assert_eq!(passed.sent.is_none(), frame[46] == 0x28);
        }
        let passed = switch.process(&UNMARKED, &PASSAGE).expect("no fault");
        assert_eq!(passed.copy, None);
    }
}

/// The number begins again behind the last one.
#[test]
fn reports_are_numbered_from_0_again_when_all_22_bits_are_ones() {
    let int = "bus.tuser_bits = 512\n[int]\nrole = 'sink'\nhw_id = 5\nreport.fill = false";
    let design = made(&config(int), Chip::Tofino1).unwrap_or_else(|refusal| panic!("{refusal}"));
    for program in [&design.loaded.program, &design.twin] {
        let mut switch = Interpreter::new(program.clone());
        let cells = switch.register_mut(1, "report_sequence_memory");
        cells.expect("the register")[0] = [0x217f_ffff, 0];
        switch.mirror_to(Session {
            port: 9,
            most_bytes: 272,
        });
        let numbers = [0, 1].map(|_| {
            let passed = switch.process_given(&STACKED, 0, 0, &[]).expect("no fault");
            let report = passed.copy.expect("is reported").frame;
            report[42..46].to_vec()
        });
        assert_eq!(numbers, [[0x21, 0x7f, 0xff, 0xff], [0x21, 0x40, 0, 0]]);
    }
}
