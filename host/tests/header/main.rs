//! The header of every configuration, compiled by C and C++ compilers and asked about frames of the golden model.
//!
//! `SEQNIC_RANDOM_SEED` draws other random configurations.

#[path = "../../../testbench/tests/designs/configurations.rs"]
mod configurations;
mod dump;

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use configurations::configurations;
use dump::{Question, program, questions};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Cases, RngAlgorithm, TestRng, TestRunner};
use seqnic_host::header;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use tempfile::TempDir;

/// Compilers, and the standards that the header promises to keep to.
const COMPILERS: [(&str, &str, &str); 4] = [
    ("gcc", "c", "-std=c99"),
    ("clang", "c", "-std=c99"),
    ("g++", "c++", "-std=c++11"),
    ("clang++", "c++", "-std=c++11"),
];
const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
const RANDOM_CONFIGURATIONS: usize = 40;

/// Writes the headers and the program that uses all of them.
fn write(configs: &[Config]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for config in configs {
        let name = format!("{}_host.h", config.name());
        fs::write(folder.path().join(name), header(config, "a test")).expect("it can be written");
    }
    fs::write(folder.path().join("dump.c"), program(configs)).expect("it can be written");
    folder
}

/// Compiles a program as `program`; false, with a note, when the compiler is not here.
fn compile(
    folder: &Path,
    source: &str,
    (compiler, language, standard): (&str, &str, &str),
) -> bool {
    let mut command = Command::new(compiler);
    command
        .current_dir(folder)
        .args([standard, "-O1", "-x", language]);
    command.args(WARNINGS).args(["-o", "program", source]);
    match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: {compiler} is not here");
            false
        }
        Err(error) => panic!("{compiler}: {error}"),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "{compiler} in {}:\n{said}",
                folder.display()
            );
            true
        }
    }
}

/// What the program says of all frames.
fn ask(folder: &Path, frames: &[(usize, Question)]) -> String {
    let mut child = Command::new(folder.join("program"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was compiled");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut bytes = Vec::new();
    for (number, question) in frames {
        for word in [
            *number as u64,
            question.frame.len() as u64,
            question.timestamp,
        ] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(&question.frame);
    }
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it reads all");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// Sends packets to each configuration, and asks every compiler's program about the last frames.
fn check(
    configs: &[Config],
    asked: usize,
    seed: u64,
    traffic: impl Fn(&Config) -> Vec<Vec<Packet>>,
) {
    let mut frames: Vec<(usize, Question)> = Vec::new();
    for (number, config) in configs.iter().enumerate() {
        for packets in traffic(config) {
            let questions = questions(config, &packets, asked);
            frames.extend(questions.into_iter().map(|question| (number, question)));
        }
    }
    let folder = write(configs);
    for compiler in COMPILERS {
        if !compile(folder.path(), "dump.c", compiler) {
            continue;
        }
        let answers = ask(folder.path(), &frames);
        let mut rest = answers.as_str();
        for (number, question) in &frames {
            let expected = question.answer.as_str();
            let said = rest.get(..expected.len()).unwrap_or(rest);
            let toml = configs[*number].to_toml();
            assert_eq!(
                said, expected,
                "{} with seed {seed} and\n{toml}",
                compiler.0
            );
            rest = &rest[expected.len()..];
        }
        assert_eq!(rest, "");
    }
}

fn trace(kind: TraceKind, packets: usize, seed: u64) -> Vec<Packet> {
    let trace = Trace::new(&TraceSpec::new(kind, packets, seed))
        .expect("the defaults are within their limits");
    // The first bytes of the packet are printed.
    trace.filter(|packet| packet.data.len() >= 4).collect()
}

/// Packets until a history is partly filled, and until it has been overwritten.
fn little_and_much(config: &Config, seed: u64) -> Vec<Vec<Packet>> {
    let much = trace(TraceKind::Dctcp, config.rows() + 12, seed);
    vec![trace(TraceKind::Uniform, 12, seed), much]
}

fn examples() -> Vec<Config> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let mut configs = Vec::new();
    for entry in folder.read_dir().expect("there are examples") {
        let path = entry.expect("can be listed").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = fs::read_to_string(&path).expect("text");
            configs.push(Config::from_toml_str(&text, "an example").expect("it is valid"));
        }
    }
    assert!(configs.len() >= 13);
    configs
}

#[test]
fn the_headers_of_all_examples_read_frames_as_the_model_wrote_them() {
    check(&examples(), 8, 1, |config| little_and_much(config, 1));
}

#[test]
fn the_headers_of_random_configurations_read_frames_as_the_model_wrote_them() {
    let seed: u64 =
        std::env::var("SEQNIC_RANDOM_SEED").map_or(1, |text| text.parse().expect("a number"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Cases::default(), rng);
    let configs: Vec<Config> = (0..RANDOM_CONFIGURATIONS)
        .map(|number| {
            let tree = configurations()
                .new_tree(&mut runner)
                .expect("nothing is rejected");
            let toml = tree.current().to_toml();
            let (_, rest) = toml.split_once('\n').expect("the name is the first line");
            let named = format!("name = \"random_{number}\"\n{rest}");
            Config::from_toml_str(&named, "a random configuration").expect("only its name is new")
        })
        .collect();
    check(&configs, 8, seed, |config| little_and_much(config, seed));
}

/// Rows that need all kinds of layers.
const ROWS: [&str; 6] = [
    r#"row = "connection-tracker""#,
    r#"field = [{ source = "ports.source" }, { source = "ethernet.ethertype" }]"#,
    r#"field = [{ source = "inner-vlan.id" }, { source = "ipv6.flow-label", bytes = 5 }, { source = "udp.length" }]"#,
    r#"field = [{ source = "vlan.dei" }, { source = "ipv4.fragment-offset", order = "little" }, { source = "ipv4.ihl" }]"#,
    r#"field = [{ source = "ipv6.destination", order = "little" }, { source = "tcp.data-offset", bytes = 9 }]"#,
    r#"field = [{ source = "frame.length" }, { source = "ethernet.source", bytes = 2 }]"#,
];

#[test]
fn a_packet_of_any_arrangement_of_headers_has_the_row_that_the_model_gives_it() {
    const ROUND: usize = 4368;
    let configs: Vec<Config> = ROWS
        .iter()
        .enumerate()
        .map(|(number, row)| {
            let toml =
                format!("name = \"rows_{number}\"\nspray.cores = 1\n[history]\nrows = 1\n{row}");
            Config::from_toml_str(&toml, "a row").expect("it is valid")
        })
        .collect();
    let packets = trace(TraceKind::Headers, ROUND, 1);
    check(&configs, packets.len(), 1, |_| vec![packets.clone()]);
}

#[test]
fn frames_by_hand_are_read_as_they_were_meant() {
    let toml = "name = \"knock\"\nspray.cores = 4\nhistory = { row = \"port-knocking\", rows = 3 }";
    let config = Config::from_toml_str(toml, "knock").expect("it is valid");
    let folder = write(&[config]);
    fs::write(folder.path().join("literal.c"), include_str!("literal.c"))
        .expect("it can be written");
    for compiler in COMPILERS {
        if compile(folder.path(), "literal.c", compiler) {
            let output = Command::new(folder.path().join("program"))
                .output()
                .expect("it was compiled");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(
                output.status.success(),
                "{}: these do not hold:\n{said}",
                compiler.0
            );
        }
    }
}
