//! The files of a bench.

use std::fmt::Display;

use seqnic_spec::{Config, TimestampSource};

use super::recording::{Expectation, Fields, Lines, Recording};
use super::{BenchFile, FOLDER, Order};
use crate::cosim::{QUIET_CYCLES, patience_cycles};

/// The bench, with `@NAME@` where a value belongs. A line behind `?signal ` is for designs with that signal.
const TEMPLATE: &str = include_str!("bench.v");

/// Why a bench is a check although its expected times follow from the run of the design.
const COUNTER_NOTE: &str = "\
Times: the counter of the design says in which cycle a frame was accepted, and the pauses and the
depth of its queues decide that. The cycles of acceptance were recorded from a run of the same design
under these same pauses; everything in expected.hex, the times of these cycles too, was written by
the golden model, which has not seen what the design puts out. A design that accepts a frame in
another cycle, or counts otherwise, differs.";

/// All that the files are made of.
pub(super) struct Files<'a> {
    pub config: &'a Config,
    /// The name of the module.
    pub design: &'a str,
    pub order: &'a Order<'a>,
    pub fields: &'a Fields,
    pub sent: &'a Recording,
    pub expected: &'a Expectation,
    /// The lines that run it.
    pub commands: [&'a str; 2],
}

/// The lines, or one of zeros: a memory of Verilog has a word at least.
fn some(lines: &Lines) -> Lines {
    match lines.count {
        0 => Lines {
            text: "0\n".to_owned(),
            count: 1,
        },
        _ => lines.clone(),
    }
}

/// The name of the bench.
pub(super) fn top_module(config: &Config) -> String {
    format!("{}_bench", config.name())
}

/// The lines that run the bench of a configuration with Icarus and with Verilator, in the folder of the file list.
///
/// Delays in a bench need coroutines, and not every package of Verilator asks the compiler for them.
pub(super) fn commands(config: &Config, file_list: &str) -> (String, String) {
    let bench = top_module(config);
    let icarus = format!(
        "iverilog -g2001 -DSTOP_ON_FAIL -s {bench} -o {FOLDER}/{bench}.vvp -c {file_list} {FOLDER}/{bench}.v \
         && vvp -N {FOLDER}/{bench}.vvp"
    );
    let verilator = format!(
        "verilator --binary --timing -CFLAGS -std=c++20 -MAKEFLAGS -s -DSTOP_ON_FAIL --top-module {bench} \
         --Mdir {FOLDER}/verilator -o {bench} -f {file_list} {FOLDER}/{bench}.v && {FOLDER}/verilator/{bench}"
    );
    (icarus, verilator)
}

impl Files<'_> {
    /// The bench and its hex files.
    pub fn all(&self) -> Vec<BenchFile> {
        let Recording {
            beats,
            idle,
            stall,
            report_stall,
            ..
        } = self.sent;
        let hex = |name: &str, text: &str| BenchFile {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let mut files = vec![
            BenchFile {
                name: format!("{}.v", top_module(self.config)),
                text: self.bench(),
            },
            hex("stimulus.hex", &beats.text),
            hex("expected.hex", &self.expected.beats.text),
            hex("idle.hex", &idle.text),
            hex("stall.hex", &stall.text),
        ];
        if self.has("reports") {
            files.push(hex("reports.hex", &some(&self.expected.reports).text));
            files.push(hex("report_stall.hex", &report_stall.text));
        }
        files
    }

    fn bench(&self) -> String {
        let mut text = String::new();
        for line in TEMPLATE.lines() {
            let line = match line.strip_prefix('?').and_then(|line| line.split_once(' ')) {
                Some((signal, _)) if !self.has(signal) => continue,
                Some((_, line)) => line,
                None => line,
            };
            text += &(line.to_owned() + "\n");
        }
        for (name, value) in self.values() {
            text = text.replace(&format!("@{name}@"), &value);
        }
        text
    }

    fn has(&self, signal: &str) -> bool {
        let Fields {
            user_bits,
            dest_bits,
            time_bits,
            report_bits,
            ..
        } = *self.fields;
        match signal {
            "tuser" => user_bits > 0,
            "tdest" => dest_bits > 0,
            "timestamp" => time_bits > 0,
            "control" => self.config.has_control(),
            "reports" => report_bits > 0,
            "flowradar" => self.config.flowradar().is_some(),
            "int" => self.config.int().is_some() && report_bits > 0,
            _ => unreachable!("the template asks for `{signal}`"),
        }
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        let Fields {
            data_bits,
            user_bits,
            dest_bits,
            time_bits,
            report_bits,
        } = *self.fields;
        let Recording {
            beats,
            idle,
            swap_cycle,
            ..
        } = self.sent;
        let digits = |bits: usize| bits.next_multiple_of(4);
        let user_at = data_bits + data_bits / 8;
        let after_user = user_at + digits(user_bits);
        let value = |name, value: &dyn Display| (name, value.to_string());
        let watchdog = patience_cycles(self.config, self.order.options.idle);
        let watchdog = watchdog + self.expected.patience_cycles;
        // Never, where nothing is asked for.
        let swap_cycle = swap_cycle.unwrap_or(i32::MAX as usize);
        vec![
            value("HEADER", &self.header()),
            value("NAME", &self.config.name()),
            value("DESIGN", &self.design),
            value("DATA_BITS", &data_bits),
            value("USER_BITS", &user_bits),
            value("DEST_BITS", &dest_bits),
            value("USER_AT", &user_at),
            value("TIME_AT", &after_user),
            value("INPUT_LAST_AT", &(after_user + time_bits)),
            value("DEST_AT", &after_user),
            value("OUTPUT_LAST_AT", &(after_user + digits(dest_bits))),
            value("INPUT_BEATS", &beats.count),
            value("OUTPUT_BEATS", &self.expected.beats.count),
            value("REPORT_BITS", &report_bits),
            value("REPORT_BEATS", &self.expected.reports.count),
            value("REPORT_LINES", &some(&self.expected.reports).count),
            value("SWAP_CYCLE", &swap_cycle),
            value("PAUSE_LINES", &idle.count),
            value("QUIET_CYCLES", &QUIET_CYCLES),
            value("WATCHDOG_CYCLES", &watchdog),
        ]
    }

    /// The comment above the bench.
    fn header(&self) -> String {
        let (config, options) = (self.config, &self.order.options);
        let [icarus, verilator] = self.commands;
        let mut text = format!(
            "Generated by seqnic {} from the configuration below; do not edit.

Self-checking bench of {}. It plays stimulus.hex with the pauses of idle.hex and
stall.hex, compares every output beat with expected.hex, and prints `PASS: N beats`, or the
first difference and `FAIL`. Run it in the folder above this one:

  $ {icarus}
  $ {verilator}

STOP_ON_FAIL makes a failure an exit code. With -DWAVE (and --trace for Verilator) it writes
{FOLDER}/{}_bench.vcd. Cycles are counted from the release of reset, as in `seqnic cosim`.

Traffic: {}.
The source pauses in {} % of the cycles, the sink is not ready in {} %, seed {}.
",
            env!("CARGO_PKG_VERSION"),
            self.design,
            config.name(),
            self.order.traffic,
            options.idle.percent(),
            options.stall.percent(),
            options.seed,
        );
        let counts = matches!(config.timestamp(), TimestampSource::Counter { .. });
        if counts && config.uses_timestamp() {
            text += &format!("\n{COUNTER_NOTE}\n");
        }
        text += &format!("\n{}", config.to_toml());
        let lines = text.lines().map(|line| format!("// {line}"));
        let lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqnic_hdl::tops::sequencer;

    #[test]
    fn every_mark_of_the_template_is_filled_in() {
        let config = Config::from_toml_str(
            "bus.tuser_bits = 16\nspray = { cores = 4, steering = \"tdest\", control = true }",
            "test",
        );
        let (config, fields) = (
            config.expect("valid"),
            Fields {
                data_bits: 512,
                user_bits: 16,
                dest_bits: 2,
                time_bits: 64,
                report_bits: 0,
            },
        );
        let order = Order {
            options: crate::Options::default(),
            traffic: "none",
            file_list: "rtl.f",
        };
        let files = Files {
            config: &config,
            order: &order,
            fields: &fields,
            sent: &Recording::default(),
            design: "test_sequencer",
            expected: &Expectation::default(),
            commands: ["one", "two"],
        };
        let bench = files.bench();
        let marks = [
            "@A", "@B", "@D", "@H", "@I", "@N", "@O", "@P", "@Q", "@T", "@U", "@W", "\n?",
        ];
        assert_eq!(marks.iter().find(|mark| bench.contains(*mark)), None);
        for signal in ["m_axis_tuser", "m_axis_tdest", "timestamp"] {
            assert!(bench.contains(&format!(".{signal}({signal})")), "{signal}");
        }
        for port in sequencer(&config).expect("it is valid").ports() {
            assert!(bench.contains(&format!(".{}(", port.name)), "{}", port.name);
        }
    }
}
