//! How good the tests are: mutants of the design, and whether the in-process runs against the model notice them.
//!
//! A mutant is killed when a run differs from the model, breaks the protocol, stops, or no longer uses every
//! output cycle. What survives is either equivalent to the design or a gap in the tests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::rtl::mutate::{Mutation, mutant, mutations};
use seqnic_hdl::rtl::{Design, RtlError, Simulator};
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;

use crate::axis::Pause;
use crate::cosim::{Cosim, Options};
use crate::failure::Violation;

/// What mutants are made of: together these have every block, every kind of section and of steering, LUT RAM and
/// block RAM.
const SUBJECTS: [&str; 10] = [
    "bus.data_bits = 128\nhistory = { rows = 5, row = \"table2\" }\nspray.cores = 3",
    "bus.data_bits = 64\nhistory = { rows = 3, row = \"heavy-hitter\" }\nspray.cores = 4\npipeline.input_skid = true",
    "bus.data_bits = 1024\nhistory = { rows = 11, row = \"connection-tracker\" }\nspray.cores = 7",
    "bus.data_bits = 256\nhistory = { rows = 6, row = \"port-knocking\" }\nprefix.layout = \"bpf-profile-numbered\"\n\
     spray.cores = 7\npipeline.output_skid = false",
    "bus.data_bits = 64\nhistory = { rows = 3, row = \"token-bucket\" }\nprefix.layout = \"bpf-profile\"\nspray.cores = 4",
    "bus.data_bits = 128\nhistory = { rows = 5, row = \"heavy-hitter\", storage = \"block\" }\n\
     spray = { cores = 5, steering = \"vlan\", first_vid = 100 }",
    "bus.data_bits = 512\nhistory = { rows = 9, row = \"ddos-mitigator\" }\nspray.cores = 5\ntimestamp.source = \"port\"\n\
     prefix.section = [{kind = \"ethernet\"}, {kind = \"rows\", order = \"array\"}, {kind = \"timestamp\", bytes = 5}]",
    "bus = { data_bits = 128, tuser_bits = 48 }\nhistory = { rows = 4, storage = \"block\", field = [\
     {source = \"ethernet.destination\"}, {source = \"ethernet.source\"}, {source = \"timestamp\"}] }\n\
     prefix.section = [{kind = \"timestamp\"}, {kind = \"rows\", order = \"array\"}, {kind = \"sequence-number\"}, \
     {kind = \"index-pointer\", bytes = 1}, {kind = \"padding\", align_bytes = \"bus\"}]\n\
     spray = { cores = 3, steering = \"tuser\", tuser_offset_bits = 24, tuser_core_bits = 8, tuser_encoding = \"one-hot\" }",
    "bus.data_bits = 64\nhistory.row = \"none\"\nspray = { cores = 6, steering = \"tdest\" }",
    "bus.data_bits = 2048\nhistory = { rows = 2, field = [{source = \"ethernet.source\"}, {source = \"ethernet.ethertype\"}, \
     {source = \"vlan.tci\"}, {source = \"ports.destination\"}] }\nspray.cores = 3",
];

/// A design that mutants are made of.
pub struct Subject {
    /// The configuration.
    pub config: Config,
    /// The sequencer, or the stripper.
    pub design: Arc<Design>,
    is_stripper: bool,
}

/// A mutant, and what became of it.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What was changed.
    pub mutation: Mutation,
    /// The run that noticed, and what it said; none: it survived.
    pub killed_by: Option<String>,
}

/// One run that a mutant must survive to be a survivor.
struct Run {
    name: &'static str,
    stall: u8,
    idle: u8,
    kind: TraceKind,
    packets: usize,
    frame_bytes: Option<usize>,
    /// How often it is run, each time from another state before reset and with the packets that follow.
    seeds: u64,
    /// What went through before, until a reset cut it off; none: the state before reset is random.
    before: Option<TraceKind>,
}

/// Frames that come out before a reset cuts off the rest.
const FRAMES_BEFORE_RESET: usize = 4;

/// Short runs first: most mutants fall at once. The sparse run lets the design run empty again and again.
const RUNS: [Run; 11] = {
    const fn run(name: &'static str, pauses: (u8, u8), kind: TraceKind, packets: usize) -> Run {
        let (stall, idle) = pauses;
        Run {
            name,
            stall,
            idle,
            kind,
            packets,
            frame_bytes: None,
            seeds: 1,
            before: None,
        }
    }
    [
        run("random frames", (0, 0), TraceKind::Uniform, 60),
        Run {
            frame_bytes: Some(64),
            ..run("64-byte frames", (0, 0), TraceKind::Zipf, 100)
        },
        run("stalls", (40, 40), TraceKind::Uniform, 100),
        Run {
            frame_bytes: Some(1),
            ..run("1-byte frames", (0, 0), TraceKind::Uniform, 300)
        },
        run("conversations", (15, 15), TraceKind::Dctcp, 200),
        Run {
            seeds: 48,
            ..run("first frames", (0, 0), TraceKind::Headers, 3)
        },
        // Frames that end in their headers: those of the frames before must not be taken for theirs.
        Run {
            seeds: 48,
            before: Some(TraceKind::Headers),
            ..run("after a reset", (0, 0), TraceKind::Headers, 3)
        },
        run(
            "sparse frames into a slow sink",
            (70, 90),
            TraceKind::Uniform,
            60,
        ),
        run("sparse frames", (0, 97), TraceKind::Uniform, 60),
        // Longer than any queue, so that all of them fill.
        Run {
            frame_bytes: Some(9000),
            ..run(
                "jumbo frames into a slow sink",
                (60, 0),
                TraceKind::Uniform,
                4,
            )
        },
        Run {
            seeds: 3,
            ..run("headers", (0, 0), TraceKind::Headers, 4368)
        },
    ]
};

/// The designs that mutants are made of.
pub fn subjects() -> Result<Vec<Subject>, RtlError> {
    let mut subjects = Vec::new();
    for toml in SUBJECTS {
        let config = Config::from_toml_str(toml, "mutation.rs");
        let config = config.expect("the subjects are valid, as a test shows");
        let (sequencer, stripper) = (tops::sequencer(&config)?, tops::stripper(&config)?);
        subjects.push(Subject {
            config: config.clone(),
            design: sequencer,
            is_stripper: false,
        });
        subjects.push(Subject {
            config,
            design: stripper,
            is_stripper: true,
        });
    }
    Ok(subjects)
}

/// A sample of the mutations of all subjects; the second value is how many there are.
pub fn sample(subjects: &[Subject], count: usize, seed: u64) -> (Vec<(&Subject, Mutation)>, usize) {
    let of = |subject| move |mutation| (subject, mutation);
    let mut all: Vec<_> = subjects
        .iter()
        .flat_map(|subject| subject.mutations().into_iter().map(of(subject)))
        .collect();
    let possible = all.len();
    all.shuffle(&mut Pcg64Mcg::seed_from_u64(seed));
    all.truncate(count);
    (all, possible)
}

impl Subject {
    /// What tells it from the others, for people.
    pub fn name(&self) -> String {
        let config = &self.config;
        format!(
            "{} of {} bits, row {}, prefix {}",
            if self.is_stripper {
                "stripper"
            } else {
                "sequencer"
            },
            config.data_bits(),
            config.row().name(),
            config.prefix().name(),
        )
    }

    /// Every mutation of the design.
    pub fn mutations(&self) -> Vec<Mutation> {
        mutations(&self.design)
    }

    /// Runs a mutant until something notices it.
    pub fn judge(&self, mutation: &Mutation) -> Verdict {
        let design = mutant(&self.design, mutation);
        let noticed = RUNS.iter().find_map(|run| {
            // A mutant may also drive the engine or the bench into a panic: that is noticed too.
            let outcome = catch_unwind(AssertUnwindSafe(|| self.run(&design, run)));
            let said = outcome.unwrap_or_else(|_| Some("the run panicked".into()))?;
            Some(format!("{}: {said}", run.name))
        });
        Verdict {
            mutation: mutation.clone(),
            killed_by: noticed,
        }
    }

    /// Whether the design as it is passes every run; what it fails is said.
    pub fn passes(&self) -> Result<(), String> {
        RUNS.iter()
            .try_for_each(|run| match self.run(&self.design, run) {
                Some(said) => Err(format!("{}: {said}", run.name)),
                None => Ok(()),
            })
    }

    fn run(&self, design: &Arc<Design>, run: &Run) -> Option<String> {
        (1..=run.seeds).find_map(|seed| self.run_once(design, run, seed).err())
    }

    fn run_once(&self, design: &Arc<Design>, run: &Run, seed: u64) -> Result<(), String> {
        let packets = |spec: &TraceSpec| Trace::new(spec).map_err(|error| error.to_string());
        let options = Options {
            stall: Pause::Percent(run.stall),
            idle: Pause::Percent(run.idle),
            seed,
            ..Options::default()
        };
        let mut engine = Simulator::new(design, seed);
        if let Some(before) = run.before {
            let packets = packets(&TraceSpec::new(before, 4 * FRAMES_BEFORE_RESET, seed))?;
            engine = cut_off(self.cosim(engine, &options)?, packets)?;
        }
        let packets = packets(&TraceSpec {
            frame_bytes: run.frame_bytes,
            ..TraceSpec::new(run.kind, seed as usize * run.packets, seed)
        })?;
        // The arrangements of headers come in one order, whatever the seed: each run goes on where the one before ended.
        let before = (seed as usize - 1) * run.packets;
        let packets = packets.skip(before).take(run.packets);
        let report = self.cosim(engine, &options)?.run(packets);
        let report = report.map_err(|failure| summary(&failure.violation))?;
        let without_pauses = run.stall == 0 && run.idle == 0;
        match without_pauses && !self.is_stripper && report.output_bus_share() < 1.0 {
            true => Err(format!("output bus share {:.3}", report.output_bus_share())),
            false => Ok(()),
        }
    }

    fn cosim(&self, engine: Simulator, options: &Options) -> Result<Cosim<Simulator>, String> {
        let cosim = match self.is_stripper {
            true => Cosim::stripper(engine, &self.config, options.clone()),
            false => Cosim::new(engine, &self.config, options.clone()),
        };
        cosim.map_err(|error| error.to_string())
    }
}

/// Stops a run while frames are inside.
fn cut_off(
    mut cosim: Cosim<Simulator>,
    mut packets: impl Iterator<Item = Packet>,
) -> Result<Simulator, String> {
    for _ in 0..FRAMES_BEFORE_RESET {
        let frame = cosim.next_frame(&mut packets);
        frame.map_err(|failure| summary(&failure.violation))?;
    }
    Ok(cosim.into_engine())
}

fn summary(violation: &Violation) -> String {
    format!("{violation:?}")
        .chars()
        .take_while(|&letter| !"({ ".contains(letter))
        .collect()
}
