//! The configurations in `examples/`.

use std::fs;
use std::path::{Path, PathBuf};

use seqnic_spec::{Config, PrefixPreset, RowPreset};

/// Every example with its text.
fn examples() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut examples: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect();
    examples.sort();
    examples
}

fn read((path, text): &(PathBuf, String)) -> Config {
    Config::from_toml_str(text, &path.display().to_string())
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_example_is_valid_and_says_what_it_is() {
    for example in examples() {
        read(&example);
        assert!(
            example.1.starts_with("# "),
            "{} has no comment",
            example.0.display()
        );
    }
}

#[test]
fn every_preset_has_an_example() {
    let configs: Vec<_> = examples().iter().map(read).collect();
    for preset in RowPreset::ALL {
        assert!(
            configs
                .iter()
                .any(|config| config.row().name() == preset.name()),
            "{preset}"
        );
    }
    for preset in PrefixPreset::ALL {
        assert!(
            configs
                .iter()
                .any(|config| config.prefix().name() == preset.name()),
            "{preset}"
        );
    }
}

#[test]
fn no_two_examples_have_the_same_name() {
    let mut names: Vec<_> = examples()
        .iter()
        .map(|example| read(example).name().to_owned())
        .collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn every_example_reads_back_from_its_echo() {
    for example in examples() {
        let config = read(&example);
        assert_eq!(Config::from_toml_str(&config.to_toml(), "echo"), Ok(config));
    }
}
