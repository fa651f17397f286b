//! The cosimulation next to benches in cocotb and a bare loop in C++: testbench/compare-cocotb.

use std::fs;
use std::process::Command;

use miette::{IntoDiagnostic, Result, WrapErr, miette};

use crate::command::{cargo, command, output, root, run};
use crate::environment::{Environment, Problem, quietly};
use crate::setup::{self, setup};

/// The environment of cocotb, on top of the Verilator that everything else uses.
pub const TOOLS: Environment = Environment {
    requirements: "testbench/compare-cocotb/requirements.txt",
    folder: "target/tools-cocotb",
};

const CONFIG: &str = "examples/table2-16.toml";
const FOLDER: &str = "target/compare-cocotb";

/// A bench: what it calls itself, what it is, and how many packets it plays. Each takes some seconds.
struct Bench {
    name: &'static str,
    what: &'static str,
    packets: u64,
}

const STOCK: Bench = Bench {
    name: "stock",
    what: "cocotb, `AxiStreamSource` and `AxiStreamSink` of cocotbext-axi",
    packets: 400,
};

const HAND_WRITTEN: Bench = Bench {
    name: "hand_written",
    what: "cocotb, written by hand",
    packets: 10_000,
};

const COSIM: Bench = Bench {
    name: "cosimulation with scoreboard",
    what: "seqnic, with golden model and scoreboard",
    packets: 2_000_000,
};

/// It is run together with the cosimulation, and so with the same packets.
const BARE: Bench = Bench {
    name: "bare loop in C++",
    what: "C++ that only drives and collects",
    packets: COSIM.packets,
};

/// How fast a bench is.
#[derive(Debug, PartialEq)]
struct Rates {
    packets_per_second: f64,
    cycles_per_second: f64,
}

/// Builds and runs all benches and prints a table.
pub fn compare_cocotb() -> Result<()> {
    let verilator = setup()?;
    if !TOOLS.is_current() {
        TOOLS.install(|| {
            let imports = ["-c", "import cocotb_tools.runner, cocotbext.axi"];
            quietly(python().args(imports))
                .map_err(|reason| Problem::Broken(miette!("cocotb does not start: {reason}")))
        })?;
    }
    fs::create_dir_all(root().join(FOLDER))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot make {FOLDER}"))?;
    let (sent, expected) = (
        format!("{FOLDER}/sent.pcap"),
        format!("{FOLDER}/expected.pcap"),
    );

    println!("==> seqnic and C++");
    let example = ["run", "--release", "-p", "seqnic-verilator"];
    let mut speed = cargo(&example);
    speed
        .args(["--example", "speed", "--", &COSIM.packets.to_string()])
        .arg(&sent)
        .env("SEQNIC_VERILATOR", &verilator);
    let mut printed = output(&mut speed)?;

    println!("==> cocotb");
    let seqnic = |arguments: &[&str]| {
        let mut seqnic = cargo(&["run", "--release", "--quiet", "--"]);
        run(seqnic.args(arguments).args(["--config", CONFIG]))
    };
    seqnic(&["emit", "verilog", "--out", FOLDER])?;
    seqnic(&["cosim", "--pcap", &sent, "--out-pcap", &expected])?;
    let mut benches = python();
    benches
        .args(["testbench/compare-cocotb/run.py", FOLDER])
        .arg(&verilator);
    for bench in [&STOCK, &HAND_WRITTEN] {
        benches.arg(format!("{}={}", bench.name, bench.packets));
    }
    printed += &output(&mut benches)?;

    println!("==> what came out\n");
    println!("{}\n\n{}", versions()?, table(&printed)?);
    Ok(())
}

fn python() -> Command {
    command(TOOLS.programs().join("python"))
}

/// The versions that the figures depend on.
fn versions() -> Result<String> {
    let pins = [setup::TOOLS.pins()?, TOOLS.pins()?].concat();
    let named: Vec<_> = pins
        .iter()
        .filter(|(name, _)| ["verilator", "cocotb", "cocotbext-axi"].contains(&&name[..]))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let python = output(python().arg("--version"))?;
    Ok(format!("{}, {}", named.join(", "), python.trim()))
}

/// A table of all benches, from the lines that they print.
fn table(printed: &str) -> Result<String> {
    let find = |bench: &Bench| {
        rates(printed, bench.name).ok_or_else(|| miette!("no rates of `{}`", bench.name))
    };
    let (stock, hand_written) = (find(&STOCK)?, find(&HAND_WRITTEN)?);
    let mut table = "\
| bench | packets | packets/s | cycles/s | to cocotb by hand | to cocotbext-axi |
|---|---:|---:|---:|---:|---:|"
        .to_owned();
    for bench in [&STOCK, &HAND_WRITTEN, &COSIM, &BARE] {
        let Rates {
            packets_per_second,
            cycles_per_second,
        } = find(bench)?;
        let to = |other: &Rates| packets_per_second / other.packets_per_second;
        table += &format!(
            "\n| {} | {} | {packets_per_second:.0} | {cycles_per_second:.0} | {:.2} | {:.1} |",
            bench.what,
            bench.packets,
            to(&hand_written),
            to(&stock),
        );
    }
    Ok(table)
}

/// The rates in the line `NAME 98 packets/s 835 cycles/s`.
fn rates(printed: &str, name: &str) -> Option<Rates> {
    let rest = printed.lines().find_map(|line| line.strip_prefix(name))?;
    let words: Vec<_> = rest.split_whitespace().collect();
    let &[packets, "packets/s", cycles, "cycles/s", ..] = &words[..] else {
        return None;
    };
    Some(Rates {
        packets_per_second: packets.parse().ok()?,
        cycles_per_second: cycles.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "\
stock                            98.0 packets/s        835 cycles/s
hand_written                   4900 packets/s      42000 cycles/s
runtime and a first model, built and loaded: 20.00 s
cosimulation with scoreboard    490000 packets/s    4200000 cycles/s
bare loop in C++                980000 packets/s    8400000 cycles/s
ratio 0.500
";

    #[test]
    fn ratios_are_of_packets_per_second() -> Result<()> {
        let table = table(PRINTED)?;
        let cosim = table.lines().nth(4).unwrap_or_default();
        assert_eq!(
            cosim,
            "| seqnic, with golden model and scoreboard | 2000000 | 490000 | 4200000 | 100.00 | 5000.0 |"
        );
        Ok(())
    }

    #[test]
    fn a_bench_without_rates_is_an_error() {
        let error = table(&PRINTED.replace("4900 packets/s", "4900")).map_err(|e| e.to_string());
        assert_eq!(error, Err("no rates of `hand_written`".to_owned()));
    }
}
