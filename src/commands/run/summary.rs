//! What `run` prints.

use std::fmt::{self, Display};

use clap::ValueEnum;
use seqnic_sim::host::{Comparison, Program, Technique};
use seqnic_spec::Config;
use serde::Serialize;

use super::frames::From;
use crate::output::{Table, grouped};

/// How a run went.
#[derive(Serialize)]
pub(super) struct Summary<'a> {
    name: &'a str,
    program: &'static str,
    technique: &'static str,
    from: String,
    cores: usize,
    rows: usize,
    prefix_bytes: usize,
    packets: u64,
    /// Frames that were lost on the way to a core.
    lost: u64,
    /// Packets that no core received anything of.
    unseen: u64,
    /// Packets that cores took from each other's logs.
    recovered: u64,
    /// Packets that cores know to have missed.
    missed: u64,
    /// Rows of other packets that cores ran through.
    history_rows: u64,
    /// How often a bucket of flows went to another core.
    migrations: u64,
    keys: u64,
    wrong_verdicts: u64,
    first_wrong: Option<Wrong>,
    /// Keys with a wrong state, for each replica; otherwise of all cores together.
    wrong_states: Vec<u64>,
    equal: bool,
}

/// A verdict that differs.
#[derive(Serialize)]
struct Wrong {
    packet: u64,
    expected: String,
    found: String,
}

impl<'a> Summary<'a> {
    pub(super) fn new<P: Program>(
        config: &'a Config,
        technique: Technique,
        from: From,
        lost: &[bool],
        comparison: Comparison,
    ) -> Self {
        let from = from
            .to_possible_value()
            .map(|value| value.get_name().to_owned());
        Self {
            name: config.name(),
            program: P::NAME,
            technique: technique.name(),
            from: from.unwrap_or_default(),
            cores: config.cores(),
            rows: config.rows(),
            prefix_bytes: config.prefix_bytes(),
            packets: lost.len() as u64,
            lost: lost.len() as u64 - comparison.delivered,
            unseen: comparison.unseen,
            recovered: comparison.counts.recovered,
            missed: comparison.counts.missed,
            history_rows: comparison.counts.rows,
            migrations: comparison.migrations,
            keys: comparison.keys,
            wrong_verdicts: comparison.wrong_verdicts,
            equal: comparison.is_equal(),
            first_wrong: comparison.first_wrong.map(|wrong| Wrong {
                packet: wrong.packet,
                expected: wrong.expected.to_string(),
                found: wrong.found.to_string(),
            }),
            wrong_states: comparison.wrong_states,
        }
    }

    fn is_replicated(&self) -> bool {
        [Technique::Scr, Technique::ScrWithRecovery]
            .map(Technique::name)
            .contains(&self.technique)
    }
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} on {} cores, {}, frames from the {}",
            self.name, self.program, self.cores, self.technique, self.from
        )?;
        let mut table = Table::default();
        let packets = grouped(self.packets);
        match self.lost {
            0 => table.line("packets", packets),
            lost => {
                let (lost, unseen) = (grouped(lost), grouped(self.unseen));
                table.line(
                    "packets",
                    format!("{packets}, {lost} lost, {unseen} of them seen by no core"),
                )
            }
        };
        if self.is_replicated() {
            table.line(
                "history",
                format!("{} rows run through", grouped(self.history_rows)),
            );
        }
        if self.lost > 0 && self.is_replicated() {
            let (recovered, missed) = (grouped(self.recovered), grouped(self.missed));
            table.line(
                "recovery",
                format!("{recovered} rows from other cores, {missed} missed"),
            );
        }
        if self.migrations > 0 {
            table.line("migrations", grouped(self.migrations));
        }
        let wrong = self.wrong_states.iter().filter(|&&wrong| wrong > 0).count();
        let most = self.wrong_states.iter().max().copied().unwrap_or(0);
        table.line(
            "states",
            match (self.is_replicated(), wrong) {
                (_, 0) => format!("{} keys, all right", grouped(self.keys)),
                (true, _) => format!(
                    "{} keys; {wrong} of {} replicas wrong, in up to {} keys",
                    grouped(self.keys),
                    self.cores,
                    grouped(most)
                ),
                (false, _) => format!("{} keys, {} wrong", grouped(self.keys), grouped(most)),
            },
        );
        table.line(
            "verdicts",
            format!("{} wrong", grouped(self.wrong_verdicts)),
        );
        writeln!(f, "{table}")?;
        if let Some(wrong) = &self.first_wrong {
            let Wrong {
                packet,
                expected,
                found,
            } = wrong;
            writeln!(
                f,
                "packet {packet}: {found}, a single thread says {expected}"
            )?;
        }
        f.write_str(match self.equal {
            true => "All cores agree with a single thread.",
            false => "The cores do not agree with a single thread.",
        })
    }
}
