//! Registers that are written while frames pass, on a sequencer with a register master beside it.

use std::fmt::Write;

use seqnic_hdl::rtl::{Direction, Verilog, VerilogFile, emit};
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_spec::registers::map;
use seqnic_testbench::axis::Pause;
use seqnic_testbench::{Cosim, Options, RegisterWrite, Violation};
use seqnic_verilator::{Initial, Model, Toolchain, VerilatorEngine};

const PACKETS: usize = 600;

fn config() -> Config {
    let toml = "bus.data_bits = 128\nspray = { cores = 5, control = true }\nhistory = { row = \"port-knocking\", rows = 5 }";
    Config::from_toml_str(toml, "test").expect("valid")
}

/// A sequencer and a register master on one clock, whose text is changed as given.
fn datapath(config: &Config, from: &str, to: &str) -> Verilog {
    let sequencer = tops::sequencer(config).expect("builds");
    let name = sequencer.name().to_owned();
    let files = emit(&sequencer, "");
    let mut verilog = seqnic_netfpga::datapath(config, "under_operator", files).expect("builds");
    let mut text = String::from("module under_operator (input axis_aclk, input axis_resetn");
    let mut connections = String::new();
    for port in &verilog.ports {
        let direction = match port.direction {
            Direction::Input => "input",
            Direction::Output => "output",
        };
        let _ = write!(text, ", {direction} [{}:0] {}", port.width - 1, port.name);
        if !port.name.starts_with("register_") {
            let _ = write!(connections, ", .{0}({0})", port.name);
        }
    }
    let signals = [
        ("awaddr", 12),
        ("awvalid", 1),
        ("awready", 1),
        ("wdata", 32),
        ("wstrb", 4),
        ("wvalid", 1),
        ("wready", 1),
        ("bvalid", 1),
        ("bready", 1),
        ("araddr", 12),
        ("arvalid", 1),
        ("arready", 1),
        ("rdata", 32),
        ("rvalid", 1),
        ("rready", 1),
    ];
    let (mut wires, mut slave, mut master) = (String::new(), String::new(), String::new());
    for (signal, bits) in signals {
        let _ = writeln!(wires, "wire [{}:0] {signal};", bits - 1);
        let _ = write!(slave, ", .s_axi_{signal}({signal})");
        let _ = write!(master, ", .m_axi_{signal}({signal})");
    }
    let _ = write!(
        text,
        ");\n{wires}{name} sequencer (.axis_aclk(axis_aclk), .axis_resetn(axis_resetn), .s_axi_bresp(), .s_axi_rresp(){connections}{slave});\n\
         seqnic_register_master master (.clk(axis_aclk), .resetn(axis_resetn), .request(register_request), .write(register_write), \
         .address(register_address), .wdata(register_wdata), .done(register_done), .rdata(register_rdata){master});\nendmodule\n",
    );
    assert!(from.is_empty() || text.contains(from), "{from}: {text}");
    verilog.files.push(VerilogFile {
        name: "under_operator.v".to_owned(),
        text: text.replace(from, to),
    });
    verilog
}

/// Cosimulates with writes, then compares the registers; the frames of each core and the number of words.
fn run(
    change: (&str, &str),
    writes: &[RegisterWrite],
    stall: u8,
) -> Option<Result<(Vec<u64>, usize), Violation>> {
    let config = config();
    let Ok(toolchain) = Toolchain::find() else {
        println!("skipped: Verilator or a C++ compiler is not here");
        return None;
    };
    let verilog = datapath(&config, change.0, change.1);
    let model = Model::of(&toolchain, &verilog).unwrap_or_else(|error| panic!("{error}"));
    let engine = VerilatorEngine::new(&model, Initial::Random(1)).expect("it starts");
    let options = Options {
        stall: Pause::Percent(stall),
        ..Options::default()
    };
    let cosim = Cosim::new(engine, &config, options).expect("the ports are there");
    let mut cosim = cosim.with_writes(writes.iter().copied());
    let packets = Trace::new(&TraceSpec::new(TraceKind::Uniform, PACKETS, 1)).expect("valid");
    let report = cosim.run(packets).map_err(|failure| failure.violation);
    Some(report.and_then(|report| {
        let words = cosim
            .compare_registers(&config)
            .map_err(|failure| failure.violation)?;
        assert_eq!(cosim.writes_left(), 0);
        assert_eq!(
            (report.frames_in, report.frames_out),
            (PACKETS as u64, PACKETS as u64)
        );
        Ok((report.frames_per_core, words))
    }))
}

fn failed(after_frames: u64, value: u32) -> RegisterWrite {
    RegisterWrite {
        after_frames,
        offset_bytes: map::FAILED.offset_bytes,
        value,
    }
}

#[test]
fn frames_behind_a_write_go_to_the_cores_that_it_leaves_and_registers_count_them() {
    for stall in [0, 50] {
        let writes = [
            failed(100, 0b01000),
            failed(200, 0b01010),
            failed(200, 0b01011),
            failed(400, 0),
        ];
        let Some(result) = run(("", ""), &writes, stall) else {
            return;
        };
        let (frames, words) = result.expect("they agree");
        // Every register, and more words of those that have one a core.
        assert!(words > 20, "{words}");
        assert_eq!(frames.iter().sum::<u64>(), PACKETS as u64);
        let most = frames.iter().max().expect("there are cores");
        assert!(
            frames[2].abs_diff(*most) <= 1 && frames[4].abs_diff(*most) <= 1,
            "{frames:?}"
        );
        // 100 of five, 100 of four, 200 of two and 200 of five, about.
        for (core, about) in [(0, 85), (1, 85), (2, 185), (3, 60)] {
            assert!(frames[core].abs_diff(about) < 20, "{frames:?}");
        }
    }
}

#[test]
fn a_write_that_does_something_else_is_a_difference() {
    let to_active = (".s_axi_awaddr(awaddr)", ".s_axi_awaddr(awaddr ^ 12'h020)");
    let Some(result) = run(to_active, &[failed(100, 0b01000)], 0) else {
        return;
    };
    assert!(matches!(result, Err(Violation::Bytes(_))), "{result:?}");
    let nowhere = (".s_axi_awaddr(awaddr)", ".s_axi_awaddr(12'hffc)");
    let result = run(nowhere, &[failed(100, 0b01000)], 0).expect("it is here");
    assert!(matches!(result, Err(Violation::Bytes(_))), "{result:?}");
}

#[test]
fn a_register_that_reads_otherwise_or_does_not_answer_is_a_difference() {
    let wrong = (".m_axi_rdata(rdata)", ".m_axi_rdata(rdata ^ 32'h1)");
    let Some(result) = run(wrong, &[], 0) else {
        return;
    };
    let Err(Violation::Register {
        name,
        actual,
        expected,
        ..
    }) = result
    else {
        panic!("{result:?}");
    };
    assert_eq!((name, actual), ("ID", expected ^ 1));
    for (signal, offset_bytes) in [
        ("bvalid", map::FAILED.offset_bytes),
        ("rvalid", map::ID.offset_bytes),
    ] {
        let (from, to) = (
            format!(".m_axi_{signal}({signal})"),
            format!(".m_axi_{signal}(1'b0)"),
        );
        let result = run((&from, &to), &[failed(100, 1)], 0).expect("it is here");
        assert_eq!(
            result,
            Err(Violation::NoAnswer { offset_bytes }),
            "{signal}"
        );
    }
}
