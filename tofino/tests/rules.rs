//! A program that breaks a rule of the chip is refused, and told what to change.

mod common;

use common::{array, by_age, config};
use seqnic_spec::Config;
use seqnic_tofino::ir::{
    Condition, Expr, Field, Key, Next, ParserStep, Pipe, Place, Program, Statement, Step,
};
use seqnic_tofino::{Chip, Design, Pattern, rules};

fn refusal(toml: &str, chip: Chip, pattern: Option<Pattern>) -> String {
    match Design::new(&config(toml), chip, pattern) {
        Ok(design) => panic!("{} holds {toml}", design.pattern.name()),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn configurations_that_do_not_fit_are_refused() {
    let ddos = |rows: usize, cores: usize| array("ddos-mitigator", rows, cores);
    let mut texts = Vec::new();
    for (toml, chip, pattern) in [
        (ddos(45, 44), Chip::Tofino1, Some(Pattern::Paper)),
        (ddos(48, 48), Chip::Tofino1, Some(Pattern::Private)),
        (ddos(97, 97), Chip::Tofino1, Some(Pattern::TwoPipe)),
        (ddos(96, 96), Chip::Tofino2, Some(Pattern::Pairs)),
        (ddos(177, 177), Chip::Tofino2, None),
        (ddos(4, 4), Chip::Tofino1, Some(Pattern::Pairs)),
        (ddos(4, 4), Chip::Tofino1, Some(Pattern::Shift)),
        (
            by_age("ddos-mitigator", 13, 14),
            Chip::Tofino1,
            Some(Pattern::Shift),
        ),
        (
            by_age("ddos-mitigator", 4, 5),
            Chip::Tofino1,
            Some(Pattern::Paper),
        ),
        (
            array("heavy-hitter", 4, 4),
            Chip::Tofino1,
            Some(Pattern::TwoPipe),
        ),
        (
            array("heavy-hitter", 4, 4) + "spray.steering = 'tdest'",
            Chip::Tofino1,
            None,
        ),
        (
            array("table2", 255, 254),
            Chip::Tofino1,
            Some(Pattern::Private),
        ),
        (
            "bus.tuser_bits = 64\nspray = { cores = 4, steering = 'tuser' }\nhistory.rows = 4"
                .to_owned(),
            Chip::Tofino1,
            None,
        ),
        (
            ddos(4, 4)
                + "prefix.section = [{ kind = 'ethernet' }, { kind = 'sequence-number', bytes = 8 }, { kind = 'rows' }]",
            Chip::Tofino1,
            None,
        ),
        (
            ddos(40, 40)
                + "prefix.section = [{ kind = 'ethernet' }, { kind = 'rows' }, { kind = 'padding', bytes = 700 }]",
            Chip::Tofino1,
            Some(Pattern::Paper),
        ),
    ] {
        texts.push(refusal(&toml, chip, pattern));
    }
    insta::assert_snapshot!(texts.join("\n"));
}

/// A small program that breaks no rule.
fn fitting() -> Program {
    let config: Config = config(&array("port-knocking", 4, 4));
    let design = Design::new(&config, Chip::Tofino1, Some(Pattern::Paper)).expect("fits");
    design.built.program
}

fn action<'a>(pipe: &'a mut Pipe, name: &str) -> &'a mut Vec<Statement> {
    let mut actions = pipe.actions.iter_mut();
    let found = actions.find(|action| action.name == name);
    &mut found.expect("is there").body
}

fn step<'a>(pipe: &'a mut Pipe, name: &str) -> &'a mut Vec<Statement> {
    let mut actions = pipe.register_actions.iter_mut();
    let found = actions.find(|action| action.name == name);
    &mut found.expect("is there").body
}

/// Each change of a program that fits breaks one rule.
#[test]
fn programs_that_break_a_rule_are_refused() {
    type Change = fn(&mut Program);
    let changes: [Change; 15] = [
        |program| {
            program.metadata.push(Field {
                name: "src_port".to_owned(),
                bits: 16,
            })
        },
        |program| {
            program.ingress.states[1].next = Next::Select {
                keys: vec![Key::Lookahead {
                    ahead_bits: 33 * 8,
                    bits: 16,
                }],
                cases: Vec::new(),
                otherwise: "accept".to_owned(),
            };
        },
        |program| {
            program
                .ingress
                .apply
                .push(Step::Apply("row_2_word_0".to_owned()))
        },
        |program| {
            let again = action(&mut program.ingress, "do_row_2_word_0")[0].clone();
            action(&mut program.ingress, "do_row_2_word_0").push(again);
        },
        |program| {
            let other = Expr::Read(Place::md("new_1"));
            step(&mut program.ingress, "row_2_word_0_step")
                .push(Statement::Set(Place::Memory(None), other));
        },
        |program| {
            let compare = |value| {
                let left = Expr::Read(Place::Memory(None));
                Statement::If(Condition::Equal(left, value), Vec::new(), Vec::new())
            };
            step(&mut program.ingress, "row_2_word_0_step").extend([compare(1), compare(2)]);
        },
        |program| program.ingress.register_actions[2].outputs = 2,
        |program| {
            for number in 0..4 {
                let mut more = program.ingress.register_actions[2].clone();
                more.name = format!("more_{number}");
                program.ingress.register_actions.push(more);
            }
        },
        |program| program.ingress.registers[2].bits = 64,
        |program| {
            let set =
                |value| Statement::Set(Place::Memory(None), Expr::Constant { bits: 32, value });
            step(&mut program.ingress, "row_2_word_0_step").extend([8, 9, 10, 11, 12].map(set));
        },
        |program| {
            let pack = action(&mut program.ingress, "do_pack_1")[0].clone();
            action(&mut program.ingress, "do_pack_1").push(pack);
        },
        |program| {
            let sum = Expr::Add(Place::hdr("outer", "src_addr"), 1);
            let place = Place::hdr("outer", "src_addr");
            action(&mut program.ingress, "do_begin").push(Statement::Set(place, sum));
        },
        |program| {
            // 16 sums of two words each: 17 words in a chain.
            for number in 0..17 {
                let name = format!("word_{number}");
                program.metadata.push(Field { name, bits: 32 });
            }
            let word = |number| Place::Metadata(format!("word_{number}"));
            let sum = |number| Expr::Sum(word(number), word(number));
            let sums = (0..16).map(|number| Statement::Set(word(number + 1), sum(number)));
            action(&mut program.ingress, "do_begin").extend(sums);
        },
        |program| {
            let mut tables = program.ingress.tables.iter_mut();
            tables
                .find(|table| table.name == "row_0_word_0")
                .expect("is there")
                .stage = 0;
        },
        |program| {
            for table in &mut program.ingress.tables {
                if table.name.starts_with("row_") {
                    table.stage = 1;
                }
            }
        },
    ];
    assert_eq!(rules::check(&fitting(), Chip::Tofino1, 1), Ok(()));
    let mut texts = Vec::new();
    for change in changes {
        let mut program = fitting();
        change(&mut program);
        let refusal = rules::check(&program, Chip::Tofino1, 1).expect_err("it breaks a rule");
        texts.push(refusal.to_string());
    }
    let mut deep = fitting();
    let bits = 161 * 8;
    deep.egress.states[0].steps.push(ParserStep::Advance(bits));
    texts.push(
        rules::check(&deep, Chip::Tofino1, 1)
            .expect_err("too deep")
            .to_string(),
    );
    insta::assert_snapshot!(texts.join("\n"));
}

/// What the paper says that its sequencer holds, and what ours must.
#[test]
fn the_papers_programs_fit_and_ours_hold_more() {
    let fits = |row: &str, rows: usize, cores: usize, pattern| {
        Design::new(&config(&array(row, rows, cores)), Chip::Tofino1, pattern).is_ok()
    };
    for (row, cores) in [
        ("ddos-mitigator", 44),
        ("port-knocking", 22),
        ("heavy-hitter", 9),
        ("connection-tracker", 5),
    ] {
        assert!(fits(row, cores, cores, Some(Pattern::Paper)), "{row}");
    }
    // The 18 bytes of the token bucket are 5 words, so that 9 rows of it are 45; a core of 9 misses 8 packets.
    assert!(fits("token-bucket", 8, 9, Some(Pattern::Paper)));
    assert!(!fits("token-bucket", 9, 9, Some(Pattern::Paper)));
    for (row, cores) in [
        ("ddos-mitigator", 48),
        ("port-knocking", 24),
        ("heavy-hitter", 12),
        ("token-bucket", 10),
        ("connection-tracker", 7),
    ] {
        assert!(fits(row, cores - 1, cores, None), "{row}");
    }
}

/// How many words each pattern holds at most, of rows of one word.
#[test]
fn patterns_hold_as_many_words_as_they_are_said_to() {
    let most = |chip: Chip, pattern: Pattern, toml: fn(usize) -> String| {
        let fits = |rows: usize| Design::new(&config(&toml(rows)), chip, Some(pattern)).is_ok();
        let steps = [64, 32, 16, 8, 4, 2, 1];
        let find = |fitting: usize, step: usize| {
            if fits(fitting + step) {
                fitting + step
            } else {
                fitting
            }
        };
        steps
            .into_iter()
            .fold(if fits(128) { 128 } else { 0 }, find)
    };
    let ddos = |rows: usize| array("ddos-mitigator", rows, rows.min(2));
    assert_eq!(most(Chip::Tofino1, Pattern::Paper, ddos), 44);
    assert_eq!(most(Chip::Tofino1, Pattern::Private, ddos), 47);
    assert_eq!(most(Chip::Tofino1, Pattern::TwoPipe, ddos), 95);
    assert_eq!(most(Chip::Tofino2, Pattern::Paper, ddos), 76);
    assert_eq!(most(Chip::Tofino2, Pattern::Private, ddos), 79);
    assert_eq!(most(Chip::Tofino2, Pattern::Pairs, ddos), 94);
    assert_eq!(most(Chip::Tofino2, Pattern::TwoPipe, ddos), 176);
    let four_words = |rows: usize| {
        format!(
            "history = {{ rows = {rows}, field = [{{ source = 'ipv4.source' }}, {{ source = 'ipv4.destination' }}, \
             {{ source = 'tcp.sequence' }}, {{ source = 'tcp.acknowledgment' }}] }}\nspray.cores = 1\n\
             prefix.layout = 'bpf-profile'"
        )
    };
    assert_eq!(most(Chip::Tofino1, Pattern::Shift, four_words), 12);
    assert_eq!(most(Chip::Tofino1, Pattern::TwoPipe, four_words), 24);
    assert_eq!(most(Chip::Tofino2, Pattern::Shift, four_words), 20);
}
