//! What a table looks at must have been made in an earlier stage: the tables of a stage all see what the stage before left.

use std::collections::HashMap;

use super::Checked;
use crate::error::Refusal;
use crate::ir::{Condition, Pipe, Place, Statement, Step, Table};
use crate::resources;

/// The tables that may have written a place before.
type Writers<'a> = HashMap<&'a Place, Vec<&'a Table>>;

/// Checks the tables of a pipe in their order. Of two branches one is taken, so that neither sees what the other writes.
pub fn check(pipe: &Pipe) -> Checked {
    walk(pipe, &pipe.apply, &mut Vec::new(), &mut Writers::new())
}

fn walk<'a>(
    pipe: &'a Pipe,
    steps: &'a [Step],
    under: &mut Vec<&'a Condition>,
    writers: &mut Writers<'a>,
) -> Checked {
    for step in steps {
        match step {
            Step::Apply(name) => {
                let Some(table) = pipe.table(name) else {
                    continue;
                };
                reads_late(pipe, table, under, writers)?;
                for place in written(pipe, table) {
                    writers.entry(place).or_default().push(table);
                }
            }
            Step::If(condition, then, otherwise) => {
                under.push(condition);
                let mut of_then = writers.clone();
                walk(pipe, then, under, &mut of_then)?;
                walk(pipe, otherwise, under, writers)?;
                under.pop();
                for (place, tables) in of_then {
                    let known = writers.entry(place).or_default();
                    for table in tables {
                        if known.iter().all(|known| known.name != table.name) {
                            known.push(table);
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether all that a table looks at is older than its stage.
fn reads_late(pipe: &Pipe, table: &Table, under: &[&Condition], writers: &Writers<'_>) -> Checked {
    let mut read = resources::reads(pipe, table);
    read.extend(table.keys.iter().cloned());
    let conditions = under.iter().copied();
    read.extend(conditions.flat_map(Condition::places).cloned());
    for place in &read {
        let mut before = writers.get(place).into_iter().flatten();
        if let Some(writer) = before.find(|writer| writer.stage >= table.stage) {
            return Err(Refusal::new(
                "stage-order",
                format!(
                    "table {} of stage {} reads {place:?}",
                    table.name, table.stage
                ),
                format!("table {} of stage {} writes it", writer.name, writer.stage),
                "put the reader into a later stage",
            ));
        }
    }
    Ok(())
}

/// The places that a table can write.
fn written<'a>(pipe: &'a Pipe, table: &'a Table) -> impl Iterator<Item = &'a Place> {
    let actions = table.actions.iter().filter_map(|name| pipe.action(name));
    let statements = actions.flat_map(|action| &action.body);
    statements.flat_map(|statement| match statement {
        Statement::Set(place, _) | Statement::Pack(place, _) | Statement::Hash(place, ..) => {
            std::slice::from_ref(place)
        }
        Statement::Execute { into, .. } => &into[..],
        _ => &[],
    })
}
