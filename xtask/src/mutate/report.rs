//! What became of the mutants, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr};
use serde::Deserialize;
use serde_json::Value;

/// A mutant.
pub struct Mutant {
    subject: String,
    place: String,
    change: String,
    was: String,
    pub fate: Fate,
}

/// What became of it.
pub enum Fate {
    /// A test noticed it.
    Killed,
    /// It does the same as the design: how that is proven.
    Equivalent(String),
    /// No test noticed it, and it is not proven that it does the same.
    Survived,
}

impl Mutant {
    pub fn read(line: &Value) -> Option<Self> {
        let text = |key: &str| Some(line.get(key)?.as_str()?.to_owned());
        Some(Self {
            subject: text("subject")?,
            place: text("place")?,
            change: text("change")?,
            was: text("was")?,
            fate: match text("killed_by") {
                Some(_) => Fate::Killed,
                None => Fate::Survived,
            },
        })
    }

    /// What it is and what became of it.
    pub fn line(&self) -> String {
        let fate = match &self.fate {
            Fate::Killed => "killed".to_owned(),
            Fate::Equivalent(proof) => format!("equivalent, proven of {proof}"),
            Fate::Survived => "survived".to_owned(),
        };
        let Self {
            subject,
            place,
            change,
            was,
            ..
        } = self;
        format!("{place}: {change} at {was} ({subject}): {fate}")
    }
}

/// Why some mutants survive that are not proven equivalent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reasons {
    survivor: Vec<Reason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    place: String,
    /// None: every change of that place.
    change: Option<String>,
    reason: String,
}

impl Reasons {
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text)
            .into_diagnostic()
            .wrap_err_with(|| format!("{} is not a list of survivors", path.display()))
    }

    fn of(&self, mutant: &Mutant) -> Option<&str> {
        let is_it = |reason: &&Reason| {
            let same_change = |change: &String| *change == mutant.change;
            reason.place == mutant.place && reason.change.as_ref().is_none_or(same_change)
        };
        Some(&self.survivor.iter().find(is_it)?.reason)
    }
}

/// The survivors with their reasons, and a table of the changes.
pub fn text(mutants: &[Mutant], reasons: &Reasons) -> String {
    let mut text = String::new();
    for mutant in mutants
        .iter()
        .filter(|mutant| matches!(mutant.fate, Fate::Survived))
    {
        let reason = reasons.of(mutant).unwrap_or("not explained");
        let _ = writeln!(text, "{}\n    {reason}", mutant.line());
    }
    let mut by_change: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for mutant in mutants {
        let column = match mutant.fate {
            Fate::Killed => 0,
            Fate::Equivalent(_) => 1,
            Fate::Survived => 2,
        };
        by_change.entry(&mutant.change).or_default()[column] += 1;
    }
    let names = ["change", "made", "killed", "equivalent", "survived"];
    let row = |cells: [String; 5]| {
        let [change, made, killed, equivalent, survived] = cells;
        format!("{change:<18}{made:>6}{killed:>8}{equivalent:>12}{survived:>10}\n")
    };
    text += &row(names.map(str::to_owned));
    let mut total = [0; 3];
    for (change, counts) in &by_change {
        let made: usize = counts.iter().sum();
        let [killed, equivalent, survived] = counts.map(|count| count.to_string());
        text += &row([
            (*change).to_owned(),
            made.to_string(),
            killed,
            equivalent,
            survived,
        ]);
        total
            .iter_mut()
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
    }
    let [killed, equivalent, survived] = total.map(|count| count.to_string());
    text + &row([
        "all".to_owned(),
        mutants.len().to_string(),
        killed,
        equivalent,
        survived,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(change: &str, was: &str, fate: Fate) -> Mutant {
        Mutant {
            subject: "sequencer".to_owned(),
            place: "fifo.words".to_owned(),
            change: change.to_owned(),
            was: was.to_owned(),
            fate,
        }
    }

    #[test]
    fn the_table_counts_each_mutant_once_and_survivors_have_their_reasons() -> Result<()> {
        let reasons: Reasons = toml::from_str(
            "[[survivor]]\nplace = 'fifo.words'\nchange = 'EnableStuck'\nreason = 'never full'\n\
             [[survivor]]\nplace = 'fifo.tail'\nreason = 'other'",
        )
        .into_diagnostic()?;
        let mutants = [
            mutant("EnableStuck", "x", Fate::Survived),
            mutant("EnableStuck", "x", Fate::Killed),
            mutant("OperatorSwapped", "b", Fate::Survived),
            mutant("OperatorSwapped", "b", Fate::Equivalent("it".to_owned())),
        ];
        let expected = "\
fifo.words: EnableStuck at x (sequencer): survived
    never full
fifo.words: OperatorSwapped at b (sequencer): survived
    not explained
change              made  killed  equivalent  survived
EnableStuck            2       1           0         1
OperatorSwapped        2       0           1         1
all                    4       1           1         2
";
        assert_eq!(text(&mutants, &reasons), expected);
        Ok(())
    }

    #[test]
    fn the_list_of_reasons_can_be_read() -> Result<()> {
        Reasons::read(&crate::command::root().join(super::super::REASONS)).map(|_| ())
    }
}
