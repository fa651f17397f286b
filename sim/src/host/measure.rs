//! What replicas take of a processor, and the rate that cores keep up with.

use std::convert::Infallible;
use std::hint::black_box;
use std::ops::Range;
use std::time::Instant;

use seqnic_spec::{Config, RawConfig, RawPrefix, RawSpray, SpecError};

use super::core::{Core, Delivery};
use super::frame::FrameFormat;
use super::metadata::Metadata;
use super::pace::{BusyWait, Load, Pace};
use super::program::Program;
use super::replica::Replica;
use crate::model::Sequencer;
use crate::scaling::{Costs, Trial, loss_free_rate};
use crate::traffic::Packet;

/// How often a rate is tried: where others run on the machine too, the best trial counts.
const TRIES: usize = 3;

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
///
/// # Errors
/// Those of [`Frames::new`].
pub fn replica_costs<P: Program + Default>(
    packets: &[Packet],
    dispatch_ns: f64,
) -> Result<Costs, SpecError> {
    /// The rows in front of a packet, the second time.
    const ROWS: usize = 8;
    let alone_ns = packet_ns::<P>(packets, 1)?;
    let with_rows_ns = packet_ns::<P>(packets, ROWS + 1)?;
    Ok(Costs {
        single_ns: dispatch_ns + alone_ns,
        dispatch_ns,
        row_ns: (with_rows_ns - alone_ns) / ROWS as f64,
    })
}

/// The median time that a replica takes for a packet, one of so many.
fn packet_ns<P: Program + Default>(packets: &[Packet], cores: usize) -> Result<f64, SpecError> {
    const STRETCH: usize = 512;
    let frames = Frames::new::<P>(packets, cores)?;
    // The configuration is that of the program.
    let Ok(format) = FrameFormat::new::<P::Meta>(frames.config()) else {
        return Ok(f64::NAN);
    };
    let deliveries = frames.deliveries().swap_remove(0);
    let mut replica = Replica::new(P::default(), &format);
    let mut stretches: Vec<f64> = deliveries
        .chunks_exact(STRETCH)
        .map(|stretch| {
            let start = Instant::now();
            for delivery in stretch {
                black_box(replica.process(delivery.bytes));
            }
            start.elapsed().as_secs_f64() * 1e9 / STRETCH as f64
        })
        .collect();
    stretches.sort_unstable_by(f64::total_cmp);
    Ok(stretches
        .get(stretches.len() / 2)
        .copied()
        .unwrap_or(f64::NAN))
}

/// The rate that cores forward without loss, as section 4.1 of the paper measures it.
pub fn measured_rate<C: Core>(
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
            if best.loss < crate::scaling::MOST_LOSS {
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
