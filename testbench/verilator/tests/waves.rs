//! Waveforms by Verilator show what the in-process engine's show.

mod common;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use common::{config, designs, model, options, sequencer, toolchain, trace};
use fst_reader::{FstFilter, FstHierarchyEntry, FstReader, FstSignalValue};
use seqnic_hdl::rtl::Simulator;
use seqnic_sim::traffic::TraceKind;
use seqnic_testbench::{Cosim, Engine, wave};
use seqnic_verilator::{FstRecorder, Initial, Model, VerilatorEngine, record};

/// A waveform: for each signal, by its path, the times at which it changes and the digits that it changes to.
type Changes = BTreeMap<String, Vec<(u64, String)>>;

fn read_fst(path: &Path) -> Changes {
    let file = BufReader::new(File::open(path).expect("the waveform was written"));
    let mut reader = FstReader::open(file).expect("it is FST");
    let (mut scopes, mut names) = (Vec::new(), BTreeMap::new());
    let hierarchy = reader.read_hierarchy(|entry| match entry {
        FstHierarchyEntry::Scope { name, .. } => scopes.push(name),
        FstHierarchyEntry::UpScope => drop(scopes.pop()),
        FstHierarchyEntry::Var { name, handle, .. } => {
            // As in `data [7:0]`.
            let name = name.split(' ').next().unwrap_or_default();
            let path = scopes.iter().map(String::as_str).chain([name]);
            let path = path.collect::<Vec<_>>().join(".");
            names
                .entry(handle.get_index())
                .or_insert_with(Vec::new)
                .push(path);
        }
        _ => {}
    });
    hierarchy.expect("it has a hierarchy");
    let mut changes = Changes::new();
    let signals = reader.read_signals(&FstFilter::all(), |time, handle, value| {
        if let FstSignalValue::String(digits) = value {
            let digits = String::from_utf8_lossy(digits).into_owned();
            for name in &names[&handle.get_index()] {
                let of_signal = changes.entry(name.clone()).or_default();
                if of_signal.last().is_none_or(|(_, last)| *last != digits) {
                    of_signal.push((time, digits.clone()));
                }
            }
        }
    });
    signals.expect("it has signals");
    changes
}

fn read_vcd(path: &Path) -> Changes {
    let text = std::fs::read(path).expect("the waveform was written");
    let mut parser = vcd::Parser::new(&text[..]);
    let header = parser.parse_header().expect("a header");
    let mut names = BTreeMap::new();
    fn visit(prefix: &str, items: &[vcd::ScopeItem], names: &mut BTreeMap<String, Vec<String>>) {
        for item in items {
            match item {
                vcd::ScopeItem::Scope(scope) => visit(
                    &format!("{prefix}{}.", scope.identifier),
                    &scope.items,
                    names,
                ),
                vcd::ScopeItem::Var(var) => {
                    names
                        .entry(var.code.to_string())
                        .or_default()
                        .push(format!("{prefix}{}", var.reference));
                }
                _ => {}
            }
        }
    }
    visit("", &header.items, &mut names);
    let (mut now, mut changes) = (0, Changes::new());
    for command in parser {
        let (id, digits) = match command.expect("a command") {
            vcd::Command::Timestamp(time) => {
                now = time;
                continue;
            }
            vcd::Command::ChangeScalar(id, value) => (id, value.to_string()),
            vcd::Command::ChangeVector(id, value) => (id, value.to_string()),
            _ => continue,
        };
        for name in &names[&id.to_string()] {
            changes
                .entry(name.clone())
                .or_default()
                .push((now, digits.clone()));
        }
    }
    changes
}

#[test]
fn fst_shows_what_the_in_process_engine_shows() {
    let Some(toolchain) = toolchain() else { return };
    let config = config("bus.data_bits = 128\nspray.cores = 3\nhistory.rows = 3");
    let design = sequencer(&config);
    let traced = Model::build_traced(&toolchain, &design).unwrap_or_else(|error| panic!("{error}"));
    let folder = tempfile::tempdir().expect("a folder for the test");
    let paths = ["window.fst", "window.vcd"].map(|name| folder.path().join(name));
    let packets = || trace(TraceKind::Zipf, 40, 1);
    let (options, window) = (options(20, 20, 1), 60..140);

    record(
        &traced,
        Initial::Random(1),
        window.clone(),
        &config,
        &options,
        // Recorded on another thread than the one that opened the file.
        |engine, config, options| {
            Cosim::new(engine, config, options).map(|cosim| cosim.overlap_after(0))
        },
        packets(),
        &paths[0],
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let simulator = Simulator::new(&design, 1);
    wave::record(
        simulator,
        window.clone(),
        &config,
        &options,
        Cosim::new,
        packets(),
        &paths[1],
    )
    .unwrap_or_else(|error| panic!("{error}"));

    let fst = read_fst(&paths[0]);
    let vcd = read_vcd(&paths[1]);
    let times = fst.values().flatten().map(|&(time, _)| time);
    let (first, last) = (times.clone().min(), times.max());
    assert_eq!(
        (first, last),
        (Some(4 * window.start), Some(4 * (window.end - 1) + 2))
    );
    // The whole hierarchy, and at the ports the same at all times.
    assert!(
        fst.keys().any(|name| name.contains("prefix_inserter.")),
        "{:?}",
        fst.keys()
    );
    for port in [
        "axis_aclk",
        "s_axis_tvalid",
        "s_axis_tready",
        "s_axis_tdata",
        "m_axis_tready",
        "m_axis_tvalid",
    ] {
        let in_fst = &fst[&format!("{}.{port}", design.name())];
        let in_vcd = &vcd[&format!("{}.{port}", config.name())];
        assert_eq!(in_fst, in_vcd, "{port}");
    }
    // Nothing else is left behind.
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("it is there")
            .count(),
        2
    );
}

#[test]
fn what_cannot_be_recorded_is_said() {
    let Some(toolchain) = toolchain() else { return };
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("window.fst");
    let design = designs::ports();
    let plain = model(&toolchain, &design);
    let error =
        FstRecorder::new(&plain, Initial::Zeros, &path, 0..9).expect_err("it is not traced");
    assert!(error.to_string().contains("without tracing"), "{error}");
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("it is there")
            .count(),
        0
    );

    let traced = Model::build_traced(&toolchain, &design).unwrap_or_else(|error| panic!("{error}"));
    let nowhere = Path::new("/nowhere/window.fst");
    let error = FstRecorder::new(&traced, Initial::Zeros, nowhere, 0..9)
        .expect_err("there is no such folder");
    assert!(
        error.to_string().starts_with("/nowhere/window.fst: "),
        "{error}"
    );
    // Not finished: nothing is left.
    let mut recorder =
        FstRecorder::new(&traced, Initial::Zeros, &path, 0..9).expect("it can be recorded");
    recorder.reset();
    recorder.eval();
    recorder.clock();
    drop(recorder);
    assert_eq!(
        std::fs::read_dir(folder.path())
            .expect("it is there")
            .count(),
        0
    );
}

#[test]
fn a_traced_model_runs_as_any_other() {
    let Some(toolchain) = toolchain() else { return };
    let config = config("bus.data_bits = 64\nspray.cores = 2\nhistory.rows = 2");
    let traced = Model::build_traced(&toolchain, &sequencer(&config))
        .unwrap_or_else(|error| panic!("{error}"));
    assert!(traced.is_traced());
    let engine =
        VerilatorEngine::new(&traced, Initial::Random(2)).unwrap_or_else(|error| panic!("{error}"));
    let mut cosim = Cosim::new(engine, &config, options(10, 10, 1)).expect("it has its ports");
    cosim
        .run(trace(TraceKind::Zipf, 100, 1))
        .unwrap_or_else(|failure| panic!("{failure}"));
}
