//! `seqnic run`: a program on the cores behind the sequencer, against the same program on a single thread.

mod frames;
mod summary;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use seqnic_sim::host::programs::{ProgramKind, Visitor};
use seqnic_sim::host::{
    FormatError, FrameFormat, Input, Metadata, Program, Technique, compare, random_losses,
};
use seqnic_sim::traffic::Packet;
use seqnic_spec::{RawConfig, Source};

use crate::Outcome;
use crate::args::{ConfigArgs, TrafficArgs};
use crate::error::Error;
use crate::output::Output;
use summary::Summary;

/// The flags of `run`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The sequencer makes a frame of each packet; the cores, threads of their own, handle the frames. Every
verdict and the states of every core are compared with those of the same program on a single thread
that saw the packets which any core received, themselves or in a history.

Without --config the rows are those of the program, and a prefix preset gets what it lacks: the time
of the packet itself for a program that needs it, and sequence numbers with --loss.

Examples:
  seqnic run --program connection-tracker --cores 7 --from rtl --pcap examples/captures/tcp-loss.pcap
  seqnic run --program token-bucket --cores 14 --trace hadoop --packets 100000 --loss 0.01 --seed 3
  seqnic run --program ddos-mitigator --technique spray --cores 4 --trace zipf --packets 10000

Exit codes: 0 when every verdict and every state is right, 1 when one is not, 2 for bad input.")]
pub struct Args {
    /// The program
    #[arg(long, value_parser = programs(), help_heading = "Run")]
    program: ProgramKind,

    /// How it is spread over the cores: state-compute replication, or what that is compared with
    #[arg(long, value_enum, default_value_t = Spread::Scr, help_heading = "Run")]
    technique: Spread,

    #[command(flatten)]
    frames: frames::FrameArgs,

    /// Lose this share of the frames on the way to their cores, from 0 to 1; which ones follows from --seed
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share, help_heading = "Run")]
    loss: f64,

    /// Do not recover what is lost
    #[arg(long, help_heading = "Run")]
    no_recovery: bool,

    #[command(flatten)]
    traffic: TrafficArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// How a program is spread over cores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Spread {
    /// Every core keeps all states and follows the history; with sequence numbers it recovers losses
    Scr,
    /// Cores share the states, each an atomic word, for programs whose state is that small
    SharedAtomics,
    /// Cores share the states, each behind a lock
    SharedLocks,
    /// Flows are split among the cores by a hash
    Rss,
    /// The same, and flows move to other cores by load
    #[value(name = "rss++")]
    RssPlusPlus,
    /// Each core handles every so manieth packet and knows of no other
    Spray,
}

/// Runs the program; `again` is the part of the command line that a replay of the hardware needs.
pub fn run(args: &Args, again: String, output: &Output) -> Result<Outcome, Error> {
    args.program.visit(Run {
        args,
        again,
        output,
    })
}

/// A run of a program that is still to be chosen.
struct Run<'a> {
    args: &'a Args,
    again: String,
    output: &'a Output,
}

impl Visitor for Run<'_> {
    type Output = Result<Outcome, Error>;

    fn visit<P: Program>(self, program: P) -> Self::Output {
        let Self {
            args,
            again,
            output,
        } = self;
        let config = args
            .config
            .load_completed(|raw, has_file| complete::<P>(raw, has_file, args.loss > 0.0))?;
        let format = FrameFormat::new::<P::Meta>(&config)?;
        let technique = args.technique::<P>(&format)?;
        let traffic = args.traffic.traffic()?;
        let mut source = traffic.open("reading", output)?;
        let packets: Vec<Packet> = source.by_ref().collect();
        source.finish()?;
        let sent = match frames::make(
            &args.frames,
            &config,
            &packets,
            again,
            args.traffic.shape.seed,
        )? {
            Ok(sent) => sent,
            Err(difference) => {
                crate::output::report(&difference);
                return Ok(Outcome::Fails);
            }
        };
        let lost = random_losses(packets.len(), args.loss, args.traffic.shape.seed);
        let input = Input {
            packets: &packets,
            frames: &sent,
            lost: &lost,
        };
        let comparison = compare(&program, technique, &format, input)?;
        let is_equal = comparison.is_equal();
        output.show(&Summary::new::<P>(
            &config,
            technique,
            args.frames.from,
            &lost,
            comparison,
        ))?;
        Ok(if is_equal {
            Outcome::Holds
        } else {
            Outcome::Fails
        })
    }
}

impl Args {
    /// Losses are recovered where packets are numbered, unless that is not wanted. A program that reads nothing of a
    /// packet has nothing to recover.
    fn technique<P: Program>(&self, format: &FrameFormat) -> Result<Technique, FormatError> {
        let may_recover = P::Meta::BYTES > 0 && !self.no_recovery;
        if self.technique == Spread::Scr && self.loss > 0.0 && may_recover {
            format.require_numbers()?;
        }
        Ok(match self.technique {
            Spread::Scr if may_recover && format.number_mask().is_some() => {
                Technique::ScrWithRecovery
            }
            Spread::Scr => Technique::Scr,
            Spread::SharedAtomics => Technique::SharedAtomics,
            Spread::SharedLocks => Technique::SharedLocks,
            Spread::Rss => Technique::Rss,
            Spread::RssPlusPlus => Technique::RssPlusPlus,
            Spread::Spray => Technique::Spray,
        })
    }
}

/// Completes a configuration for a program: its rows, unless others are asked for, and in a preset what it lacks, unless
/// there is a file, which is taken as it is.
fn complete<P: Program>(raw: &mut RawConfig, has_file: bool, has_losses: bool) {
    if raw.history.row.is_none() && raw.history.field.is_none() {
        let history = P::Meta::history();
        (raw.history.row, raw.history.field) = (history.row, history.field);
    }
    if has_file || raw.prefix.section.is_some() {
        return;
    }
    if P::Meta::fields()
        .iter()
        .any(|field| field.source == Source::Timestamp)
    {
        raw.prefix.timestamp_bytes.get_or_insert(8);
    }
    if has_losses && raw.prefix.layout.as_deref() != Some("bpf-profile-numbered") {
        raw.prefix.sequence_bytes.get_or_insert(4);
    }
}

fn programs() -> impl TypedValueParser<Value = ProgramKind> {
    let names = ProgramKind::ALL.iter().map(|kind| kind.name());
    PossibleValuesParser::new(names).map(|name| {
        let kind = ProgramKind::ALL.iter().find(|kind| kind.name() == name);
        *kind.expect("only names of programs get here")
    })
}

/// A share of all packets.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("must be a number from 0 to 1, as in 0.01".to_owned()),
    }
}
