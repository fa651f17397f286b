//! The flags that give several configurations at once.

use clap::{ArgAction, ArgMatches, Args, Command, Error as ClapError, FromArgMatches};
use seqnic_spec::Config;

use super::ConfigArgs;
use crate::error::Error;

/// The flags of a configuration, of which rows and widths may be lists.
#[derive(Debug)]
pub struct SweepArgs {
    rows: Vec<u64>,
    data_bits: Vec<u64>,
    /// Everything else; with a file, what is not given is as in the file.
    pub config: ConfigArgs,
}

impl SweepArgs {
    /// All configurations, widths outside and rows inside. `rows` are taken when neither flag nor file gives any.
    pub fn load(&self, rows: &[u64]) -> Result<Vec<Config>, Error> {
        let rows = match self.rows.is_empty() && self.config.config.is_none() {
            true => rows,
            false => &self.rows,
        };
        let mut configs = Vec::new();
        for data_bits in given_or_none(&self.data_bits) {
            for rows in given_or_none(rows) {
                configs.push(self.config.sized(rows, data_bits)?.load()?);
            }
        }
        Ok(configs)
    }

    /// The configuration, if flags or a file give one, and only one.
    pub fn one(&self) -> Result<Option<Config>, Error> {
        let is_given = self.rows.len() == 1 || self.config.config.is_some();
        let is_one = self.rows.len() <= 1 && self.data_bits.len() <= 1;
        match is_given && is_one {
            true => Ok(self.load(&[])?.pop()),
            false => Ok(None),
        }
    }
}

fn given_or_none(values: &[u64]) -> Vec<Option<u64>> {
    match values {
        [] => vec![None],
        values => values.iter().copied().map(Some).collect(),
    }
}

impl FromArgMatches for SweepArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, ClapError> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, ClapError> {
        let mut list = |id| matches.remove_many(id).into_iter().flatten().collect();
        let (rows, data_bits) = (list("rows"), list("data_bits"));
        Ok(Self {
            rows,
            data_bits,
            config: ConfigArgs::from_arg_matches_mut(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), ClapError> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for SweepArgs {
    fn augment_args(command: Command) -> Command {
        let list = |arg: clap::Arg| arg.value_delimiter(',').action(ArgAction::Append);
        ConfigArgs::augment_args(command)
            .mut_arg("rows", |arg| {
                list(arg).value_name("ROWS,..").help(
                    "The numbers of packets in the history, each from 1 to 256 [default without a file: 16,32,64,128]",
                )
            })
            .mut_arg("data_bits", |arg| {
                list(arg)
                    .value_name("BITS,..")
                    .help("The widths of tdata in bits, each a power of two from 64 to 2048")
            })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
