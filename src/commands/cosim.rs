//! `seqnic cosim`: the generated hardware against the golden model.

mod captures;
mod host;
mod p4;
mod refusals;
mod round_trip;
mod summary;
pub mod upstream;
mod wave;

use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use clap::{ValueEnum, value_parser};
use seqnic_hdl::rtl::{Design, Simulator, Verilog};
use seqnic_hdl::tops;
use seqnic_netfpga::Host;
use seqnic_spec::Config;
use seqnic_testbench::axis::{Pause, PortError};
use seqnic_testbench::{Cosim, Options, RegisterWrite, engine};
use seqnic_verilator::{Initial, Lockstep, Model, Toolchain, VerilatorEngine};

use crate::Outcome;
use crate::args::{
    ChangeArgs, ConfigArgs, HostArgs, Packets, ReportArgs, TofinoArgs, Traffic, TrafficArgs,
};
use crate::error::Error;
use crate::output::{self, Output};
use captures::Captures;
use host::HostOracle;
use summary::{Difference, Mode, Summary};

/// The flags of `cosim`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The hardware runs cycle by cycle. Every frame that comes out is compared with the golden model's,
byte for byte, and both streams with the rules of AXI4-Stream. Equal flags give equal runs.

Examples:
  seqnic cosim --config examples/conntrack.toml --pcap examples/captures/tcp-loss.pcap
  seqnic cosim --config examples/conntrack.toml --trace dctcp --packets 100000 --json
  seqnic cosim --rows 64 --cores 64 --trace uniform --packets 5000 --stall 30 --idle 30 --seed 7
  seqnic cosim --config my.toml --pcap my.pcap --wave difference.vcd
  seqnic cosim --host netfpga-plus --config examples/conntrack-7.toml --pcap examples/captures/tcp-loss.pcap
  seqnic cosim --engine p4 --config examples/portknock-22.toml --pcap examples/captures/tcp-loss.pcap

Exit codes: 0 when hardware and model agree, 1 when they differ, 2 for bad input.")]
pub struct Args {
    #[command(flatten)]
    traffic: TrafficArgs,

    /// What runs the hardware [default: builtin; with --host verilator, the one that runs what is around the core too]
    #[arg(long, value_enum, help_heading = "Run")]
    engine: Option<Engine>,

    /// In how many percent of the cycles the sink is not ready, up to 99
    #[arg(long, value_name = "PERCENT", default_value_t = 0, help_heading = "Run",
          value_parser = value_parser!(u8).range(..=99))]
    stall: u8,

    /// In how many percent of the cycles the source pauses, up to 99
    #[arg(long, value_name = "PERCENT", default_value_t = 0, help_heading = "Run",
          value_parser = value_parser!(u8).range(..=99))]
    idle: u8,

    /// Run the stripper instead: the packets are those of a sequencer, as --out-pcap or
    /// `seqnic model` writes them
    #[arg(long, help_heading = "Run", conflicts_with_all = ["round_trip", "host"])]
    strip: bool,

    /// Run the sequencer and behind it the stripper, and compare what comes back with what was sent
    #[arg(long, help_heading = "Run", conflicts_with_all = ["out_pcap", "wave", "host"])]
    round_trip: bool,

    /// An INT transit hop or sink: let the packets pass a source and N - 1 hops first, so that they have headers; 0
    /// takes them as they are [default: 2]
    #[arg(long, value_name = "N", help_heading = "Run", value_parser = value_parser!(u8).range(..=16))]
    upstream: Option<u8>,

    /// Write what comes out as a capture, unless there is a difference; packets keep their
    /// timestamps
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    out_pcap: Option<PathBuf>,

    /// Write a waveform with every signal (VCD, with `--engine verilator` FST): of the cycles around
    /// the first difference, or of the last cycles when there is none
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    wave: Option<PathBuf>,

    /// Show these cycles in the waveform instead, FROM up to and without TO, counted from reset
    #[arg(long, value_name = "FROM:TO", value_parser = wave::cycles, help_heading = "Run",
          requires = "wave")]
    wave_window: Option<Range<u64>>,

    #[command(flatten)]
    reports: ReportArgs,

    #[command(flatten)]
    host: HostArgs,

    #[command(flatten)]
    changes: ChangeArgs,

    #[command(flatten)]
    tofino: TofinoArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// What a failure's command line does not repeat, or gives itself.
pub const NOT_REPLAYED: [&str; 7] = [
    "seed",
    "stall",
    "idle",
    "out_pcap",
    "reports",
    "wave",
    "wave_window",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// The simulator in this program
    Builtin,
    /// The emitted Verilog, compiled by Verilator (see `seqnic doctor`)
    Verilator,
    /// Both side by side: every output port is compared in every cycle
    Both,
    /// The programs for Tofino and for BMv2, interpreted; packets have no clock there
    P4,
}

/// Runs the hardware; `again` is the part of the command line that a replay needs.
pub fn run(args: &Args, again: String, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    let traffic = args.traffic.traffic()?;
    args.check_outputs(&traffic)?;
    match config.int() {
        Some(node) => args.only_for_sequencer(node.role())?,
        None if args.upstream.is_some() => {
            return Err(Error::new(
                "--upstream: means nothing without an INT node; remove it, or add [int] to the configuration",
            ));
        }
        None => {}
    }
    match (args.engine(), args.tofino.given()) {
        (Engine::P4, _) => return p4::run(args, &config, &traffic, output),
        (_, Some(flag)) => {
            return Err(Error::new(format!(
                "{flag}: means something only with --engine p4; remove it"
            )));
        }
        (_, None) => {}
    }
    let options = Options {
        stall: Pause::Percent(args.stall),
        idle: Pause::Percent(args.idle),
        seed: args.traffic.shape.seed,
        arguments: again,
    };
    let host = args.host.of(&config)?;
    let writes = args.changes.writes(&config)?;
    if !writes.is_empty() && args.engine() != Engine::Verilator {
        return Err(Error::new(
            "--fail: only the datapath has a master for its registers; take --engine away",
        ));
    }
    let run = Run {
        args,
        writes,
        config: host.as_ref().map_or(&config, |host| host.config()),
        host: host.clone(),
        engine: args.engine(),
        traffic: &traffic,
        options,
        output,
    };
    let summary = match args.round_trip {
        true => run.round_trip()?,
        false => run.alone()?,
    };
    output.show(&summary)?;
    match summary.difference() {
        None => Ok(Outcome::Holds),
        Some(difference) => {
            if !output.is_json() {
                output::report(&difference.text);
                if args.wave.is_none() && !args.round_trip {
                    output::report("to see it as a waveform, add --wave FILE");
                }
            }
            Ok(Outcome::Fails)
        }
    }
}

impl Args {
    /// The packets as they come from the INT nodes in front, and how many have got a header.
    fn upstream(
        &self,
        config: &Config,
        packets: Packets,
    ) -> Result<(Packets, Option<upstream::Count>), Error> {
        let seed = self.traffic.shape.seed;
        upstream::in_front(config, packets, self.upstream, seed)
    }

    fn engine(&self) -> Engine {
        self.engine.unwrap_or(match self.host.host {
            None => Engine::Builtin,
            Some(_) => Engine::Verilator,
        })
    }
}

/// A run with everything that it follows from.
struct Run<'a> {
    args: &'a Args,
    config: &'a Config,
    host: Option<Rc<dyn Host>>,
    writes: Vec<RegisterWrite>,
    engine: Engine,
    traffic: &'a Traffic,
    options: Options,
    output: &'a Output,
}

/// What is run, for both kinds of engine.
struct Hardware {
    /// For the engine in this process.
    design: Arc<Design>,
    /// For Verilator, if it is more than the design.
    around: Option<Verilog>,
}

impl Hardware {
    fn verilog(&self) -> Verilog {
        let around = self.around.clone();
        around.unwrap_or_else(|| Verilog::of(&self.design))
    }
}

impl<'a> Run<'a> {
    fn builtin(&self, design: &Arc<Design>) -> Simulator {
        Simulator::new(design, self.options.seed)
    }

    /// What reset leaves undefined starts with random bits, as in the simulator of this program.
    fn initial(&self) -> Initial {
        Initial::Random(self.options.seed)
    }

    fn verilator(&self, design: &Arc<Design>) -> Result<VerilatorEngine, Error> {
        let toolchain = Toolchain::find()?;
        Ok(VerilatorEngine::build(&toolchain, design, self.initial())?)
    }

    /// The sequencer, alone or in a host, the stripper, or the INT node.
    fn alone(&self) -> Result<Summary<'a>, Error> {
        let (design, around) = match &self.host {
            Some(host) => (host.stream()?, Some(host.datapath()?)),
            None if self.args.strip => (tops::stripper(self.config)?, None),
            None => (tops::top(self.config)?, None),
        };
        self.hardware(&Hardware { design, around })
    }

    /// Hardware that should be the sequencer or the stripper of the configuration.
    fn hardware(&self, hardware: &Hardware) -> Result<Summary<'a>, Error> {
        let design = &hardware.design;
        match self.engine {
            Engine::Builtin => self.simulate(hardware, self.builtin(design), |_| None),
            Engine::Verilator => {
                let model = Model::of(&Toolchain::find()?, &hardware.verilog())?;
                let engine = VerilatorEngine::new(&model, self.initial())?;
                self.simulate(hardware, engine, |_| None)
            }
            Engine::P4 => Err(Error::new("--engine p4: runs no hardware")),
            Engine::Both => {
                let both = Lockstep::build(&Toolchain::find()?, design, self.options.seed)?;
                self.simulate(hardware, both, |both| {
                    both.difference().map(ToString::to_string)
                })
            }
        }
    }

    /// The packets, from the first one on.
    fn packets(&self, what: &'static str) -> Result<Packets, Error> {
        let packets = self.traffic.open(what, self.output)?;
        let most = self
            .host
            .as_deref()
            .and_then(|host| self.args.host.most_frame_bytes(host));
        Ok(packets.at_most(most.unwrap_or(usize::MAX)))
    }

    /// Runs hardware on an engine; `engines_differ` is what the engine itself has to say.
    fn simulate<E: engine::Engine>(
        &self,
        hardware: &Hardware,
        engine: E,
        engines_differ: impl Fn(&E) -> Option<String>,
    ) -> Result<Summary<'a>, Error> {
        let packets = self.packets("simulating")?;
        let (mut packets, headers) = self.args.upstream(self.config, packets)?;
        let mut captures = Captures::create(self.args, self.config)?;
        let mut cosim = self.cosim(engine, self.config, self.options.clone())?;
        if captures.want_reports() {
            cosim = cosim.with_reports();
        }
        let mut registers = 0;
        let failure = loop {
            let frame = match cosim.next_frame(&mut packets) {
                Ok(Some(frame)) => frame,
                Ok(None) => match cosim.compare_registers(self.config) {
                    Ok(words) => {
                        registers = words;
                        break None;
                    }
                    Err(failure) => break Some(failure),
                },
                Err(failure) => break Some(failure),
            };
            captures.frame(frame.timestamp_ns, frame.bytes)?;
            captures.reports(cosim.take_reports())?;
        };
        let report = cosim.report();
        if let (None, left @ 1..) = (&failure, cosim.writes_left()) {
            packets.finish()?;
            return Err(Error::new(format!(
                "--fail: {left} changes come after the last of {} frames; let them come earlier",
                report.frames_in
            )));
        }
        let differ = engines_differ(cosim.engine()).map(Difference::between_engines);
        if failure.is_none() && differ.is_none() {
            packets.finish()?;
            captures.reports(cosim.take_reports())?;
            captures.finish()?;
        }
        let wave = self.wave(hardware, &report, failure.as_deref())?;
        Ok(self
            .summary()
            .with_figures(&report)
            .with_headers(headers.map(|headers| headers.get()))
            .with_registers(registers, self.writes.len())
            .with_wave(wave)
            .with_difference(differ.or(failure.map(|failure| Difference::from(*failure)))))
    }

    /// An engine with everything around it.
    fn cosim<E: engine::Engine>(
        &self,
        mut engine: E,
        config: &Config,
        options: Options,
    ) -> Result<Cosim<E>, PortError> {
        let Some(host) = &self.host else {
            return match self.args.strip {
                true => Cosim::stripper(engine, config, options),
                false => Cosim::new(engine, config, options),
            };
        };
        for (name, value) in host.constants() {
            if let Some(port) = engine.port(name) {
                engine.set(port, &[value]);
            }
        }
        let in_datapath = matches!(self.engine, Engine::Verilator);
        let oracle = Box::new(HostOracle::new(host.clone(), in_datapath));
        let cosim = Cosim::with_oracle(engine, config, options, oracle)?;
        let cosim = cosim.with_tuser(host::tuser_in(host.clone()));
        Ok(match self.writes.is_empty() {
            true => cosim,
            false => cosim.with_writes(self.writes.iter().copied()),
        })
    }

    fn summary(&self) -> Summary<'a> {
        let mode = match (self.args.strip, self.args.round_trip) {
            (true, _) => Mode::Strip,
            (_, true) => Mode::RoundTrip,
            _ if self.config.int().is_some() => Mode::IntNode,
            _ => Mode::Sequence,
        };
        Summary::new(self.config, &self.options, mode)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches};

    use super::*;

    /// Runs the design of a configuration with another destination address than the model has.
    fn differing_run(flags: &[&str], check: impl FnOnce(&Summary<'_>)) {
        let line = ["cosim", "--trace", "uniform", "--packets", "9"];
        let line = line.iter().chain(flags);
        let matches = Args::augment_args(Command::new("cosim")).get_matches_from(line);
        let args = Args::from_arg_matches(&matches).expect("valid");
        let config = |toml: &str| Config::from_toml_str(toml, "test").expect("valid");
        let other = config("prefix.destination = \"02:00:00:00:00:07\"");
        let design = tops::sequencer(&other).expect("builds");
        let run = Run {
            args: &args,
            config: &config("prefix.destination = \"02:00:00:00:00:06\""),
            host: None,
            writes: Vec::new(),
            engine: Engine::Builtin,
            traffic: &args.traffic.traffic().expect("valid"),
            options: Options::default(),
            output: &Output::new(false, true),
        };
        let hardware = Hardware {
            design,
            around: None,
        };
        check(&run.hardware(&hardware).expect("runs"));
    }

    #[test]
    fn a_difference_is_reported_and_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let (wave, pcap) = (folder.path().join("d.vcd"), folder.path().join("o.pcap"));
        let paths = [&wave, &pcap].map(|path| path.to_str().expect("plain"));
        differing_run(&["--wave", paths[0], "--out-pcap", paths[1]], |summary| {
            let difference = summary.difference().expect("they differ");
            assert!(
                difference
                    .text
                    .starts_with("output frame 0, beat 0, cycle "),
                "{}",
                difference.text
            );
            assert!(difference.text.contains("byte 5 is 07, the model has 06"));
            assert!(summary.to_string().ends_with("\nRTL and model differ."));
            let json = serde_json::to_value(summary).expect("plain data");
            assert_eq!(json["agree"], false);
            assert_eq!(json["difference"]["frame"], 0);
            assert_eq!(json["frames_out"], 0);
            assert!(json["wave"]["to"].as_u64() > json["difference"]["cycle"].as_u64());
        });
        let vcd = std::fs::read_to_string(&wave).expect("is written");
        assert!(vcd.contains("m_axis_tvalid"));
        assert!(!pcap.exists(), "a capture of a run that differs");
    }
}
