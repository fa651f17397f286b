//! `seqnic emit verilog --bench`: the bench passes in simulators of other makers, and fails when it should.

mod common;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Finished, examples, finish, names_in, pcap, root, seqnic, seqnic_in};
use seqnic::tools::{Found, Tool};
use serde_json::Value;
use tempfile::TempDir;

/// Emits a design and its bench into the folder `build`, and gives the report.
fn emit(folder: &Path, flags: &str) -> Value {
    let out = folder.join("build");
    let line = format!(
        "emit verilog --bench --json --out {} {flags}",
        out.display()
    );
    seqnic(&line).json()["bench"].take()
}

/// A tool that starts, or a note that it does not.
fn found(tool: Tool) -> Option<Found> {
    let found = tool.find().filter(|found| found.version().is_some());
    if found.is_none() {
        println!("skipped: {} is not here; {}", tool.name(), tool.remedy());
    }
    found
}

/// Runs a printed line in the folder `build`, as a shell does that finds the tool on its path.
fn run(folder: &Path, tool: &Found, line: &str) -> Finished {
    let path = env::var_os("PATH").unwrap_or_default();
    let tools = tool.program.parent().map(Path::to_owned);
    let path = env::join_paths(tools.into_iter().chain(env::split_paths(&path)));
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder.join("build"));
    for (name, value) in tool.command().get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    finish(shell.env("PATH", path.expect("plain folders")))
}

fn icarus(folder: &Path, tool: &Found, bench: &Value) -> Finished {
    run(folder, tool, bench["icarus"].as_str().expect("a line"))
}

#[track_caller]
fn passes(run: &Finished, bench: &Value) {
    let pass = format!("PASS: {} beats", bench["output_beats"]);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(run.code, 0, "{said}");
    assert!(said.lines().any(|line| line == pass), "{said}");
    assert!(!said.contains("FAIL"), "{said}");
}

#[track_caller]
fn fails(run: &Finished, because: &str) {
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_ne!(run.code, 0, "{said}");
    assert_eq!(
        said.lines().filter(|line| *line == "FAIL").count(),
        1,
        "{said}"
    );
    assert!(said.contains(because), "`{because}` is not in {said}");
    assert!(!said.contains("PASS"), "{said}");
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The last line of a file of the bench becomes another.
fn change_last_line(path: &Path, change: impl FnOnce(&str) -> String) {
    let text = fs::read_to_string(path).expect("is text");
    let (before, last) = text.trim_end().rsplit_once('\n').expect("lines");
    fs::write(path, format!("{before}\n{}\n", change(last))).expect("can be written");
}

/// One bit more or less in the last digit of a line: bit 0 of byte 0 of the beat.
fn with_another_bit(line: &str) -> String {
    let (digits, last) = line.split_at(line.len() - 1);
    let digit = u8::from_str_radix(last, 16).expect("a digit");
    format!("{digits}{:x}", digit ^ 1)
}

#[test]
fn every_example_passes_under_icarus() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    // The exports of large encoders take the time of all the others together; a small one is below.
    let is_small = |path: &PathBuf| !path.to_string_lossy().contains("flowradar");
    for config in examples().into_iter().filter(is_small) {
        let folder = folder();
        let bench = emit(folder.path(), &format!("--config {}", config.display()));
        passes(&icarus(folder.path(), &tool, &bench), &bench);
        assert_eq!(bench["frames"], 300);
    }
}

#[test]
fn other_ports_pauses_and_traffic_pass_under_icarus() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    for flags in [
        "--config examples/conntrack.toml --timestamp port --trace dctcp",
        "--config examples/conntrack.toml --pcap examples/captures/tcp-loss.pcap --stall 0 --idle 0",
        "--config examples/none.toml --steering tdest --cores 5 --stall 90 --idle 0 --packets 50",
        "--config examples/tuser-steering.toml --timestamp port --storage block --seed 9",
        "--data-bits 2048 --tuser-bits 99 --input-skid true --output-skid false --trace zipf --stall 0 --idle 80",
        "--data-bits 64 --tuser-bits 1 --row heavy-hitter --prefix bpf-profile --trace uniform --frame-bytes 1",
    ] {
        let folder = folder();
        let bench = emit(folder.path(), flags);
        passes(&icarus(folder.path(), &tool, &bench), &bench);
    }
}

#[test]
fn the_reports_of_int_nodes_and_encoders_are_checked_too() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    for (flags, reports) in [
        ("--config examples/int-source.toml --packets 60", false),
        ("--config examples/int-sink.toml --packets 100", true),
        (
            "--config examples/int-mirror.toml --packets 60 --stall 60",
            true,
        ),
        (
            "--data-bits 64 --row none --set flowradar.flows=64 --packets 60",
            true,
        ),
    ] {
        let folder = folder();
        let bench = emit(folder.path(), flags);
        let run = icarus(folder.path(), &tool, &bench);
        passes(&run, &bench);
        let path = folder.path().join("build/bench/reports.hex");
        assert_eq!(path.exists(), reports, "{flags}");
        if reports {
            assert!(!run.stdout.contains("and 0 beats of reports"), "{flags}");
            change_last_line(&path, with_another_bit);
            let run = icarus(folder.path(), &tool, &bench);
            fails(&run, "a beat of a report differs");
        }
    }
}

#[test]
fn two_examples_pass_under_verilator_and_a_changed_bit_fails() {
    let Some(tool) = found(Tool::Cxx).and(found(Tool::Verilator)) else {
        return;
    };
    for example in ["narrow-64", "bpf-profile-conntrack-numbered"] {
        let folder = folder();
        let bench = emit(folder.path(), &format!("--config examples/{example}.toml"));
        let line = bench["verilator"].as_str().expect("a line");
        let run = |line| run(folder.path(), &tool, line);
        let built = run(line);
        passes(&built, &bench);
        assert_eq!(built.stderr, "");

        let expected = folder.path().join("build/bench/expected.hex");
        change_last_line(&expected, with_another_bit);
        let (_, again) = line.split_once(" && ").expect("builds, then runs");
        fails(&run(again), "byte 0, byte ");
    }
}

#[test]
fn one_bit_of_any_signal_of_an_expected_beat_fails() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    let folder = folder();
    let flags = "--data-bits 64 --tuser-bits 4 --row none --cores 2 --steering tdest --packets 20";
    let bench = emit(folder.path(), flags);
    let expected = folder.path().join("build/bench/expected.hex");
    let unchanged = fs::read_to_string(&expected).expect("is text");
    let first = unchanged.lines().next().expect("a beat");
    // tlast, tdest, tuser, tkeep, tdata.
    let fields: Vec<&str> = first.split('_').collect();
    assert_eq!(
        (fields.len(), fields[0], fields[1], fields[3]),
        (5, "0", "0", "ff")
    );
    for (field, because) in [
        (0, "the signals beside tdata differ"),
        (1, "the signals beside tdata differ"),
        (2, "the signals beside tdata differ"),
        (3, "the signals beside tdata differ"),
        (4, "byte 0, byte 0 of the frame, is "),
    ] {
        let mut changed: Vec<String> = fields.iter().map(|&field| field.to_owned()).collect();
        changed[field] = with_another_bit(&changed[field]);
        let text = unchanged.replacen(first, &changed.join("_"), 1);
        fs::write(&expected, text).expect("can be written");
        let run = icarus(folder.path(), &tool, &bench);
        fails(&run, because);
        fails(&run, "output beat 0 (beat 0 of frame 0), cycle ");
    }
}

#[test]
fn one_inverted_condition_in_any_module_fails() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    let folder = folder();
    let bench = emit(folder.path(), "--config examples/tuser-steering.toml");
    let rtl = folder.path().join("build/rtl");
    // The stripper is not what the bench is for.
    let modules = names_in(&rtl)
        .into_iter()
        .filter(|name| !name.ends_with("_stripper.v"));
    let mut changed = 0;
    for name in modules {
        let path = rtl.join(&name);
        let text = fs::read_to_string(&path).expect("is text");
        let conditions = [("else if (", "else if (!"), (" == ", " != ")];
        let Some((from, to)) = conditions.iter().find(|(from, _)| text.contains(from)) else {
            continue;
        };
        fs::write(&path, text.replacen(from, to, 1)).expect("can be written");
        let run = icarus(folder.path(), &tool, &bench);
        assert!(run.stdout.contains("\nFAIL\n"), "{name}: {}", run.stdout);
        assert_ne!(run.code, 0, "{name}");
        fs::write(&path, text).expect("can be written");
        changed += 1;
    }
    assert!(changed >= 7, "{changed} modules with a condition");
    passes(&icarus(folder.path(), &tool, &bench), &bench);
}

/// Stands in for a sequencer: it takes all that comes and plays expected.hex, with a fault if asked.
const STAND_IN: &str = "
module toy_sequencer(
    input wire axis_aclk, input wire axis_resetn,
    input wire [63:0] s_axis_tdata, input wire [7:0] s_axis_tkeep,
    input wire s_axis_tvalid, input wire s_axis_tlast, output wire s_axis_tready,
    output wire [63:0] m_axis_tdata, output wire [7:0] m_axis_tkeep,
    output wire m_axis_tvalid, output wire m_axis_tlast, input wire m_axis_tready
);
    localparam BEATS = @BEATS@;
    reg [75:0] beats [0:BEATS];
    integer beat;
    reg stalled;
    initial $readmemh(\"bench/expected.hex\", beats, 0, BEATS - 1);
    initial beats[BEATS] = beats[0];
    assign s_axis_tready = 1'b1;
    assign {m_axis_tlast, m_axis_tkeep, m_axis_tdata} = beats[beat][72:0]
`ifdef CHANGES
        ^ (stalled && beat == 40)
`endif
`ifdef UNKNOWN
        ^ (beat == 40 ? 73'bx : 73'b0)
`endif
        ;
    assign m_axis_tvalid =
`ifdef STOPS
        beat < 40;
`elsif DROPS
        beat < BEATS && !(stalled && beat == 40);
`elsif GOES_ON
        beat <= BEATS;
`elsif IS_UNKNOWN
        beat == 40 ? 1'bx : 1'b1;
`else
        beat < BEATS;
`endif
    always @(posedge axis_aclk)
        if (!axis_resetn) {stalled, beat} <= 0;
        else begin
            stalled <= m_axis_tvalid && !m_axis_tready;
            if (m_axis_tvalid === 1'b1 && m_axis_tready) beat <= beat + 1;
        end
endmodule
";

#[test]
fn each_thing_that_a_stream_can_do_wrong_fails() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    let folder = folder();
    let bench = emit(
        folder.path(),
        "--name toy --data-bits 64 --row none --packets 30 --stall 80",
    );
    let build = folder.path().join("build");
    let text = STAND_IN.replace("@BEATS@", &bench["output_beats"].to_string());
    fs::write(build.join("toy.v"), text).expect("can be written");
    fs::write(build.join("rtl.f"), "toy.v\n").expect("can be written");
    let play = |fault: &str| {
        let line = bench["icarus"].as_str().expect("a line");
        let line = line.replace("-DSTOP_ON_FAIL", &format!("-DSTOP_ON_FAIL -D{fault}"));
        run(folder.path(), &tool, &line)
    };
    passes(&play("NO_FAULT"), &bench);
    for (fault, because) in [
        ("CHANGES", "output beat 40 "),
        ("CHANGES", "the beat changed before m_axis_tready"),
        ("UNKNOWN", "output beat 40 "),
        ("UNKNOWN", "byte 0, byte "),
        ("STOPS", "nothing moved in "),
        ("DROPS", "m_axis_tvalid was dropped before m_axis_tready"),
        ("GOES_ON", "a beat comes out, and no more are expected"),
        ("IS_UNKNOWN", "m_axis_tvalid is x"),
    ] {
        fails(&play(fault), because);
    }
}

/// Every file of a bench with its text.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let bench = folder.join("build/bench");
    let paths = names_in(&bench).into_iter().map(PathBuf::from);
    paths
        .map(|name| {
            let text = fs::read_to_string(bench.join(&name)).expect("is text");
            (name, text)
        })
        .collect()
}

#[test]
fn equal_flags_give_equal_bytes_and_another_seed_gives_others() {
    let flags = "--config examples/tuser-steering.toml --packets 40";
    let (one, two, other) = (folder(), folder(), folder());
    let bench = emit(one.path(), flags);
    emit(two.path(), flags);
    emit(two.path(), flags);
    assert!(files(one.path()) == files(two.path()));
    emit(other.path(), &format!("{flags} --seed 2"));
    for ((name, text), (_, changed)) in files(one.path()).iter().zip(files(other.path())) {
        assert!(*text != changed, "{}", name.display());
    }
    let names = [
        "bench/tuser_steering_bench.v",
        "bench/stimulus.hex",
        "bench/expected.hex",
        "bench/idle.hex",
        "bench/stall.hex",
    ];
    assert_eq!(bench["files"], serde_json::json!(names));
    let lines = |at: usize| files(one.path())[at].1.lines().count();
    assert_eq!(bench["output_beats"], lines(0));
    assert_eq!(bench["input_beats"], lines(3));
}

#[test]
fn a_bench_is_the_run_that_cosim_makes_of_the_same_flags() {
    let flags = "--config examples/conntrack.toml --trace zipf --packets 70 --stall 30 --idle 10";
    let bench = emit(folder().path(), flags);
    let cosim = seqnic(&format!("cosim {flags} --json")).json();
    for figure in ["cycles", "output_beats"] {
        assert_eq!(bench[figure], cosim[figure], "{figure}");
    }
    assert_eq!(bench["frames"], cosim["frames_in"]);
}

#[test]
fn people_read_how_to_run_it() {
    let folder = folder();
    let config = root().join("examples/none.toml");
    let config = config.to_str().expect("plain");
    let line = [
        "emit", "verilog", "--bench", "--config", config, "--out", "my build",
    ];
    let text = seqnic_in(folder.path(), &line).success();
    for wanted in [
        "\nwrote my build/bench/spray_only_bench.v\n",
        "\nbench        300 frames, ",
        "\n\nto run the bench, with Icarus or with Verilator:\n  cd 'my build' && iverilog -g2001 ",
        " && vvp -N bench/spray_only_bench.vvp\n  cd 'my build' && verilator --binary --timing ",
    ] {
        assert!(text.contains(wanted), "`{wanted}` is not in {text}");
    }
    assert!(
        text.ends_with(" && bench/verilator/spray_only_bench\n"),
        "{text}"
    );
}

#[test]
fn nothing_is_written_when_the_packets_cannot_be_read() {
    let folder = folder();
    let whole = pcap(&[(1, vec![1; 60]), (2, vec![2; 60])]);
    fs::write(folder.path().join("cut.pcap"), &whole[..whole.len() - 1]).expect("can be written");
    let line = [
        "emit", "verilog", "--bench", "--out", "build", "--pcap", "cut.pcap",
    ];
    let text = seqnic_in(folder.path(), &line).refusal();
    assert!(text.starts_with("error: cut.pcap: "), "{text}");
    assert_eq!(names_in(folder.path()), ["cut.pcap"]);
}

#[test]
fn flags_of_a_bench_ask_for_one() {
    for flag in ["--packets 5", "--stall 5", "--seed 5", "--pcap a.pcap"] {
        let refused = seqnic(&format!("emit verilog --out build {flag}"));
        assert_eq!(refused.code, 2);
        assert!(refused.stderr.contains("--bench"), "{}", refused.stderr);
    }
}
