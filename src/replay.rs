//! The arguments of this run, to be typed again.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

/// The flags that were given to the subcommand, in the order of its help, except those of these
/// identifiers and those that all commands share.
pub fn arguments(command: &Command, matches: &ArgMatches, except: &[&str]) -> String {
    let Some((name, matches)) = matches.subcommand() else {
        return String::new();
    };
    let Some(command) = command.find_subcommand(name) else {
        return String::new();
    };
    let mut words = Vec::new();
    for arg in command.get_arguments().filter(|arg| !arg.is_global_set()) {
        let id = arg.get_id().as_str();
        let given = matches.value_source(id) == Some(ValueSource::CommandLine);
        let (true, false, Some(long)) = (given, except.contains(&id), arg.get_long()) else {
            continue;
        };
        if !arg.get_action().takes_values() {
            words.push(format!("--{long}"));
            continue;
        }
        for value in matches.get_raw(id).into_iter().flatten() {
            words.push(format!("--{long}"));
            words.push(quoted(&value.to_string_lossy()));
        }
    }
    words.join(" ")
}

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::Cli;

    fn replayed(line: &[&str]) -> String {
        let mut command = Cli::command();
        let matches = command.try_get_matches_from_mut(line).expect("valid");
        arguments(&command, &matches, &["seed"])
    }

    #[test]
    fn given_flags_come_back_and_defaults_do_not() {
        let line = "seqnic cosim --json --rows=4 --seed 7 --trace zipf --packets 5 --strip";
        let mut words: Vec<&str> = line.split(' ').collect();
        words.extend(["--set", "a=\"b\"", "--set", "c='d'"]);
        let expected =
            r#"--trace zipf --packets 5 --strip --rows 4 --set 'a="b"' --set 'c='\''d'\'''"#;
        assert_eq!(replayed(&words), expected);
    }
}
