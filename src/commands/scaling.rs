//! `seqnic scaling`: how throughput grows with cores.

mod figures;
mod study;

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use clap::value_parser;
use seqnic_sim::host::programs::ProgramKind;
use seqnic_sim::scaling::TABLE4;
use seqnic_sim::traffic::TraceKind;
use serde::Serialize;

use crate::Outcome;
use crate::args::kinds;
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::Output;
use study::{BACKBONE, DATA_CENTER, HYPERSCALER, Measured, Point, RECOVERY_FIGURE, Study};

/// The flags of `scaling`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Measured are replicas on one and on two threads of this machine: the highest rate with a loss under 4 %, found by halving
down to 0.4 million packets/s, with a busy wait as the dispatch. Everything else is simulated, with the costs of the paper's
Table 4, and is called so: docs/scaling.md says how.

Examples:
  seqnic scaling
  seqnic scaling --trace hadoop --dispatch-ns 0
  seqnic scaling --figures build/figures

Exit codes: 0, or 2 for bad input.")]
pub struct Args {
    /// The traffic that is measured [default: vl2, and dctcp for the connection tracker]
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    trace: Option<TraceKind>,

    /// The packets that are measured
    #[arg(long, value_name = "N", default_value_t = 400_000,
          value_parser = value_parser!(u32).range(50_000..=4_000_000))]
    packets: u32,

    /// What traffic follows from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// What the dispatch of a packet takes, in nanoseconds [default: d of the paper's Table 4]
    #[arg(long, value_name = "NS", value_parser = value_parser!(u32).range(..=10_000))]
    dispatch_ns: Option<u32>,

    /// Simulate figures 6, 7, 10 (b) and 11 of the paper too, and write them as SVG, and all points as CSV
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

/// The figures of each program but for figure 11, and their traffic.
const COMPARED: &[(&str, TraceKind)] = &[("6", DATA_CENTER), ("6", BACKBONE)];
const COMPARED_WITH_LOSS: &[(&str, TraceKind)] = &[
    ("6", DATA_CENTER),
    ("6", BACKBONE),
    (RECOVERY_FIGURE, DATA_CENTER),
];
const TRACKED: &[(&str, TraceKind)] = &[("7", HYPERSCALER)];
const FIGURES: [&str; 4] = ["6", "7", RECOVERY_FIGURE, "11"];

/// Measures, and simulates when figures are asked for.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    if let Some(folder) = &args.figures {
        files::create_folder_for("--figures", folder)?;
    }
    let bar = output.steps("measuring", TABLE4.len() as u64);
    let mut measured = Vec::new();
    let mut points = Vec::new();
    for line in &TABLE4 {
        let Some(program) = ProgramKind::ALL
            .iter()
            .find(|kind| kind.name() == line.program)
        else {
            continue; // all of the table are there, as a test of the table says
        };
        let (figures, trace) = match program {
            ProgramKind::ConnectionTracker => (TRACKED, HYPERSCALER),
            ProgramKind::PortKnocking => (COMPARED_WITH_LOSS, DATA_CENTER),
            _ => (COMPARED, DATA_CENTER),
        };
        let study = Study {
            line,
            trace: args.trace.unwrap_or(trace),
            packets: args.packets as usize,
            seed: args.seed,
            dispatch_ns: args.dispatch_ns.map_or(line.costs.dispatch_ns, f64::from),
            figures: if args.figures.is_some() { figures } else { &[] },
        };
        let (of_program, more) = program.visit(study)?;
        measured.push(of_program);
        points.extend(more);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(folder) = &args.figures {
        write(folder, &points)?;
    }
    output.show(&Summary {
        slopes: figures::slopes(&points),
        measured,
        points,
        figures: args.figures.as_deref(),
    })?;
    Ok(Outcome::Holds)
}

fn write(folder: &Path, points: &[Point]) -> Result<(), Error> {
    let mut set = FileSet::default();
    for figure in FIGURES {
        let svg = figures::svg(points, figure).map_err(Error::new)?;
        set.add(&folder.join(format!("figure-{figure}.svg")), &svg)?;
    }
    set.add(&folder.join("points.csv"), &figures::csv(points))?;
    set.add(&folder.join("slopes.md"), &figures::slopes(points))?;
    set.commit()
}

/// What was measured, and all points.
#[derive(Serialize)]
struct Summary<'a> {
    measured: Vec<Measured>,
    points: Vec<Point>,
    #[serde(skip)]
    slopes: String,
    figures: Option<&'a Path>,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "measured here: ns a packet, million packets/s by the number of replicas\n\n\
             {:<20}{:<9}{:>6}{:>8}{:>8}{:>9}{:>9}{:>9}{:>8}",
            "program", "trace", "d", "c1", "c2", "1, d=0", "1", "2", "2 : 1"
        )?;
        for measured in &self.measured {
            let [one, two] = measured.mpps;
            writeln!(
                f,
                "{:<20}{:<9}{:>6.0}{:>8.1}{:>8.1}{:>9.2}{:>9.2}{:>9.2}{:>8.2}",
                measured.program,
                measured.trace,
                measured.dispatch_ns,
                measured.program_ns,
                measured.row_ns,
                measured.no_dispatch_mpps,
                one,
                two,
                two / one,
            )?;
        }
        write!(
            f,
            "\nmillion packets/s that a core more brings: the second, and on average up to the paper's most\n\n{}",
            self.slopes.trim_end()
        )?;
        match self.figures {
            Some(folder) => write!(f, "\n\nwrote figures to {}", folder.display()),
            None => Ok(()),
        }
    }
}
