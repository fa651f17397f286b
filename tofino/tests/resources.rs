//! The estimate gives what was measured, and the compiler's logs are read.

mod common;

use common::{array, by_age, config};
use seqnic_tofino::ir::{
    Action, Arch, Condition, Expr, Field, Half, Header, Initial, Matching, Pipe, Place, Program,
    Register, RegisterAction, Statement, Step, Table,
};
use seqnic_tofino::logs::{self, Compiled};
use seqnic_tofino::{Chip, Design, Estimate, Loaded, Pattern, percent, resources, rules};

/// How the registers of a measured program know that their row is due.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// A gateway picks one of two register actions.
    Gateway,
    Shared,
    Private,
    Shift,
}

/// A program as it was measured: the registers and one table that makes the header valid, nothing else.
struct Bare {
    program: Program,
}

impl Bare {
    fn program(way: Way) -> Program {
        let field = |name: &str| Field {
            name: name.to_owned(),
            bits: 32,
        };
        let words = match way {
            Way::Shift => 48,
            Way::Private => 47,
            Way::Gateway | Way::Shared => 44,
        };
        let names = (0..words).map(|word| field(&format!("word_{word}")));
        let mut bare = Self {
            program: Program {
                arch: Arch::Tna,
                headers: vec![Header {
                    name: "history".to_owned(),
                    fields: names.collect(),
                }],
                metadata: vec![field("new_word"), field("index")],
                ingress: Pipe::default(),
                egress: Pipe::default(),
            },
        };
        bare.table("begin", 0, Statement::SetValid("history".to_owned()));
        let memory = || Place::Memory(None);
        let increment = Statement::Set(memory(), Expr::Add(memory(), 1));
        if way != Way::Shift {
            let into = Place::md("index");
            bare.register(
                "index",
                0,
                Initial::One(0),
                into,
                &[("index", vec![increment])],
            );
        }
        for word in 0..words {
            let name = format!("word_{word}");
            let into = Place::hdr("history", &name);
            let new = Expr::Read(Place::md("new_word"));
            let stage = match way {
                Way::Gateway | Way::Shared => 1 + word / 4,
                Way::Private => (word + 1) / 4,
                Way::Shift => word / 4,
            };
            let due = Condition::Equal(Expr::Read(Place::md("index")), word as u64);
            let set = |half, value: &Expr| Statement::Set(Place::Memory(half), value.clone());
            match way {
                Way::Shared => {
                    let body = vec![Statement::If(due, vec![set(None, &new)], Vec::new())];
                    bare.register(&name, stage, Initial::One(0), into, &[(&name, body)]);
                }
                Way::Private => {
                    let body = vec![set(Some(Half::Low), &new)];
                    bare.register(&name, stage, Initial::Pair(0, 0), into, &[(&name, body)]);
                }
                Way::Shift => {
                    bare.register(
                        &name,
                        stage,
                        Initial::One(0),
                        into,
                        &[(&name, vec![set(None, &new)])],
                    );
                }
                Way::Gateway => {
                    let read = format!("{name}_read");
                    let bodies = [(&name[..], vec![set(None, &new)]), (&read[..], Vec::new())];
                    bare.register(&name, stage, Initial::One(0), into, &bodies);
                    let apply = &mut bare.program.ingress.apply;
                    let otherwise = apply.split_off(apply.len() - 1);
                    let then = apply.split_off(apply.len() - 1);
                    apply.push(Step::If(due, then, otherwise));
                }
            }
        }
        bare.program
    }

    fn table(&mut self, name: &str, stage: usize, statement: Statement) {
        let pipe = &mut self.program.ingress;
        pipe.actions.push(Action {
            name: format!("do_{name}"),
            parameters: Vec::new(),
            body: vec![statement],
        });
        pipe.tables.push(Table {
            name: name.to_owned(),
            stage,
            keys: Vec::new(),
            matching: Matching::Exact,
            entries: Vec::new(),
            actions: vec![format!("do_{name}")],
            default: format!("do_{name}"),
            size: 1,
        });
        pipe.apply.push(Step::Apply(name.to_owned()));
    }

    fn register(
        &mut self,
        name: &str,
        stage: usize,
        initial: Initial,
        into: Place,
        tables: &[(&str, Vec<Statement>)],
    ) {
        self.program.ingress.registers.push(Register {
            name: format!("{name}_memory"),
            entries: 1,
            bits: 32,
            initial,
        });
        for (table, body) in tables {
            let action = format!("{table}_step");
            self.program.ingress.register_actions.push(RegisterAction {
                name: action.clone(),
                register: format!("{name}_memory"),
                outputs: 1,
                body: body.clone(),
            });
            let execute = Statement::Execute {
                action,
                index: Vec::new(),
                into: vec![into.clone()],
            };
            self.table(table, stage, execute);
        }
    }
}

/// Crossbar, VLIW, stateful ALUs, logical tables, SRAM, map RAM and gateways in percent, as compiled programs had them.
#[test]
fn the_estimate_of_the_measured_programs_is_what_was_measured() {
    for (way, measured) in [
        (
            Way::Gateway,
            [14.32, 14.84, 93.75, 46.88, 9.38, 15.63, 22.92],
        ),
        (Way::Shared, [22.92, 9.11, 93.75, 23.96, 9.38, 15.63, 0.0]),
        (Way::Private, [12.24, 9.38, 100.0, 25.52, 10.0, 16.67, 0.0]),
        (Way::Shift, [12.50, 9.38, 100.0, 25.52, 10.0, 16.67, 0.0]),
    ] {
        let limits = Chip::Tofino1.limits();
        let stages = resources::per_stage(&Bare::program(way), limits);
        let share = |used: fn(&resources::StageUse) -> usize, of: usize| {
            percent(stages.iter().map(used).sum(), of * limits.stages)
        };
        let computed = [
            share(
                |stage| stage.crossbar_bytes,
                limits.crossbar_bytes_per_stage,
            ),
            share(|stage| stage.vliw, limits.vliw_per_stage),
            share(|stage| stage.salus, limits.salus_per_stage),
            share(|stage| stage.tables, limits.tables_per_stage),
            share(|stage| stage.sram, limits.sram_per_stage),
            share(|stage| stage.map_ram, limits.map_ram_per_stage),
            share(|stage| stage.gateways, limits.gateways_per_stage),
        ];
        assert_eq!(computed, measured);
    }
}

#[test]
fn what_is_added_to_the_measured_programs_is_small() {
    for (pattern, toml) in [
        (Pattern::Paper, array("ddos-mitigator", 44, 44)),
        (Pattern::Private, array("ddos-mitigator", 47, 48)),
        (Pattern::Shift, by_age("ddos-mitigator", 12, 13)),
    ] {
        let config = config(&toml);
        let design = Design::new(&config, Chip::Tofino1, Some(pattern)).expect("fits");
        let estimate = Estimate::new(&design.programs[0], Chip::Tofino1, Some(pattern), None);
        for row in &estimate.rows {
            let measured = row.measured_percent.expect("this pattern was measured");
            assert!(row.percent - measured < 7.0, "{row:?}");
            assert_eq!(row.compiled, None);
        }
        assert_eq!(
            estimate.stages.len(),
            12.min(design.built.program.ingress.stages())
        );
    }
}

/// Two of the twelve stages of the log that bf-p4c 9.13.4 wrote for `examples/ddos-44.toml` with pattern `paper`, with the
/// totals of all twelve.
const LOG: &str = "\
+---------------------------------------------------------------------+
|  Log file: mau.resources.log                                        |
|  Compiler version: 9.13.4                                           |
|  Created on: Sat Nov 28 10:30:36 2026                               |
|  Run ID: b53dc4422dfb42e3                                           |
+---------------------------------------------------------------------+


-----
| Stage Number | Exact Match Input xbar | Ternary Match Input xbar | Hash Bit | Hash Dist Unit | Gateway | SRAM | Map RAM | TCAM | VLIW Instr | Meter ALU | Stats ALU | Stash | Exact Match Search Bus | Exact Match Result Bus | Tind Result Bus | Action Data Bus Bytes | 8-bit Action Slots | 16-bit Action Slots | 32-bit Action Slots | Logical TableID |
-----
|      0       |           3            |            0             |    0     |       0        |    1    |  4   |    4    |  0   |     3      |     2     |     0     |   0   |           1            |           0            |        4        |           8           |         0          |          0          |          0          |        4        |
|      1       |           36           |            0             |    40    |       0        |    0    |  13  |    8    |  0   |     4      |     4     |     0     |   1   |           1            |           1            |        5        |           25          |         0          |          0          |          0          |        6        |
|              |                        |                          |          |                |         |      |         |      |            |           |           |       |                        |                        |                 |                       |                    |                     |                     |                 |
|    Totals    |          359           |            0             |    40    |       0        |    1    |  97  |    92   |  0   |     37     |     46    |     0     |   1   |           2            |           1            |        49       |          193          |         0          |          0          |          0          |        50       |
-----


-----
| Stage Number | Exact Match Input xbar | Ternary Match Input xbar | Hash Bit | Hash Dist Unit | Gateway |  SRAM  | Map RAM |  TCAM | VLIW Instr | Meter ALU | Stats ALU | Stash | Exact Match Search Bus | Exact Match Result Bus | Tind Result Bus | Action Data Bus Bytes | 8-bit Action Slots | 16-bit Action Slots | 32-bit Action Slots | Logical TableID |
-----
|      0       |         2.34%          |          0.00%           |  0.00%   |     0.00%      |  6.25%  | 5.00%  |  8.33%  | 0.00% |   9.38%    |   50.00%  |   0.00%   | 0.00% |         6.25%          |         0.00%          |      25.00%     |         6.25%         |       0.00%        |        0.00%        |        0.00%        |      25.00%     |
";

#[test]
fn the_first_table_of_a_log_is_read_and_not_the_one_in_percent() {
    let stages = logs::stages("mau.resources.log", LOG).expect("a log");
    assert_eq!(stages.len(), 2);
    let first = stages[0];
    assert_eq!(
        (first.crossbar_bytes, first.hash_units, first.gateways),
        (3, 0, 1)
    );
    assert_eq!((first.sram, first.map_ram, first.tcam), (4, 4, 0));
    assert_eq!((first.vliw, first.salus, first.tables), (3, 2, 4));
    assert_eq!((stages[1].salus, stages[1].tables), (4, 6));

    let mut compiled = Compiled {
        stages,
        ..Compiled::default()
    };
    // Of the same run.
    let metrics = r#"{ "mau": { "latency": [{ "gress": "ingress", "cycles": 91 }, { "gress": "egress", "cycles": 168 }] },
        "phv": { "normal": [
            { "bit_width": 8, "containers_occupied": 8, "bits_occupied": 49, "bits_overlaid": 4 },
            { "bit_width": 16, "containers_occupied": 10, "bits_occupied": 146, "bits_overlaid": 10 },
            { "bit_width": 32, "containers_occupied": 48, "bits_occupied": 1536, "bits_overlaid": 0 }] } }"#;
    logs::metrics("metrics.json", metrics, &mut compiled).expect("metrics");
    assert_eq!(compiled.latency_cycles["ingress"], 91);
    assert_eq!(compiled.latency_cycles["egress"], 168);
    assert_eq!(compiled.phv_bits, Some(1731));
    let loaded = Loaded {
        suffix: "sequencer",
        program: Bare::program(Way::Shared),
    };
    let estimate = Estimate::new(
        &loaded,
        Chip::Tofino1,
        Some(Pattern::Paper),
        Some(&compiled),
    );
    let compiled = estimate
        .rows
        .iter()
        .map(|row| row.compiled.expect("was read"));
    assert_eq!(compiled.collect::<Vec<_>>(), [39, 7, 6, 10, 17, 12, 1, 0]);
}

#[test]
fn logs_that_are_cut_short_are_refused() {
    let fix = "give the folder of logs of a run that compiled without errors";
    let cut = |end: &str| LOG.split(end).next().expect("is there").to_owned();
    for (text, what) in [
        (String::new(), "has no table of stages"),
        (cut("|      0 "), "its table has no stages"),
        (
            LOG.replace("Meter ALU", "Other ALU"),
            "stage 0 has no number in column \"Meter ALU\"",
        ),
        (
            LOG.replace("|           36  ", "|           ?   "),
            "stage 1 has no number in column \"Exact Match Input xbar\"",
        ),
    ] {
        let error = logs::stages("a.log", &text).expect_err(what);
        assert_eq!(error.to_string(), format!("a.log: {what}; {fix}"));
    }
    let mut compiled = Compiled::default();
    for (text, what) in [
        ("{}", "has no mau.latency"),
        (r#"{ "mau": { "latency": [] } }"#, "has no phv.normal"),
        (
            "{",
            "is no JSON: EOF while parsing an object at line 1 column 1",
        ),
    ] {
        let error = logs::metrics("m.json", text, &mut compiled).expect_err(what);
        assert_eq!(error.to_string(), format!("m.json: {what}; {fix}"));
    }
}

#[test]
fn the_measured_programs_break_no_rule() {
    for way in [Way::Gateway, Way::Private] {
        assert_eq!(rules::check(&Bare::program(way), Chip::Tofino1, 1), Ok(()));
    }
}
