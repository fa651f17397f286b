//! The FlowRadar encoder as a program: what it takes, what is refused, and what a frame does in it.

mod common;

use common::config;
use seqnic_tofino::interpreter::Interpreter;
use seqnic_tofino::ir::{
    Action, Arch, Field, HashUnit, Header, Matching, Next, ParserStep, Pipe, Place, Program, State,
    Statement, Step, Table,
};
use seqnic_tofino::{Chip, Encoder, EncoderCell, EncoderDesign, Refusal, p4, rules};

/// Powers of two: 4096 cells of a sub-table, and 65536 bits of a partition of the filter.
const TEN_THOUSAND: &str = "flows = 9400, cells_percent = 130, filter_bits_per_flow = 55";
/// 32 cells and 512 bits.
const SMALL: &str = "flows = 64, cells_percent = 150, filter_bits_per_flow = 32, filter_hashes = 4";

fn made(keys: &str, chip: Chip) -> Result<EncoderDesign, Refusal> {
    let config = config(&format!("flowradar = {{ {keys} }}"));
    EncoderDesign::new(&config, chip).expect("it has an encoder")
}

fn design(keys: &str, chip: Chip) -> EncoderDesign {
    made(keys, chip).unwrap_or_else(|refusal| panic!("{keys}: {refusal}"))
}

#[test]
fn without_a_table_there_is_no_encoder() {
    assert!(EncoderDesign::new(&config(""), Chip::Tofino1).is_none());
}

/// Stateful ALUs: the bank, a row of the filter each, three for a sub-table.
#[test]
fn an_encoder_takes_as_many_stages_as_its_longest_way() {
    for (keys, chip, taken) in [
        (TEN_THOUSAND, Chip::Tofino1, (18, 12)),
        (TEN_THOUSAND, Chip::Tofino2, (18, 12)),
        (SMALL, Chip::Tofino1, (14, 11)),
        (
            "flows = 64, cells_percent = 150, filter_bits_per_flow = 8, filter_hashes = 1",
            Chip::Tofino1,
            (11, 10),
        ),
        (
            "flows = 60, tables = 4, cells_percent = 213, filter_bits_per_flow = 32, filter_hashes = 4",
            Chip::Tofino1,
            (17, 11),
        ),
        (
            "flows = 64, cells_percent = 150, filter_bits_per_flow = 64, filter_hashes = 16",
            Chip::Tofino2,
            (26, 15),
        ),
        // Only one register of a sub-table fits in a stage.
        (
            "flows = 75000, cells_percent = 131, filter_bits_per_flow = 55",
            Chip::Tofino2,
            (18, 18),
        ),
    ] {
        let ingress = design(keys, chip).loaded.program.ingress;
        assert_eq!((ingress.registers.len(), ingress.stages()), taken, "{keys}");
    }
}

/// The words of the functions that are added to each other, and the bank, are in one group of containers; on Tofino 2,
/// where a group has fewer, the functions of the filter are two parts.
#[test]
fn hash_functions_are_worked_out_in_as_few_words_as_a_group_has() {
    for (chip, taken) in [
        (Chip::Tofino1, &[13, 6][..]),
        (Chip::Tofino2, &[11, 2, 6][..]),
    ] {
        let program = design(TEN_THOUSAND, chip).loaded.program;
        let words = |part: usize| {
            let names = program.metadata.iter().map(|field| &field.name);
            let prefix = format!("word_{part}_");
            names.filter(|name| name.starts_with(&prefix)).count()
        };
        let words: Vec<usize> = (0..).map(words).take_while(|&words| words > 0).collect();
        assert_eq!(words, taken, "{}", chip.name());
    }
}

#[test]
fn what_the_chip_cannot_encode_is_refused_with_a_fix() {
    let large = "flows = 75000, filter_bits_per_flow = 55";
    for (keys, chip, text) in [
        (
            "key = 'ipv6-five-tuple'",
            Chip::Tofino1,
            "flowradar: rule key: flowradar.key = \"ipv6-five-tuple\"; registers of a cell hold keys of 104 bits; set it to \
             \"five-tuple\", which folds IPv6 addresses",
        ),
        (
            "hash = 'tabulation'",
            Chip::Tofino1,
            "flowradar: rule hash: flowradar.hash = \"tabulation\"; the chip makes sums of CRCs; set it to \"crc-sum\"",
        ),
        (
            "byte_counts = true",
            Chip::Tofino1,
            "flowradar: rule byte-counts: flowradar.byte_counts = true; the ingress does not know the length of a packet; \
             set it to false",
        ),
        (
            "flows = 10000",
            Chip::Tofino1,
            "flowradar: rule power-of-two: 4608 cells of a sub-table; bits of a hash value number a power of two of \
             entries; set flowradar.cells_percent = 122 for 4096 or flowradar.cells_percent = 245 for 8192",
        ),
        (
            "flows = 9400, cells_percent = 130",
            Chip::Tofino2,
            "flowradar: rule power-of-two: 49152 bits of a partition of the filter; bits of a hash value number a power of \
             two of entries; set flowradar.filter_bits_per_flow = 27 for 32768 or flowradar.filter_bits_per_flow = 55 for \
             65536",
        ),
        (
            large,
            Chip::Tofino1,
            "flowradar: rule stages: 18 registers take 18 stages; Tofino 1 has 12 stages of 4 stateful ALUs; use --chip \
             tofino2",
        ),
        (
            "flows = 150000, filter_bits_per_flow = 55",
            Chip::Tofino2,
            "flowradar: rule map-ram: stage 10 takes 65 map RAMs; a stage of Tofino 2 has 48; lower flowradar.flows, flowradar.filter_hashes or flowradar.tables",
        ),
    ] {
        let refusal = made(keys, chip).expect_err(keys).to_string();
        assert!(refusal.starts_with(text), "{keys}\n{refusal}");
    }
    // The fixes are fixes.
    for keys in [
        "flows = 10000, cells_percent = 122, filter_bits_per_flow = 26",
        "flows = 9400, cells_percent = 130, filter_bits_per_flow = 27",
    ] {
        design(keys, Chip::Tofino1);
    }
}

#[test]
fn the_printed_programs_are_read_back_as_they_were() {
    for keys in [
        TEN_THOUSAND,
        SMALL,
        "flows = 64, cells_percent = 150, filter_bits_per_flow = 64, filter_hashes = 16",
    ] {
        for chip in Chip::ALL {
            let Ok(design) = made(keys, chip) else {
                continue;
            };
            for program in [&design.loaded.program, &design.twin] {
                let text = p4::print(program, keys);
                let again = p4::read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
                assert!(again == *program, "{}\n{text}", chip.name());
            }
        }
    }
}

#[test]
fn a_changed_hash_index_or_condition_gives_another_program() {
    let design = design(SMALL, Chip::Tofino1);
    for (program, changes) in [
        (
            &design.loaded.program,
            &[
                ("32w0x910a2ded", "32w0x910a2dec"),
                ("HashAlgorithm_t.XOR32", "HashAlgorithm_t.IDENTITY"),
                (
                    "md.word_1_3, md.word_1_3, 19)",
                    "md.word_1_3, md.word_1_3, 18)",
                ),
                ("md.word_1_0 + md.word_1_1", "md.word_1_0 + md.word_1_2"),
                ("md.bank_1, md.word_1_3, 27)", "md.word_1_3, md.bank_1, 27)"),
                ("md.seen_1 == 1", "md.seen_1 == 0"),
                ("value.lo ^ md.key_source", "value.lo ^ md.key_ports"),
                ("(64, {0, 0})", "(32, {0, 0})"),
            ][..],
        ),
        (
            &design.twin,
            &[
                ("@polynomial(32w0x910a2ded)", "@polynomial(32w0x910a2dec)"),
                ("md.word_1_3 >> 27", "md.word_1_3 >> 26"),
                (
                    "hdr.ipv6.src_addr_0 ^ hdr.ipv6.src_addr_1",
                    "hdr.ipv6.src_addr_0 ^ hdr.ipv6.src_addr_2",
                ),
            ],
        ),
    ] {
        let text = p4::print(program, "");
        for (from, to) in changes {
            let changed = text.replace(from, to);
            assert_ne!(changed, text, "{from}");
            assert_ne!(p4::read(&changed).as_ref(), Ok(program), "{from}");
        }
    }
}

#[test]
fn the_printed_programs_stay_as_they_are() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        let design = design(TEN_THOUSAND, Chip::Tofino1);
        insta::assert_snapshot!(
            "flowradar-tofino1",
            p4::print(&design.loaded.program, TEN_THOUSAND)
        );
        insta::assert_snapshot!("flowradar-twin", p4::print(&design.twin, TEN_THOUSAND));
    });
}

/// Ethernet, IPv4 without options from 192.0.2.1 to 198.51.100.2, and TCP from port 4660 to port 80; 60 bytes.
const FRAME: [u8; 60] = [
    2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, //
    0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 2, //
    0x12, 0x34, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0, //
    0, 0, 0, 0, 0, 0,
];

fn encoders() -> [Encoder; 2] {
    let config = config(&format!("flowradar = {{ {SMALL} }}"));
    let encoder = config.flowradar().expect("the table stands");
    let design = design(SMALL, Chip::Tofino1);
    [design.loaded.program, design.twin].map(|program| Encoder::new(encoder, program, 0, 1))
}

/// The cells that are not empty, by sub-table.
fn cells(encoder: &Encoder) -> [Vec<EncoderCell>; 3] {
    [0, 1, 2].map(|table| {
        let mut cells = encoder.cells(table);
        cells.retain(|cell| *cell != EncoderCell::default());
        cells
    })
}

#[test]
fn a_flow_is_put_in_once_and_its_packets_are_counted() {
    for mut encoder in encoders() {
        for _ in 0..3 {
            let sent = encoder
                .process(&FRAME, 0)
                .expect("no fault")
                .expect("is sent");
            assert_eq!((&sent.frame[..], sent.port), (&FRAME[..], 1));
        }
        // Nothing of it is in the bank that is not used.
        assert_eq!(cells(&encoder), [const { Vec::new() }; 3]);
        encoder.swap();
        let cell = EncoderCell {
            flow_xor: [0xc000_0201, 0xc633_6402, 0x1234_0050, 6],
            flows: 1,
            packets: 3,
        };
        assert_eq!(cells(&encoder), [(); 3].map(|()| vec![cell]));
        for row in 0..4 {
            let bits: u32 = encoder
                .filter(row)
                .iter()
                .map(|word| word.count_ones())
                .sum();
            assert_eq!(bits, 1, "row {row}");
        }
        // The other bank is written to meanwhile, and cleared alone.
        encoder.process(&FRAME, 0).expect("no fault");
        encoder.clear();
        assert_eq!(cells(&encoder), [const { Vec::new() }; 3]);
        assert_eq!(encoder.filter(0), [0; 8]);
        encoder.swap();
        assert_eq!(
            cells(&encoder),
            [(); 3].map(|()| vec![EncoderCell { packets: 1, ..cell }])
        );
    }
}

#[test]
fn a_fragment_or_a_header_that_is_cut_has_no_ports() {
    let mut fragment = FRAME;
    fragment[20] = 0x20;
    let mut other = FRAME;
    other[23] = 132;
    // 40 bytes of options leave 6 bytes of TCP.
    let mut cut = FRAME;
    cut[14] = 0x4f;
    // The options do not fit, so that there is no IPv4 header.
    let mut no_network = [
        &[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 1][..],
        &FRAME[12..56],
    ]
    .concat();
    no_network[18] = 0x4f;
    let key = |protocol| [0xc000_0201, 0xc633_6402, 0, protocol];
    for (frame, flow_xor) in [
        (&fragment[..], key(6)),
        (&other, key(132)),
        (
            &[&FRAME[..14], &cut[14..34], &[0; 40], &FRAME[34..40]].concat(),
            key(6),
        ),
        (&no_network, [0; 4]),
    ] {
        for mut encoder in encoders() {
            encoder
                .process(frame, 0)
                .expect("no fault")
                .expect("is sent");
            encoder.swap();
            let cell = EncoderCell {
                flow_xor,
                flows: 1,
                packets: 1,
            };
            assert_eq!(cells(&encoder)[0], [cell], "{frame:02x?}");
        }
    }
}

/// The check value of CRC-32/MPEG-2 over "123456789" is published: this polynomial, ones at first, nothing reflected.
#[test]
fn a_crc_is_that_of_the_catalogue() {
    let field = |name: &str, bits| Field {
        name: name.to_owned(),
        bits,
    };
    let header = |name: &str, fields: &[Field]| Header {
        name: name.to_owned(),
        fields: fields.to_vec(),
    };
    let text = ["first", "second", "third"].map(|name| Place::hdr("text", name));
    let unit = HashUnit::Crc(0x04c1_1db7);
    let check = Statement::Hash(Place::hdr("sum", "check"), unit, text.to_vec());
    let extract = |name: &str| ParserStep::Extract(name.to_owned());
    let state = State {
        name: "start".to_owned(),
        steps: vec![extract("text"), extract("sum")],
        next: Next::To("accept".to_owned()),
    };
    let action = Action {
        name: "do_check".to_owned(),
        parameters: Vec::new(),
        body: vec![check],
    };
    let table = Table {
        name: "check".to_owned(),
        stage: 0,
        keys: Vec::new(),
        matching: Matching::Exact,
        entries: Vec::new(),
        actions: vec!["do_check".to_owned()],
        default: "do_check".to_owned(),
        size: 1,
    };
    let program = Program {
        arch: Arch::V1Model,
        headers: vec![
            header(
                "text",
                &[field("first", 32), field("second", 32), field("third", 8)],
            ),
            header("sum", &[field("check", 32)]),
        ],
        metadata: Vec::new(),
        ingress: Pipe {
            states: vec![state],
            actions: vec![action],
            tables: vec![table],
            apply: vec![Step::Apply("check".to_owned())],
            ..Pipe::default()
        },
        egress: Pipe {
            deparser: ["text", "sum"].map(str::to_owned).to_vec(),
            ..Pipe::default()
        },
    };
    let sent = Interpreter::new(program).process(b"123456789\0\0\0\0", 0, 0);
    let sent = sent.expect("no fault").expect("is sent");
    assert_eq!(sent.frame, b"123456789\x03\x76\xe6\xe7");
}

#[test]
fn an_encoder_that_asks_too_much_of_a_stage_is_refused() {
    let fitting = design(TEN_THOUSAND, Chip::Tofino1).loaded.program;
    let broken = |change: fn(&mut Program)| {
        let mut program = fitting.clone();
        change(&mut program);
        rules::check(&program, Chip::Tofino1, 1)
            .expect_err("breaks a rule")
            .rule
    };
    // A fourth word of the hash units of a stage.
    let crowded = broken(|program| {
        for table in &mut program.ingress.tables {
            if table.name.starts_with("crc_") {
                table.stage = 1;
            }
        }
    });
    let early = broken(|program| {
        for table in &mut program.ingress.tables {
            if table.name == "sums_0_3" {
                table.stage = 2;
            }
        }
    });
    assert_eq!([crowded, early], ["hash-units", "stage-order"]);
}
