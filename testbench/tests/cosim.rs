//! How a run goes, whatever the design.

mod common;

use std::cell::Cell;

use common::toys::{self, Bug};
use common::{config, frames_of, options, sequencer, stress, trace};
use seqnic_hdl::rtl::Simulator;
use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_testbench::{Cosim, Options};

/// A right design that passes frames through.
fn slice(options: Options) -> Cosim<Simulator> {
    let engine = Simulator::new(&toys::register_slice(Bug::Nothing), 1);
    Cosim::stripper(engine, &config(toys::TOML), options).expect("toys have all ports")
}

#[test]
fn packets_are_pulled_as_they_are_needed() {
    let pulled = Cell::new(0);
    let mut packets = frames_of([64; 2000], 1)
        .into_iter()
        .inspect(|_| pulled.set(pulled.get() + 1));
    let mut cosim = slice(options(50, 0, 1));
    let mut frames = 0;
    while cosim
        .next_frame(&mut packets)
        .unwrap_or_else(|failure| panic!("{failure}"))
        .is_some()
    {
        frames += 1;
        // A frame has 8 beats; the batch that is checked and the two after it are at most 6,144 cycles.
        assert!(
            pulled.get() - frames <= 768,
            "{} frames in flight",
            pulled.get() - frames
        );
    }
    assert_eq!(frames, 2000);
}

#[test]
fn no_packets_are_no_frames() {
    let report = slice(Options::default())
        .run([])
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(
        (report.frames_in, report.frames_out, report.cycles),
        (0, 0, 0)
    );
    assert_eq!(report.output_bus_share(), 1.0);
}

#[test]
fn packets_without_bytes_are_left_out() {
    let empty = Packet {
        timestamp_ns: 1,
        data: Vec::new(),
    };
    let packets = [vec![empty.clone()], frames_of([60, 61], 1), vec![empty]].concat();
    let report = slice(Options::default())
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((report.frames_in, report.frames_out), (2, 2));
}

#[test]
fn output_frames_come_in_order_with_core_and_time() {
    let config = config("spray.cores = 3\nhistory.rows = 2");
    let packets: Vec<Packet> = trace(TraceKind::Zipf, 50, 1).collect();
    let mut cosim = Cosim::new(
        Simulator::new(&sequencer(&config), 1),
        &config,
        options(20, 20, 1),
    )
    .expect("a sequencer has its ports");
    let mut seen = 0;
    let mut cycle = 0;
    let report = cosim.run_with(packets.iter().cloned(), |frame| {
        let packet = &packets[seen];
        assert_eq!((frame.number, frame.core), (seen as u64, Some(seen % 3)));
        assert_eq!(frame.timestamp_ns, packet.timestamp_ns);
        assert_eq!(frame.bytes[config.prefix_bytes()..], packet.data);
        assert!(frame.cycle > cycle);
        (seen, cycle) = (seen + 1, frame.cycle);
    });
    let report = report.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!((report.frames_out, report.cycles), (50, cycle + 1));
    assert_eq!(report.frames_per_core, [17, 17, 16]);
}

#[test]
fn equal_seeds_give_equal_runs() {
    let config = config("bus.data_bits = 128");
    let run = |seed| {
        let cosim = Cosim::new(
            Simulator::new(&sequencer(&config), 1),
            &config,
            options(30, 30, seed),
        );
        let mut cycles = Vec::new();
        let run = cosim
            .expect("a sequencer has its ports")
            .run_with(stress(50, 1), |frame| cycles.push(frame.cycle));
        run.unwrap_or_else(|failure| panic!("{failure}"));
        cycles
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}
