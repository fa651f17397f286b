//! A program on many cores, compared packet by packet with the same program on a single thread.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use thiserror::Error;

use super::baselines::{
    Atomic, Bucketed, Buckets, Cell, Locked, Rss, RssPlusPlus, Shard, Shared, SharedCore,
};
use super::core::{Core, Delivery, Verdicts, run};
use super::frame::{FormatError, FrameFormat};
use super::program::{Program, Verdict};
use super::recovering::RecoveringReplica;
use super::replica::{Counts, Replica};
use super::states::States;
use crate::traffic::Packet;

/// How a program is spread over cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Technique {
    /// State-compute replication: every core keeps all states and follows the history.
    Scr,
    /// The same with loss recovery.
    ScrWithRecovery,
    /// Packets are sprayed; cores share all states, each in an atomic word.
    SharedAtomics,
    /// Packets are sprayed; cores share all states, each behind a lock.
    SharedLocks,
    /// Flows are split among the cores by a hash.
    Rss,
    /// The same, and they move to other cores by load.
    RssPlusPlus,
    /// Packets are sprayed, and each core knows only of its own.
    Spray,
}

/// What comes to the cores.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The packets as they came to the sequencer.
    pub packets: &'a [Packet],
    /// For each packet the frame that the sequencer sent, and the core that it is for.
    pub frames: &'a [(usize, Vec<u8>)],
    /// For each packet whether its frame was lost on the way to the core.
    pub lost: &'a [bool],
}

/// How a program on many cores differs from one on a single thread, which saw the packets that any core received,
/// themselves or in a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The packets that a core received, each with a verdict.
    pub delivered: u64,
    /// The packets that no core received anything of.
    pub unseen: u64,
    /// The verdicts that differ.
    pub wrong_verdicts: u64,
    /// The first of them.
    pub first_wrong: Option<Wrong>,
    /// The keys whose state differs at the end: for each core where each keeps all states, otherwise together.
    pub wrong_states: Vec<u64>,
    /// The keys that there are.
    pub keys: u64,
    /// What all replicas met together; nothing with other techniques.
    pub counts: Counts,
    /// How often a bucket of flows went to another core.
    pub migrations: u64,
}

/// A verdict that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong {
    /// The number of the packet; the first one is 1.
    pub packet: u64,
    /// What a single thread says.
    pub expected: Verdict,
    /// What the core said.
    pub found: Verdict,
}

impl Technique {
    /// All techniques.
    pub const ALL: [Self; 7] = [
        Self::Scr,
        Self::ScrWithRecovery,
        Self::SharedAtomics,
        Self::SharedLocks,
        Self::Rss,
        Self::RssPlusPlus,
        Self::Spray,
    ];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scr => "scr",
            Self::ScrWithRecovery => "scr-with-recovery",
            Self::SharedAtomics => "shared-atomics",
            Self::SharedLocks => "shared-locks",
            Self::Rss => "rss",
            Self::RssPlusPlus => "rss++",
            Self::Spray => "spray",
        }
    }
}

impl Comparison {
    /// Whether every verdict and every state is that of a single thread.
    pub fn is_equal(&self) -> bool {
        self.wrong_verdicts == 0 && self.wrong_states.iter().all(|&wrong| wrong == 0)
    }
}

/// What the cores came to.
struct Done<P: Program> {
    verdicts: Verdicts,
    ends: Ends<P>,
    counts: Counts,
    migrations: u64,
}

/// The states that the cores ended with.
enum Ends<P: Program> {
    /// All of them on every core, with the number of the packet at which it ended.
    Replicas(Vec<(usize, States<P>)>),
    /// Each on one of them, or shared.
    Split(Vec<(P::Key, P::State)>),
}

/// What a technique lacks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TechniqueError {
    /// Packets are not numbered, so losses cannot be recovered.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The state is larger than an atomic word.
    #[error(
        "shared-atomics: the state of {program} does not fit into an atomic word; use shared-locks"
    )]
    LargeState {
        /// The name of the program.
        program: &'static str,
    },
}

/// Which of so many packets are lost when each is lost with this probability.
pub fn random_losses(packets: usize, probability: f64, seed: u64) -> Vec<bool> {
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    (0..packets).map(|_| rng.random_bool(probability)).collect()
}

/// Runs a program on as many cores as the frames are for, as threads.
///
/// # Errors
/// When the technique cannot be used with this program or these frames.
pub fn compare<P: Program>(
    program: &P,
    technique: Technique,
    format: &FrameFormat,
    input: Input<'_>,
) -> Result<Comparison, TechniqueError> {
    let job = Job {
        program,
        format,
        input,
    };
    let done = match technique {
        Technique::Scr => job.replicas(),
        Technique::ScrWithRecovery => job.recovering(RecoveringReplica::all(program, format)?),
        Technique::SharedAtomics => match P::PACKING {
            Some(_) => job.shared::<Atomic>(),
            None => return Err(TechniqueError::LargeState { program: P::NAME }),
        },
        Technique::SharedLocks => job.shared::<Locked<P::State>>(),
        Technique::Rss => {
            let rss = Rss::new::<P>(format.cores());
            job.shards(|delivery| {
                rss.steer(
                    program,
                    P::meta(delivery.bytes, delivery.timestamp).as_ref(),
                )
            })
        }
        Technique::RssPlusPlus => job.rss_plus_plus(),
        Technique::Spray => job.shards(|delivery| job.core_of(delivery)),
    };
    let rows = match technique {
        Technique::Scr | Technique::ScrWithRecovery => format.rows(),
        _ => 0,
    };
    Ok(job.judge(rows, done))
}

/// A program and what comes to its cores.
struct Job<'a, P> {
    program: &'a P,
    format: &'a FrameFormat,
    input: Input<'a>,
}

impl<'a, P: Program> Job<'a, P> {
    /// The sequencer's time of a packet.
    fn timestamp(&self, index: usize) -> u64 {
        let arrival = self.format.parse(&self.input.frames[index].1);
        arrival.map_or(0, |arrival| arrival.timestamp)
    }

    /// The core that the sequencer sent a packet to.
    fn core_of(&self, delivery: &Delivery<'_>) -> usize {
        self.input.frames[delivery.number as usize - 1].0
    }

    /// Runs cores on what was not lost: the frames with their prefix, or the packets themselves.
    fn run<C: Core>(
        &self,
        cores: Vec<C>,
        with_prefix: bool,
        steer: impl FnMut(&Delivery<'a>) -> usize,
    ) -> (Vec<C>, Verdicts) {
        let Input {
            packets,
            frames,
            lost,
        } = self.input;
        let delivery = |index: usize| Delivery {
            number: index as u64 + 1,
            timestamp: self.timestamp(index),
            bytes: match with_prefix {
                true => &frames[index].1,
                false => &packets[index].data,
            },
        };
        let arriving = (0..packets.len())
            .filter(|&index| !lost[index])
            .map(delivery);
        let (cores, verdicts): (Vec<C>, Vec<Verdicts>) =
            run(cores, arriving, steer).into_iter().unzip();
        (cores, verdicts.concat())
    }

    fn replicas(&self) -> Done<P> {
        let replicas = vec![Replica::new(self.program.clone(), self.format); self.format.cores()];
        let (replicas, verdicts) = self.run(replicas, true, |delivery| self.core_of(delivery));
        let Input { frames, lost, .. } = self.input;
        let is_its = |index: usize, core| frames[index].0 == core && !lost[index];
        let end = |core| {
            (0..frames.len())
                .rfind(|&index| is_its(index, core))
                .map_or(0, |last| last + 1)
        };
        Done {
            verdicts,
            counts: replicas
                .iter()
                .map(Replica::counts)
                .fold(Counts::default(), Counts::plus),
            ends: Ends::Replicas(
                (0..)
                    .map(end)
                    .zip(replicas.into_iter().map(Replica::into_states))
                    .collect(),
            ),
            migrations: 0,
        }
    }

    fn recovering(&self, replicas: Vec<RecoveringReplica<P>>) -> Done<P> {
        let (replicas, verdicts) = self.run(replicas, true, |delivery| self.core_of(delivery));
        let end = self
            .input
            .lost
            .iter()
            .rposition(|lost| !lost)
            .map_or(0, |last| last + 1);
        Done {
            verdicts,
            counts: replicas
                .iter()
                .map(RecoveringReplica::counts)
                .fold(Counts::default(), Counts::plus),
            ends: Ends::Replicas(
                replicas
                    .into_iter()
                    .map(|replica| (end, replica.into_states()))
                    .collect(),
            ),
            migrations: 0,
        }
    }

    fn shared<C: Cell<P>>(&self) -> Done<P> {
        let shared = Shared::<P, C>::new(self.program.clone());
        let cores = (0..self.format.cores())
            .map(|_| SharedCore(shared.clone()))
            .collect();
        let (_, verdicts) = self.run(cores, false, |delivery| self.core_of(delivery));
        Done::split(verdicts, shared.states())
    }

    fn shards(&self, steer: impl FnMut(&Delivery<'a>) -> usize) -> Done<P> {
        let cores = vec![Shard(States::new(self.program.clone())); self.format.cores()];
        let (cores, verdicts) = self.run(cores, false, steer);
        Done::split(
            verdicts,
            cores.into_iter().flat_map(|Shard(states)| states).collect(),
        )
    }

    fn rss_plus_plus(&self) -> Done<P> {
        let buckets = Buckets::new(self.program.clone(), self.format.cores());
        let mut steering = RssPlusPlus::new(buckets.clone(), self.format.cores());
        let cores = (0..self.format.cores())
            .map(|_| Bucketed(buckets.clone()))
            .collect();
        let (_, verdicts) = self.run(cores, false, |delivery| steering.steer(delivery));
        Done {
            migrations: steering.migrations(),
            ..Done::split(verdicts, buckets.states().into_iter().flatten().collect())
        }
    }

    /// Runs the program on a single thread, on what any core received with histories of so many rows, and compares.
    fn judge(&self, rows: usize, done: Done<P>) -> Comparison {
        let Input { packets, lost, .. } = self.input;
        let mut found = vec![None; packets.len()];
        for &(number, verdict) in &done.verdicts {
            found[number as usize - 1] = Some(verdict);
        }
        let mut comparison = Comparison {
            delivered: done.verdicts.len() as u64,
            unseen: 0,
            wrong_verdicts: 0,
            first_wrong: None,
            wrong_states: Vec::new(),
            keys: 0,
            counts: done.counts,
            migrations: done.migrations,
        };
        let replicas = match &done.ends {
            Ends::Replicas(replicas) => replicas.as_slice(),
            Ends::Split(_) => &[],
        };
        comparison.wrong_states = vec![0; replicas.len().max(1)];
        let mut states = States::new(self.program.clone());
        for (index, packet) in packets.iter().enumerate() {
            let last = packets.len().min(index + rows + 1);
            if lost[index..last].contains(&false) {
                let meta = P::meta(&packet.data, self.timestamp(index));
                let expected = states.handle(meta.as_ref());
                comparison.judge_verdict(index, expected, found[index]);
            } else {
                comparison.unseen += 1;
            }
            for (wrong, (_, ended)) in comparison
                .wrong_states
                .iter_mut()
                .zip(replicas)
                .filter(|(_, (end, _))| *end == index + 1)
            {
                *wrong = states.differing(ended.iter());
            }
        }
        if let Ends::Split(split) = &done.ends {
            comparison.wrong_states[0] =
                states.differing(split.iter().map(|(key, state)| (key, state)));
        }
        comparison.keys = states.len() as u64;
        comparison
    }
}

impl Comparison {
    fn judge_verdict(&mut self, index: usize, expected: Verdict, found: Option<Verdict>) {
        if let Some(found) = found.filter(|found| *found != expected) {
            self.wrong_verdicts += 1;
            self.first_wrong.get_or_insert(Wrong {
                packet: index as u64 + 1,
                expected,
                found,
            });
        }
    }
}

impl<P: Program> Done<P> {
    fn split(verdicts: Verdicts, states: Vec<(P::Key, P::State)>) -> Self {
        Self {
            verdicts,
            ends: Ends::Split(states),
            counts: Counts::default(),
            migrations: 0,
        }
    }
}
