//! The interpreter keeps to what the chip does.

mod common;

use common::{array, config};
use seqnic_tofino::control::{self, Cores};
use seqnic_tofino::interpreter::{Fault, Interpreter};
use seqnic_tofino::ir::{Place, Program, Statement, Step};
use seqnic_tofino::{Chip, Design, Pattern, SPRAY};

/// A frame of Ethernet and IPv4 from this address, of 60 bytes.
fn frame(source: u32) -> Vec<u8> {
    let mut frame = vec![0; 60];
    frame[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
    frame[26..30].copy_from_slice(&source.to_be_bytes());
    frame
}

fn design() -> (Design, Interpreter) {
    let config = config(&array("ddos-mitigator", 4, 4));
    let design = Design::new(&config, Chip::Tofino1, Some(Pattern::Paper)).expect("fits");
    let interpreter = control::sequencer(&config, &design.built, &Cores::all(&config, &[1]));
    (design, interpreter)
}

/// The four words behind the dummy header, and the index.
fn history(frame: &[u8]) -> ([u32; 4], u8) {
    let word = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().expect("four bytes"));
    ([14, 18, 22, 26].map(word), frame[30])
}

fn play(interpreter: &mut Interpreter, sources: std::ops::Range<u32>) -> Vec<([u32; 4], u8)> {
    let sent = sources.map(|source| {
        let sent = interpreter.process(&frame(source), 0, 0).expect("no fault");
        history(&sent.expect("is not dropped").frame)
    });
    sent.collect()
}

/// The bytes are written by hand, from the packet format.
#[test]
fn a_frame_gets_the_rows_of_those_before_it() {
    let (_, mut interpreter) = design();
    let sent = interpreter
        .process(&frame(0x0a00_0001), 0, 0)
        .expect("no fault")
        .expect("is sent");
    let mut expected = vec![2, 0, 0, 0, 0, 1, 0x10, 0x10, 0x10, 0x10, 0x10, 0, 8, 0];
    expected.extend([0; 18]);
    expected.extend(frame(0x0a00_0001));
    assert_eq!((sent.frame, sent.port, sent.queue), (expected, 1, 0));
    assert_eq!(
        play(&mut interpreter, 2..7),
        [
            ([0x0a00_0001, 0, 0, 0], 1),
            ([0x0a00_0001, 2, 0, 0], 2),
            ([0x0a00_0001, 2, 3, 0], 3),
            ([0x0a00_0001, 2, 3, 4], 0),
            ([5, 2, 3, 4], 1),
        ]
    );
    interpreter.reset();
    assert_eq!(play(&mut interpreter, 9..10), [([0; 4], 0)]);
}

/// Tables of one stage do not see what the others write: an index that is used too early is that of nobody.
#[test]
fn a_table_does_not_see_what_its_own_stage_writes() {
    let (design, _) = design();
    let mut early = design.built.program.clone();
    for table in &mut early.ingress.tables {
        table.stage = 0;
    }
    let config = config(&array("ddos-mitigator", 4, 4));
    let mut built = design.built.clone();
    built.program = early;
    let cores = Cores::all(&config, &[1]);
    let mut interpreter = control::sequencer(&config, &built, &cores);
    // Every packet sees index 0 and the row of nobody, and the turn of nobody.
    assert_eq!(play(&mut interpreter, 1..4), [([0; 4], 0); 3]);
}

fn fault(change: fn(&mut Program)) -> Fault {
    let (design, _) = design();
    let mut program = design.built.program;
    change(&mut program);
    let mut interpreter = Interpreter::new(program);
    interpreter
        .process(&frame(1), 0, 0)
        .expect_err("it cannot be run")
}

#[test]
fn what_the_chip_cannot_do_is_a_fault() {
    assert_eq!(
        fault(|program| program
            .ingress
            .apply
            .push(Step::Apply("row_1_word_0".to_owned()))),
        Fault::SecondAccess("row_1_word_0_memory".to_owned())
    );
    assert_eq!(
        fault(
            |program| program.ingress.actions.iter_mut().for_each(|action| {
                action
                    .body
                    .retain(|statement| !matches!(statement, Statement::SetValid(_)));
            })
        ),
        Fault::NotValid("outer".to_owned())
    );
    assert_eq!(
        fault(|program| {
            program.ingress.tables[1].keys = vec![Place::hdr("ipv6", "next_header")];
        }),
        Fault::NoValue("Header(\"ipv6\", \"next_header\")".to_owned())
    );
    assert_eq!(
        fault(|program| program
            .ingress
            .apply
            .push(Step::Apply("nothing".to_owned()))),
        Fault::Unknown("table nothing".to_owned())
    );
    assert_eq!(
        fault(|program| {
            let state = &mut program.ingress.states[0];
            state.next = seqnic_tofino::ir::Next::To("start".to_owned());
        }),
        Fault::Endless
    );
}

/// Without an entry there is no core for a packet.
#[test]
fn a_packet_without_a_core_is_dropped() {
    let (_, mut interpreter) = design();
    interpreter.fill(SPRAY, []);
    assert_eq!(interpreter.process(&frame(1), 0, 0), Ok(None));
}

/// However many cores are live, one is never left alone for longer than its history reaches.
#[test]
fn live_cores_are_served_often_enough() {
    for (rows, cores) in [(4, 4), (3, 4), (7, 5), (47, 48), (44, 44)] {
        let config = config(&array("ddos-mitigator", rows, cores));
        let design = Design::new(&config, Chip::Tofino1, Some(Pattern::Private)).expect("fits");
        for dead in 0..cores {
            let live: Vec<bool> = (0..cores).map(|core| core >= dead).collect();
            let turns = control::cores_by_turn(design.spray().turns, &live);
            assert_eq!(turns.len(), design.spray().turns);
            let twice = [&turns[..], &turns[..]].concat();
            for core in dead..cores {
                let at: Vec<usize> = (0..twice.len())
                    .filter(|&turn| twice[turn] == core)
                    .collect();
                let longest = at.windows(2).map(|pair| pair[1] - pair[0]).max();
                assert!(
                    longest.expect("is served") <= rows + 1,
                    "{rows} {cores} {dead} {core}"
                );
            }
            assert!(turns.iter().all(|&core| live[core]));
        }
    }
    assert_eq!(control::cores_by_turn(4, &[false; 4]), [0; 0]);
}
