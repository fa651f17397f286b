//! What is simulated and measured of a program.

use std::collections::HashMap;
use std::convert::Infallible;

use rayon::prelude::*;
use seqnic_sim::host::{
    BusyWait, FrameFormat, Frames, Program, Replica, measured_rate, replica_costs,
};
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

/// Packets of a kind.
pub fn packets(kind: TraceKind, count: usize, seed: u64) -> Result<Vec<Packet>, Error> {
    let spec = TraceSpec {
        frame_bytes: Some(FRAME_BYTES),
        ..TraceSpec::new(kind, count, seed)
    };
    Ok(Trace::new(&spec)?.collect())
}

/// The packets that concern a program, by the states that they change. A state's hash is uniform: as in the paper, states are
/// never split by it.
fn arrivals<P: Program + Default>(packets: &[Packet]) -> Vec<Arrival> {
    let program = P::default();
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

/// What the simulation compares, with its names in figures.
fn techniques(line: &Table4) -> [(&'static str, Technique); 4] {
    // The paper's Table 1: where an addition is all there is, the processor does it at once.
    let is_atomic = matches!(line.program, "ddos-mitigator" | "heavy-hitter");
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
        true => "shared, atomics",
        false => "shared, locks",
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

/// The techniques beside each other, as in figures 6 and 7 of the paper.
pub fn comparison<P: Program + Default>(
    figure: &'static str,
    line: &Table4,
    trace: TraceKind,
    seed: u64,
) -> Result<Vec<Point>, Error> {
    let arrivals = arrivals::<P>(&packets(trace, SIMULATED_PACKETS, seed)?);
    Ok(simulate(figure, line, trace, &arrivals, &techniques(line)))
}

/// What loss and its recovery cost, as in figure 10 (b).
pub fn recovery<P: Program + Default>(line: &Table4, seed: u64) -> Result<Vec<Point>, Error> {
    let arrivals = arrivals::<P>(&packets(DATA_CENTER, SIMULATED_PACKETS, seed)?);
    let with_loss = |loss| {
        Technique::Recovering(Recovering {
            loss,
            log_ns: LOG_NS,
            read_ns: LINE_NS + line.costs.row_ns,
        })
    };
    let [scr, shared, rss, rss_plus_plus] = techniques(line);
    let techniques = [
        scr,
        ("scr, recovery, no loss", with_loss(0.0)),
        ("scr, recovery, 0.01 % loss", with_loss(1e-4)),
        ("scr, recovery, 0.1 % loss", with_loss(1e-3)),
        ("scr, recovery, 1 % loss", with_loss(1e-2)),
        shared,
        rss,
        rss_plus_plus,
    ];
    Ok(simulate("10b", line, DATA_CENTER, &arrivals, &techniques))
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

/// Measures replicas of a program with threads.
pub fn measure<P: Program + Default>(
    trace: TraceKind,
    count: usize,
    seed: u64,
    dispatch_ns: f64,
) -> Result<Measured, Error> {
    let packets = packets(trace, count, seed)?;
    let costs = replica_costs::<P>(&packets, dispatch_ns)?;
    let rate = |cores: usize, dispatch| -> Result<f64, Error> {
        let frames = Frames::new::<P>(&packets, cores)?;
        let format = FrameFormat::new::<P::Meta>(frames.config())?;
        let replicas = || vec![Replica::new(P::default(), &format); cores];
        Ok(measured_rate(&frames.deliveries(), dispatch, replicas).forwarded_mpps)
    };
    let dispatch = BusyWait::of_ns(dispatch_ns);
    Ok(Measured {
        program: P::NAME,
        trace: trace.name(),
        dispatch_ns,
        program_ns: costs.program_ns(),
        row_ns: costs.row_ns,
        no_dispatch_mpps: rate(1, BusyWait::NONE)?,
        mpps: [rate(1, dispatch)?, rate(2, dispatch)?],
    })
}

/// The model, the simulation and what was measured, as in figure 11.
pub fn prediction(line: &Table4, measured: Option<&Measured>, trace: TraceKind) -> Vec<Point> {
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
        if let Some(measured) = measured {
            let mpps = measured.costs().predicted_mpps(cores);
            points.push(point(Origin::Predicted, cores, mpps));
        }
    }
    if let Some(measured) = measured {
        let rates = measured.mpps.into_iter().zip(1..);
        points.extend(rates.map(|(mpps, cores)| point(Origin::Measured, cores, mpps)));
    }
    points
}
