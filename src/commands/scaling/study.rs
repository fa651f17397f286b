//! What is simulated and measured of a program.

use std::collections::HashMap;
use std::convert::Infallible;

use rayon::prelude::*;
use seqnic_sim::host::programs::Visitor;
use seqnic_sim::host::{self, BusyWait, Program, measured_rate, replica_costs};
use seqnic_sim::scaling::{
    Arrival, Costs, Machine, Recovering, Sharding, Sharing, Table4, Technique, loss_free_rate,
};
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use serde::Serialize;

use crate::error::Error;

/// Packets of a simulation.
const SIMULATED_PACKETS: usize = 150_000;
/// All frames have this length: headers are all that programs read.
const FRAME_BYTES: usize = 64;

/// What is assumed of the machine that is simulated, beside the costs of programs: how long a line of memory takes to come
/// from another core, as it does inside a server's processor.
const LINE_NS: f64 = 60.0;
/// Writing a row to a log that only this core writes.
const LOG_NS: f64 = 3.0;
/// RSS++ looks at its loads after so many packets.
const REBALANCE_PACKETS: usize = 10_000;

/// Where a rate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// k / (t + (k - 1) c2) with the costs of the paper's Table 4.
    Model,
    /// The simulation with these costs.
    Simulated,
    /// Threads on this machine.
    Measured,
    /// The model with the costs that were measured here.
    Predicted,
}

impl Origin {
    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Simulated => "simulated",
            Self::Measured => "measured",
            Self::Predicted => "predicted",
        }
    }
}

/// A rate in a figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The figure of the paper that it belongs to.
    pub figure: &'static str,
    /// The program.
    pub program: &'static str,
    /// The traffic.
    pub trace: &'static str,
    /// How the cores divide the work.
    pub technique: String,
    /// Where the rate comes from.
    pub origin: Origin,
    /// How many cores.
    pub cores: usize,
    /// Millions of packets per second.
    pub mpps: f64,
}

/// The traffic of the paper's university data center; here the flow sizes of VL2.
pub const DATA_CENTER: TraceKind = TraceKind::Vl2;
/// That of its Internet backbone; here flows of Zipf's popularity.
pub const BACKBONE: TraceKind = TraceKind::Zipf;
/// That of its hyperscaler, the flow sizes of DCTCP.
pub const HYPERSCALER: TraceKind = TraceKind::Dctcp;

/// Conversations that are under way at once. Packets of generated conversations are mixed evenly, so with many of them there
/// would be no skew.
const CONCURRENT: usize = 4;

/// Packets of a kind.
fn packets(kind: TraceKind, count: usize, seed: u64) -> Result<Vec<Packet>, Error> {
    let spec = TraceSpec {
        frame_bytes: Some(FRAME_BYTES),
        concurrent: CONCURRENT,
        ..TraceSpec::new(kind, count, seed)
    };
    Ok(Trace::new(&spec)?.collect())
}

/// The packets that concern a program, by the states that they change. A state's hash is uniform: as in the paper, states are
/// never split by it.
fn arrivals<P: Program>(program: &P, packets: &[Packet]) -> Vec<Arrival> {
    let mut numbers = HashMap::new();
    let metas = packets
        .iter()
        .filter_map(|packet| P::meta(&packet.data, packet.timestamp_ns));
    let arrival = |meta| {
        let count = numbers.len() as u32;
        let key = *numbers.entry(program.key(&meta)).or_insert(count);
        // Fibonacci hashing: odd multiples of 2^32 over the golden ratio.
        let hash = key.wrapping_mul(0x9e37_79b9) >> 16;
        Arrival { key, hash }
    };
    metas.map(arrival).collect()
}

/// Whether the paper's Table 1 has a program share its state by atomic additions, not by locks.
fn is_atomic(line: &Table4) -> bool {
    matches!(line.program, "ddos-mitigator" | "heavy-hitter")
}

/// What the simulation compares, with its names in figures.
fn techniques(line: &Table4) -> [(&'static str, Technique); 4] {
    let is_atomic = is_atomic(line);
    let (lines, waiter_ns) = match is_atomic {
        true => (1.0, 0.0),
        // The lock has a line too, which those who wait keep reading.
        false => (2.0, LINE_NS),
    };
    let sharing = Sharing {
        exclusive_ns: line.costs.program_ns(),
        transfer_ns: lines * LINE_NS,
        waiter_ns,
    };
    let sharding = |rebalance_packets| {
        Technique::Sharded(Sharding {
            rebalance_packets,
            transfer_ns: LINE_NS,
        })
    };
    let shared = match is_atomic {
        true => host::Technique::SharedAtomics.name(),
        false => host::Technique::SharedLocks.name(),
    };
    [
        ("scr", Technique::Replicated),
        (shared, Technique::Shared(sharing)),
        ("rss", sharding(None)),
        ("rss++", sharding(Some(REBALANCE_PACKETS))),
    ]
}

/// How many cores are simulated.
fn core_counts(line: &Table4) -> Vec<usize> {
    let step = line.most_cores / 7;
    (1..=line.most_cores)
        .filter(|cores| *cores == 1 || cores % step == 0)
        .collect()
}

/// The rate that a simulated machine forwards without loss.
fn simulated(machine: &Machine, arrivals: &[Arrival]) -> f64 {
    let most_mpps = 2e3 * machine.cores as f64 / machine.costs.single_ns;
    let found = loss_free_rate::<Infallible>(most_mpps, |mpps| Ok(machine.offer(arrivals, mpps)));
    found.map_or_else(|never| match never {}, |trial| trial.forwarded_mpps)
}

/// Simulated rates of a program under some techniques.
fn simulate(
    figure: &'static str,
    line: &Table4,
    trace: TraceKind,
    arrivals: &[Arrival],
    techniques: &[(&'static str, Technique)],
) -> Vec<Point> {
    let machines: Vec<(&str, Machine)> = techniques
        .iter()
        .flat_map(|&(name, technique)| {
            let machine = move |cores| Machine {
                cores,
                costs: line.costs,
                technique,
            };
            core_counts(line)
                .into_iter()
                .map(move |cores| (name, machine(cores)))
        })
        .collect();
    machines
        .par_iter()
        .map(|(name, machine)| Point {
            figure,
            program: line.program,
            trace: trace.name(),
            technique: (*name).to_owned(),
            origin: Origin::Simulated,
            cores: machine.cores,
            mpps: simulated(machine, arrivals),
        })
        .collect()
}

/// What was measured of a program.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Measured {
    /// The program.
    pub program: &'static str,
    /// The traffic.
    pub trace: &'static str,
    /// d: the emulated dispatch.
    pub dispatch_ns: f64,
    /// c1: the program with its packet.
    pub program_ns: f64,
    /// c2: a row of the history.
    pub row_ns: f64,
    /// The rate of one replica without dispatch.
    pub no_dispatch_mpps: f64,
    /// The rates of one and of two replicas.
    pub mpps: [f64; 2],
}

impl Measured {
    /// The costs.
    pub fn costs(&self) -> Costs {
        Costs {
            single_ns: self.dispatch_ns + self.program_ns,
            dispatch_ns: self.dispatch_ns,
            row_ns: self.row_ns,
        }
    }
}

/// The study of a program that is still to be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Study {
    /// Its line in the paper's Table 4.
    pub line: &'static Table4,
    /// The traffic of its replicas.
    pub trace: TraceKind,
    /// The packets that are measured.
    pub packets: usize,
    /// What traffic follows from.
    pub seed: u64,
    /// The emulated dispatch.
    pub dispatch_ns: f64,
    /// The figures of the paper, but for figure 11, with their traffic.
    pub figures: &'static [(&'static str, TraceKind)],
}

/// The figure of loss and recovery.
pub const RECOVERY_FIGURE: &str = "10b";

impl Visitor for Study {
    type Output = Result<(Measured, Vec<Point>), Error>;

    fn visit<P: Program>(self, program: P) -> Self::Output {
        let measured = self.measure(&program)?;
        let mut points = prediction(self.line, &measured, self.trace);
        for &(figure, trace) in self.figures {
            let packets = packets(trace, self.packets.max(SIMULATED_PACKETS), self.seed)?;
            let arrivals = arrivals(&program, &packets[..SIMULATED_PACKETS]);
            let techniques = match figure {
                RECOVERY_FIGURE => with_recovery(self.line),
                _ => techniques(self.line).into(),
            };
            points.extend(simulate(figure, self.line, trace, &arrivals, &techniques));
            points.extend(self.measure_techniques(
                &program,
                figure,
                trace,
                &packets[..self.packets],
            )?);
        }
        Ok((measured, points))
    }
}

impl Study {
    /// Replicas on threads of this machine.
    fn measure<P: Program>(&self, program: &P) -> Result<Measured, Error> {
        let packets = packets(self.trace, self.packets, self.seed)?;
        let costs = replica_costs(program, &packets, self.dispatch_ns)?;
        let dispatch = BusyWait::of_ns(self.dispatch_ns);
        let rate = |cores, dispatch| {
            let packets = &packets[..packets_of(cores, self.packets)];
            measured_rate(program, host::Technique::Scr, packets, cores, dispatch)
                .map(|trial| trial.forwarded_mpps)
        };
        Ok(Measured {
            program: P::NAME,
            trace: self.trace.name(),
            dispatch_ns: self.dispatch_ns,
            program_ns: costs.program_ns(),
            row_ns: costs.row_ns,
            no_dispatch_mpps: rate(1, BusyWait::NONE)?,
            mpps: [rate(1, dispatch)?, rate(2, dispatch)?],
        })
    }

    /// The techniques beside each other on threads of this machine.
    fn measure_techniques<P: Program>(
        &self,
        program: &P,
        figure: &'static str,
        trace: TraceKind,
        packets: &[Packet],
    ) -> Result<Vec<Point>, Error> {
        let shared = match is_atomic(self.line) {
            true => host::Technique::SharedAtomics,
            false => host::Technique::SharedLocks,
        };
        let mut techniques = vec![
            host::Technique::Scr,
            shared,
            host::Technique::Rss,
            host::Technique::RssPlusPlus,
        ];
        techniques.push(match figure {
            RECOVERY_FIGURE => host::Technique::ScrWithRecovery,
            _ => host::Technique::Spray,
        });
        let dispatch = BusyWait::of_ns(self.dispatch_ns);
        let mut points = Vec::new();
        for technique in techniques {
            for cores in 1..=MOST_THREADS {
                let packets = &packets[..packets_of(cores, self.packets)];
                let trial = measured_rate(program, technique, packets, cores, dispatch)?;
                points.push(Point {
                    figure,
                    program: P::NAME,
                    trace: trace.name(),
                    technique: technique.name().to_owned(),
                    origin: Origin::Measured,
                    cores,
                    mpps: trial.forwarded_mpps,
                });
            }
        }
        Ok(points)
    }
}

/// The threads that are measured, at most.
const MOST_THREADS: usize = 2;

/// How many packets are for so many cores, when all are for [`MOST_THREADS`]: a trial takes each core the same time, so that what
/// disturbs it does so as often.
fn packets_of(cores: usize, packets: usize) -> usize {
    packets * cores / MOST_THREADS
}

/// What loss and its recovery cost, as in figure 10 (b).
fn with_recovery(line: &Table4) -> Vec<(&'static str, Technique)> {
    let with_loss = |loss| {
        Technique::Recovering(Recovering {
            loss,
            log_ns: LOG_NS,
            read_ns: LINE_NS + line.costs.row_ns,
        })
    };
    let [scr, shared, rss, rss_plus_plus] = techniques(line);
    vec![
        scr,
        (host::Technique::ScrWithRecovery.name(), with_loss(0.0)),
        ("the same, 0.01 % loss", with_loss(1e-4)),
        ("the same, 0.1 % loss", with_loss(1e-3)),
        ("the same, 1 % loss", with_loss(1e-2)),
        shared,
        rss,
        rss_plus_plus,
    ]
}

/// The model, the simulation and what was measured, as in figure 11.
fn prediction(line: &Table4, measured: &Measured, trace: TraceKind) -> Vec<Point> {
    let point = |origin, cores, mpps| Point {
        figure: "11",
        program: line.program,
        trace: trace.name(),
        technique: "scr".to_owned(),
        origin,
        cores,
        mpps,
    };
    // Replicas do the same whatever the flows.
    let packets = vec![Arrival { key: 0, hash: 0 }; SIMULATED_PACKETS / 2];
    let mut points = Vec::new();
    for cores in 1..=line.most_cores {
        let machine = Machine {
            cores,
            costs: line.costs,
            technique: Technique::Replicated,
        };
        points.push(point(
            Origin::Model,
            cores,
            line.costs.predicted_mpps(cores),
        ));
        points.push(point(
            Origin::Simulated,
            cores,
            machine.saturated_mpps(&packets),
        ));
        let mpps = measured.costs().predicted_mpps(cores);
        points.push(point(Origin::Predicted, cores, mpps));
    }
    let rates = measured.mpps.into_iter().zip(1..);
    points.extend(rates.map(|(mpps, cores)| point(Origin::Measured, cores, mpps)));
    points
}
