//! The core: its streams, its Verilog and its bench.

use std::fs;
use std::path::Path;
use std::process::Command;

use seqnic::tools::{Found, Tool};

use crate::common::{Finished, finish, pcap, read_pcap, seqnic};
use crate::{CORE, FITTING, TEST, emit, folder, found, frames, readme_line, words};

/// Runs the line of the README that begins like this in the folder `check`, as a shell does that finds the tool.
fn check(folder: &Path, tool: &Found, start: &str) -> Finished {
    let line = readme_line(folder, start);
    let (_, arguments) = line.split_once(' ').expect("a program and its arguments");
    let line = format!("{} {arguments}", tool.program.display());
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &line])
        .current_dir(folder.join("nf/check"));
    for (name, value) in tool.command().get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    finish(&mut shell)
}

#[test]
fn the_streams_are_what_the_model_says_with_length_and_ports_in_tuser() {
    for (flags, port) in FITTING
        .into_iter()
        .zip([0x04, 0x02, 0x01, 0x04, 0x08, 0x02])
    {
        let folder = folder();
        emit(folder.path(), flags);
        let (sent, expected) = (
            frames(folder.path(), "stimulus.axi"),
            frames(folder.path(), "expected.axi"),
        );
        assert_eq!((sent.len(), expected.len()), (48, 48));
        assert!(
            sent.iter()
                .all(|frame| (60..=1514).contains(&frame.bytes.len()))
        );
        // A longer frame overruns the output queues.
        assert!(expected.iter().all(|frame| frame.bytes.len() <= 1792));

        let packets: Vec<(u32, Vec<u8>)> =
            sent.iter().map(|frame| (0, frame.bytes.clone())).collect();
        let capture = folder.path().join("in.pcap");
        fs::write(&capture, pcap(&packets)).expect("can be written");
        let out = folder.path().join("out.pcap");
        let flags_of_model = flags.split(" --destination-port").next().expect("flags");
        let line = format!(
            "model --pcap {} --out {} {flags_of_model}",
            capture.display(),
            out.display()
        );
        seqnic(&line).success();
        let modelled = read_pcap(&fs::read(&out).expect("is there"));
        for (at, frame) in expected.iter().enumerate() {
            assert!(frame.bytes == modelled[at].1, "{flags}: frame {at}");
            let low = frame.bytes.len() as u128 | 0x01_0000 | port << 24;
            let core = match flags.contains("--steering tuser") {
                true => 1 << (40 + at % 4),
                false => 0,
            };
            assert_eq!(frame.tuser, low | core, "{flags}: frame {at}");
            assert_eq!(sent[at].tuser, sent[at].bytes.len() as u128 | 0x0401_0000);
        }
    }
}

#[test]
fn verilator_and_icarus_have_nothing_to_say() {
    for flags in FITTING {
        let folder = folder();
        emit(folder.path(), flags);
        if let Some(tool) = found(Tool::Verilator) {
            // The datapath has the core below it.
            let start = "verilator --lint-only -Wall --top-module stand_in_datapath ";
            let line = readme_line(folder.path(), start).replacen("verilator", "", 1);
            let mut command = tool.command();
            command
                .current_dir(folder.path().join("nf/check"))
                .arg("--quiet")
                .args(words(&line));
            let result = finish(&mut command);
            assert_eq!(
                (result.code, result.stdout, result.stderr),
                (0, String::new(), String::new()),
                "{flags}"
            );
        }
        if let Some(tool) = found(Tool::Icarus) {
            let mut command = tool.command();
            let line = "-g2001 -Wall -t null -s stand_in_datapath -c files.f -c datapath.f";
            command
                .current_dir(folder.path().join("nf/check"))
                .args(words(line));
            let result = finish(&mut command);
            assert_eq!(
                (result.code, result.stdout, result.stderr),
                (0, String::new(), String::new()),
                "{flags}"
            );
        }
    }
}

#[test]
fn the_bench_passes_with_and_without_neighbours_and_sees_a_changed_bit_and_a_changed_core() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    for flags in FITTING {
        let folder = folder();
        emit(folder.path(), flags);
        let beats: usize = frames(folder.path(), "expected.axi")
            .iter()
            .map(|frame| frame.bytes.len().div_ceil(128))
            .sum();
        for start in ["iverilog -g2001 -Wall -s ", "iverilog -g2001 -Wall -DDUT"] {
            let result = check(folder.path(), &tool, start);
            assert_eq!((result.stderr.as_str(), result.code), ("", 0), "{flags}");
            assert!(
                result.stdout.contains(&format!("PASS: {beats} beats\n")),
                "{flags}: {}",
                result.stdout
            );
        }
    }

    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let expected = folder.path().join("nf").join(TEST).join("expected.axi");
    let text = fs::read_to_string(&expected).expect("is text");
    let last = text.trim_end().lines().last().expect("a beat");
    let first = text
        .lines()
        .find(|line| line.ends_with(','))
        .expect("a beat");
    let stream = format!("{CORE}/hdl/conntrack_7_host_stream.v");
    let responder = format!("{CORE}/hdl/conntrack_7_register_responder.v");
    let places = [
        // A bit of the last frame's last kept byte, of tkeep and of the length.
        (
            format!("{TEST}/expected.axi"),
            last.to_owned(),
            last.replacen(", 0", ", 1", 1),
        ),
        (
            format!("{TEST}/expected.axi"),
            first.to_owned(),
            flipped(first, first.len() - 2),
        ),
        (
            format!("{TEST}/expected.axi"),
            first.to_owned(),
            flipped(first, 255),
        ),
        (
            format!("{TEST}/expected.axi"),
            first.to_owned(),
            format!("{}.", &first[..first.len() - 1]),
        ),
        // The length does not grow; the ports are lost.
        (
            stream,
            "grown_length[15:0]".to_owned(),
            "s_axis_tuser[15:0]".to_owned(),
        ),
        // The registers never answer a write; a read gives something else.
        (responder, "deadbeef".to_owned(), "deadbeee".to_owned()),
    ];
    for (path, from, to) in places {
        let path = folder.path().join("nf").join(path);
        let text = fs::read_to_string(&path).expect("is text");
        assert!(
            text.contains(&from) && from != to,
            "`{from}` is not in {}",
            path.display()
        );
        fs::write(&path, text.replacen(&from, &to, 1)).expect("can be written");
        let result = check(folder.path(), &tool, "iverilog ");
        assert!(
            result.stdout.contains("FAIL: "),
            "{from}: {}",
            result.stdout
        );
        assert!(!result.stdout.contains("PASS"), "{from}: {}", result.stdout);
        fs::write(&path, text).expect("can be written");
    }
}

/// The line with another hexadecimal digit at a place.
fn flipped(line: &str, at: usize) -> String {
    let digit = u8::from_str_radix(&line[at..=at], 16).expect("a digit");
    format!("{}{:x}{}", &line[..at], digit ^ 1, &line[at + 1..])
}

/// The lines of the README's section `Check without Vivado`, each run as it stands by a shell that finds the tools.
#[test]
fn the_lines_of_the_readme_that_need_no_vivado_pass_as_they_stand() {
    let (Some(verilator), Some(_), Some(_)) = (
        found(Tool::Verilator),
        found(Tool::Icarus),
        found(Tool::Cxx),
    ) else {
        return;
    };
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let readme = fs::read_to_string(folder.path().join("nf/README.md")).expect("is text");
    let (_, section) = readme
        .split_once("## Check without Vivado")
        .expect("the section is there");
    let block = section.split("```").nth(1).expect("a block of lines");
    let lines: Vec<&str> = block.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 7, "{block}");
    let tools = verilator.program.parent().expect("it is in a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [tools.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path)),
    );
    for line in lines {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .current_dir(folder.path().join("nf/check"))
            .env(
                "PATH",
                path.as_ref().expect("no folder of the path has a colon"),
            );
        for (name, value) in verilator.command().get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        if ["tclsh", "python3"]
            .iter()
            .any(|tool| line.starts_with(tool) && !is_there(tool))
        {
            println!("skipped: {line}");
            continue;
        }
        let result = finish(&mut shell);
        assert_eq!(
            (result.code, result.stderr.as_str()),
            (0, ""),
            "{line}: {}",
            result.stdout
        );
        let passes = result.stdout.lines().any(|said| said.starts_with("PASS"));
        assert_eq!(
            passes,
            !line.contains("--lint-only"),
            "{line}: {}",
            result.stdout
        );
    }
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("/dev/null").output().is_ok()
}

#[test]
fn a_parameter_that_the_core_was_not_made_for_stops_elaboration_and_says_why() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    for (parameter, wanted) in [
        (
            "C_M_AXIS_DATA_WIDTH=512",
            "ERROR_history_sequencer_was_generated_for_AXIS_DATA_WIDTH_1024",
        ),
        (
            "C_S_AXIS_DATA_WIDTH=512",
            "ERROR_history_sequencer_was_generated_for_AXIS_DATA_WIDTH_1024",
        ),
        (
            "C_M_AXIS_TUSER_WIDTH=64",
            "ERROR_history_sequencer_was_generated_for_AXIS_TUSER_WIDTH_128",
        ),
        (
            "C_S_AXIS_TUSER_WIDTH=129",
            "ERROR_history_sequencer_was_generated_for_AXIS_TUSER_WIDTH_128",
        ),
        (
            "SRC_PORT_POS=24",
            "ERROR_history_sequencer_needs_SRC_PORT_POS_16_and_DST_PORT_POS_24",
        ),
        (
            "DST_PORT_POS=16",
            "ERROR_history_sequencer_needs_SRC_PORT_POS_16_and_DST_PORT_POS_24",
        ),
        (
            "C_DESTINATION_PORT=3",
            "ERROR_history_sequencer_needs_C_DESTINATION_PORT_0_1_2_4_or_8",
        ),
        (
            "C_DESTINATION_PORT=256",
            "ERROR_history_sequencer_needs_C_DESTINATION_PORT_0_1_2_4_or_8",
        ),
        (
            "C_S_AXI_DATA_WIDTH=64",
            "ERROR_history_sequencer_needs_C_S_AXI_DATA_WIDTH_32",
        ),
        ("C_S_AXI_ADDR_WIDTH=32", ""),
        ("C_DESTINATION_PORT=8", ""),
    ] {
        let mut command = tool.command();
        command
            .current_dir(folder.path().join("nf/check"))
            .args(words("-g2001 -t null -s history_sequencer -c files.f"))
            .arg(format!("-Phistory_sequencer.{parameter}"));
        let result = finish(&mut command);
        assert_eq!(
            result.code == 0,
            wanted.is_empty(),
            "{parameter}: {}",
            result.stderr
        );
        assert!(
            result.stderr.contains(wanted),
            "{parameter}: {}",
            result.stderr
        );
    }
}
