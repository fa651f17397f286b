//! What replicas take of a processor, and the rate that cores keep up with.

use std::convert::Infallible;
use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use seqnic_spec::{Config, RawConfig, RawPrefix, RawSpray, SpecError};
use thiserror::Error;

use super::baselines::{
    Atomic, Bucketed, Buckets, Cell, Locked, Rss, RssPlusPlus, Shard, Shared, SharedCore,
};
use super::core::{Core, Delivery};
use super::frame::{FormatError, FrameFormat};
use super::metadata::Metadata;
use super::pace::{BusyWait, Load, Pace};
use super::program::Program;
use super::recovering::RecoveringReplica;
use super::replica::Replica;
use super::states::States;
use super::technique::{Technique, TechniqueError};
use crate::model::Sequencer;
use crate::scaling::{Costs, MOST_LOSS, Trial, loss_free_rate};
use crate::traffic::Packet;

/// How often a rate is tried: where others run on the machine too, the best trial counts.
const TRIES: usize = 3;

/// What cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MeasureError {
    /// There cannot be so many cores.
    #[error(transparent)]
    Cores(#[from] SpecError),
    /// The frames do not hold what the program needs.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The technique cannot be used with the program.
    #[error(transparent)]
    Technique(#[from] TechniqueError),
}

/// The frames of a sequencer, in memory.
#[derive(Debug)]
pub struct Frames {
    config: Config,
    bytes: Vec<u8>,
    frames: Vec<Frame>,
}

#[derive(Debug)]
struct Frame {
    core: usize,
    timestamp: u64,
    bytes: Range<usize>,
}

impl Frames {
    /// What the sequencer of a program sends to so many cores: rows oldest first, one for each other core, behind the
    /// number and the time of the packet.
    ///
    /// # Errors
    /// When there cannot be so many cores.
    pub fn new<P: Program>(packets: &[Packet], cores: usize) -> Result<Self, SpecError> {
        let config = Config::try_from(RawConfig {
            history: P::Meta::history(),
            prefix: RawPrefix {
                layout: Some("bpf-profile-numbered".into()),
                timestamp_bytes: Some(8),
                ..RawPrefix::default()
            },
            spray: RawSpray {
                cores: Some(cores as u64),
                ..RawSpray::default()
            },
            ..RawConfig::default()
        })?;
        let mut model = Sequencer::new(&config);
        let mut bytes = Vec::new();
        let frames = packets
            .iter()
            .map(|packet| {
                let start = bytes.len();
                let sprayed = model.process(&packet.data, packet.timestamp_ns, &mut bytes);
                Frame {
                    core: sprayed.core,
                    timestamp: packet.timestamp_ns,
                    bytes: start..bytes.len(),
                }
            })
            .collect();
        Ok(Self {
            config,
            bytes,
            frames,
        })
    }

    /// The configuration of the sequencer.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The frames for each core.
    pub fn deliveries(&self) -> Vec<Vec<Delivery<'_>>> {
        let mut deliveries = vec![Vec::new(); self.config.cores()];
        for (number, frame) in (1..).zip(&self.frames) {
            deliveries[frame.core].push(Delivery {
                number,
                timestamp: frame.timestamp,
                bytes: &self.bytes[frame.bytes.clone()],
            });
        }
        deliveries
    }
}

/// What a packet costs a replica of a program on this machine, where the dispatch takes `dispatch_ns`.
///
/// A single replica handles the frames of one core, first with no rows in front of its packets and then with some. The median
/// over short stretches counts, so that what interrupts them does not.
pub fn replica_costs<P: Program>(
    program: &P,
    packets: &[Packet],
    dispatch_ns: f64,
) -> Result<Costs, MeasureError> {
    /// The rows in front of a packet, the second time.
    const ROWS: usize = 8;
    let alone_ns = packet_ns(program, packets, 1)?;
    let with_rows_ns = packet_ns(program, packets, ROWS + 1)?;
    Ok(Costs {
        single_ns: dispatch_ns + alone_ns,
        dispatch_ns,
        row_ns: (with_rows_ns - alone_ns) / ROWS as f64,
    })
}

/// The median time that a replica takes for a packet, one of so many.
fn packet_ns<P: Program>(
    program: &P,
    packets: &[Packet],
    cores: usize,
) -> Result<f64, MeasureError> {
    const STRETCH: usize = 512;
    let frames = Frames::new::<P>(packets, cores)?;
    let format = FrameFormat::new::<P::Meta>(frames.config())?;
    let deliveries = frames.deliveries().swap_remove(0);
    let mut replica = Replica::new(program.clone(), &format);
    let mut stretches: Vec<f64> = deliveries
        .chunks(STRETCH)
        .map(|stretch| {
            let start = Instant::now();
            for delivery in stretch {
                black_box(replica.process(delivery.bytes));
            }
            start.elapsed().as_secs_f64() * 1e9 / stretch.len() as f64
        })
        .collect();
    stretches.sort_unstable_by(f64::total_cmp);
    let median = stretches.get(stretches.len() / 2);
    Ok(median.copied().unwrap_or(f64::NAN))
}

/// The rate that threads on this machine forward without loss, as section 4.1 of the paper measures it.
pub fn measured_rate<P: Program>(
    program: &P,
    technique: Technique,
    packets: &[Packet],
    cores: usize,
    dispatch: BusyWait,
) -> Result<Trial, MeasureError> {
    let in_turn = |delivery: &Delivery<'_>| (delivery.number - 1) as usize % cores;
    Ok(match technique {
        Technique::Scr | Technique::ScrWithRecovery => {
            let frames = Frames::new::<P>(packets, cores)?;
            let format = FrameFormat::new::<P::Meta>(frames.config())?;
            let deliveries = frames.deliveries();
            if technique == Technique::Scr {
                search(&deliveries, dispatch, || {
                    vec![Replica::new(program.clone(), &format); cores]
                })
            } else {
                // Frames are numbered, so that there are always replicas.
                search(&deliveries, dispatch, || {
                    RecoveringReplica::all(program, &format).unwrap_or_default()
                })
            }
        }
        Technique::SharedAtomics if P::PACKING.is_none() => {
            return Err(TechniqueError::LargeState { program: P::NAME }.into());
        }
        Technique::SharedAtomics => {
            let deliveries = spread(packets, cores, in_turn);
            search(&deliveries, dispatch, || {
                sharing::<P, Atomic>(program, cores)
            })
        }
        Technique::SharedLocks => {
            let deliveries = spread(packets, cores, in_turn);
            search(&deliveries, dispatch, || {
                sharing::<P, Locked<P::State>>(program, cores)
            })
        }
        Technique::Spray => {
            let deliveries = spread(packets, cores, in_turn);
            search(&deliveries, dispatch, || shards(program, cores))
        }
        Technique::Rss => {
            let rss = Rss::new::<P>(cores);
            let deliveries = spread(packets, cores, |delivery| {
                let meta = P::meta(delivery.bytes, delivery.timestamp);
                rss.steer(program, meta.as_ref())
            });
            search(&deliveries, dispatch, || shards(program, cores))
        }
        Technique::RssPlusPlus => {
            let buckets = || Buckets::new(program.clone(), cores);
            // Each packet is handled at once, so that a bucket moves as soon as it shall.
            let first = buckets();
            let mut core = Bucketed(first.clone());
            let mut steering = RssPlusPlus::new(first, cores);
            let deliveries = spread(packets, cores, |delivery| {
                let steered = steering.steer(delivery);
                core.poll(*delivery);
                steered
            });
            search(&deliveries, dispatch, || {
                let buckets = buckets();
                (0..cores).map(|_| Bucketed(buckets.clone())).collect()
            })
        }
    })
}

/// Cores that share all states.
fn sharing<P: Program, C: Cell<P>>(program: &P, cores: usize) -> Vec<SharedCore<P, C>> {
    let shared = Shared::<P, C>::new(program.clone());
    (0..cores).map(|_| SharedCore(shared.clone())).collect()
}

/// Cores that each have their own.
fn shards<P: Program>(program: &P, cores: usize) -> Vec<Shard<P>> {
    vec![Shard(States::new(program.clone())); cores]
}

/// The packets themselves, for the cores that they are steered to.
fn spread<'a>(
    packets: &'a [Packet],
    cores: usize,
    mut steer: impl FnMut(&Delivery<'a>) -> usize,
) -> Vec<Vec<Delivery<'a>>> {
    let mut deliveries = vec![Vec::new(); cores];
    for (number, packet) in (1..).zip(packets) {
        let delivery = Delivery {
            number,
            timestamp: packet.timestamp_ns,
            bytes: &packet.data,
        };
        deliveries[steer(&delivery)].push(delivery);
    }
    deliveries
}

fn search<C: Core>(
    deliveries: &[Vec<Delivery<'_>>],
    dispatch: BusyWait,
    mut cores: impl FnMut() -> Vec<C>,
) -> Trial {
    let mut run = |pace| Load { pace, dispatch }.run(cores(), deliveries);
    let most = run(Pace::Backlog).forwarded_mpps;
    // A little more than what the cores can do, since what others take of the machine differs from trial to trial.
    let found = loss_free_rate::<Infallible>(1.25 * most + 1.0, |mpps| {
        let mut best = run(Pace::Mpps(mpps));
        for _ in 1..TRIES {
            if best.loss < MOST_LOSS {
                break;
            }
            let again = run(Pace::Mpps(mpps));
            if again.loss < best.loss {
                best = again;
            }
        }
        Ok(best)
    });
    found.unwrap_or_else(|never| match never {})
}
