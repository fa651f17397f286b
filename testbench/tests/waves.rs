//! A failure can be seen in a waveform.

mod common;

use std::path::Path;

use common::toys::{self, Bug};
use common::{config, frames_of, options, sequencer, trace};
use seqnic_hdl::rtl::Simulator;
use seqnic_sim::traffic::TraceKind;
use seqnic_testbench::{Cosim, wave};
use vcd::{Command, Header, Parser, ScopeItem, Value};

/// The header of a waveform and its changes: (time in ns, variable, value).
fn read(path: &Path) -> (Header, Vec<(u64, String, Vec<Value>)>) {
    let text = std::fs::read(path).expect("the waveform was written");
    let mut parser = Parser::new(&text[..]);
    let header = parser.parse_header().expect("a VCD header");
    let mut now = 0;
    let mut changes = Vec::new();
    for command in parser {
        let (id, value) = match command.expect("a VCD command") {
            Command::Timestamp(time) => {
                now = time;
                continue;
            }
            Command::ChangeScalar(id, value) => (id, vec![value]),
            Command::ChangeVector(id, values) => (id, values.iter().collect()),
            _ => continue,
        };
        changes.push((now, id.to_string(), value));
    }
    (header, changes)
}

#[test]
fn a_failure_is_recorded_with_the_cycles_around_it() {
    // Where there is no prefix, a slice that loses no frame would do for a stripper.
    let config = config(toys::TOML);
    let engine = || Simulator::new(&toys::register_slice(Bug::LosesFrame), 1);
    let packets = || frames_of([640; 20], 1);
    let mut cosim =
        Cosim::stripper(engine(), &config, options(20, 20, 5)).expect("toys have all ports");
    let failure = cosim.run(packets()).expect_err("frame 7 is lost");

    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("failure.vcd");
    wave::record_failure(engine(), &failure, packets(), &path)
        .unwrap_or_else(|error| panic!("{error}"));

    let (header, changes) = read(&path);
    assert_eq!(
        changes.first().map(|&(time, ..)| time),
        Some((failure.cycle - 200) * 4)
    );
    assert_eq!(
        changes.last().map(|&(time, ..)| time),
        Some((failure.cycle + 20) * 4 + 2)
    );
    // What the design put out in the failing cycle is the beat that the scoreboard refused.
    let valid = header
        .find_var(&[config.name(), "m_axis_tvalid"])
        .expect("a port")
        .code
        .to_string();
    let value = changes
        .iter()
        .rev()
        .find(|(time, id, _)| *id == valid && *time <= failure.cycle * 4);
    assert_eq!(
        value.map(|(_, _, value)| &value[..]),
        Some(&[Value::V1][..])
    );
    // No other file is left behind.
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("the folder is there")
            .count(),
        1
    );
}

#[test]
fn a_waveform_shows_the_whole_hierarchy() {
    let config = config("bus.data_bits = 128\nspray.cores = 3\nhistory.rows = 3");
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("window.vcd");
    let packets = trace(TraceKind::Zipf, 5, 1);
    let options = options(0, 0, 1);
    wave::record(
        Simulator::new(&sequencer(&config), 1),
        3..30,
        &config,
        &options,
        Cosim::new,
        packets,
        &path,
    )
    .unwrap_or_else(|error| panic!("{error}"));

    let (header, changes) = read(&path);
    let top = header.find_scope(&[config.name()]).expect("the top module");
    let instances = top
        .items
        .iter()
        .filter(|item| matches!(item, ScopeItem::Scope(_)))
        .count();
    assert!(instances > 3, "{instances} instances");
    let data = header
        .find_var(&[config.name(), "s_axis_tdata"])
        .expect("a port");
    assert_eq!(data.size, 128);
    assert!(changes.iter().all(|&(time, ..)| (12..120).contains(&time)));
}

#[test]
fn a_waveform_that_cannot_be_written_names_its_file() {
    let config = config(toys::TOML);
    let engine = Simulator::new(&toys::register_slice(Bug::Nothing), 1);
    let path = Path::new("/nowhere/failure.vcd");
    let packets = frames_of([60], 1);
    let error = wave::record(
        engine,
        0..9,
        &config,
        &options(0, 0, 1),
        Cosim::stripper,
        packets,
        path,
    );
    let text = error.expect_err("there is no such folder").to_string();
    assert!(text.starts_with("/nowhere/failure.vcd: "), "{text}");
}
