//! The FlowRadar encoder beside a sequencer: what it exports equals the model cell for cell, and decodes.

use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::flowradar::FlowRadarEncoder;
use seqnic_sim::traffic::{CaptureReader, Packet, TraceKind};
use seqnic_spec::Config;
use seqnic_spec::flowradar::{DatagramHeader, ExportHeader};
use seqnic_spec::registers::Registers;
use seqnic_testbench::axis::{Pause, SentFrame};
use seqnic_testbench::{
    Clocks, Cosim, EncoderFigures, Engine, Expected, Options, Oracle, ReportFault, ReportFrame,
    SequencerOracle,
};

use super::Engines;
use super::controlled::Subject;
use crate::common::{config, options, stress, trace};
use crate::engines;

/// An encoder on a bus, with these keys of the table `[flowradar]`.
fn encoder(data_bits: usize, keys: &str) -> Config {
    config(&format!(
        "bus.data_bits = {data_bits}\nhistory.row = \"none\"\nspray.cores = 3\n[flowradar]\n{keys}"
    ))
}

/// A frame of 60 bytes: UDP from one address and port to another.
fn frame(source: u32, destination: u32, ports: [u16; 2]) -> Packet {
    let mut data = vec![0x02; 12];
    data.extend([0x08, 0x00, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0]);
    data.extend(source.to_be_bytes());
    data.extend(destination.to_be_bytes());
    data.extend(ports.map(u16::to_be_bytes).as_flattened());
    data.resize(60, 0xa5);
    Packet {
        timestamp_ns: 0,
        data,
    }
}

/// A flow without structure.
fn flow(number: u32) -> Packet {
    let word = u64::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let ports = [(word >> 7) as u16, (word >> 41) as u16];
    frame(word as u32, (word >> 32) as u32, ports)
}

fn port_scan(number: u32) -> Packet {
    frame(0x0a00_0001, 0xc0a8_0102, [40_000, number as u16])
}

fn address_sweep(number: u32) -> Packet {
    frame(0x0a00_0001, 0xc0a8_0000 + number, [40_000, 80])
}

fn grid(number: u32) -> Packet {
    let port = 1024 + (number % 128) as u16;
    frame(0x0a00_0001, 0xc0a8_0000 + number / 128, [40_000, port])
}

/// Runs, and gives what the encoder did; every packet must be in an epoch.
fn encoded(
    engines: &impl Engines,
    config: &Config,
    options: Options,
    packets: impl IntoIterator<Item = Packet>,
) -> EncoderFigures {
    let report = engines.agree(config, options, packets);
    let figures = report.encoder.expect("there is an encoder");
    assert_eq!(figures.packets, report.frames_in, "{}", config.to_toml());
    figures
}

#[test]
fn exports_equal_the_model_with_every_key_and_hash() {
    let Some(engines) = engines() else { return };
    let cases = engines
        .cases([64, 256, 1024])
        .by(["five-tuple", "ipv6-five-tuple"])
        .by([false, true]);
    for (((data_bits, key), byte_counts), hash) in cases.into_iter().zip(
        ["crc-sum", "tabulation", "crc-sum", "crc", "crc-sum"]
            .into_iter()
            .cycle(),
    ) {
        let config = encoder(
            data_bits,
            &format!(
                "flows = 40\nkey = \"{key}\"\nhash = \"{hash}\"\nbyte_counts = {byte_counts}\n\
                 seed = {data_bits}\nexport.fragment_bytes = 200"
            ),
        );
        encoded(&engines, &config, options(10, 10, 1), stress(120, 4));
        encoded(
            &engines,
            &config,
            options(0, 0, 2),
            trace(TraceKind::Zipf, 150, 3),
        );
    }
}

#[test]
fn exports_equal_the_model_in_every_shape() {
    let Some(engines) = engines() else { return };
    let shapes = [
        "flows = 1\ntables = 2\nfilter_hashes = 1",
        "flows = 100\ncells_percent = 1000\nfilter_bits_per_flow = 64\nfilter_hashes = 3",
        "flows = 30\ntables = 8\nfilter_hashes = 16\nbyte_counts = true\nexport.fragment_bytes = 23",
        "flows = 200\nstorage = \"ultra\"\nkey = \"ipv6-five-tuple\"\nexport.fragment_bytes = 333",
    ];
    for (shape, data_bits) in engines.cases(shapes).by([512, 1024]) {
        let config = encoder(data_bits, shape);
        encoded(
            &engines,
            &config,
            options(20, 0, 3),
            trace(TraceKind::Uniform, 90, 5),
        );
    }
}

#[test]
fn exports_equal_the_model_in_random_shapes() {
    let Some(engines) = engines() else { return };
    // A design on Verilator has to be built first.
    let shapes = match most_cases(&engines) {
        Some(_) => 2,
        None => 8,
    };
    for seed in 0..shapes {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        let mut within = |range: std::ops::RangeInclusive<u64>| random.random_range(range);
        let keys = format!(
            "flows = {}\ntables = {}\ncells_percent = {}\nfilter_hashes = {}\nfilter_bits_per_flow = {}\n\
             load_flows = {}\nepoch_cycles = {}\nbyte_counts = {}\nseed = {seed}\nexport.fragment_bytes = {}",
            within(1..=200),
            within(2..=8),
            within(100..=400),
            within(1..=16),
            within(1..=64),
            within(0..=40),
            within(0..=4000),
            within(0..=1) == 1,
            within(23..=1500),
        );
        let config = encoder(64 << within(0..=5), &keys);
        let (stall, idle) = (within(0..=50) as u8, within(0..=50) as u8);
        let packets = stress(100, seed).chain(trace(TraceKind::Zipf, 300, seed));
        encoded(&engines, &config, options(stall, idle, seed), packets);
    }
}

fn most_cases<E: Engines>(_: &E) -> Option<usize> {
    E::MOST_CASES
}

#[test]
fn a_capture_and_a_trace_decode_with_the_counts_that_were_sent() {
    let Some(engines) = engines() else { return };
    // This file belongs to two packages.
    let capture = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("examples/captures/tcp-loss.pcap"))
        .find(|path| path.exists())
        .expect("the capture is there");
    let packets = CaptureReader::read_all(capture).unwrap_or_else(|error| panic!("{error}"));
    let config = encoder(1024, "flows = 500");
    for figures in [
        encoded(&engines, &config, Options::default(), packets),
        encoded(
            &engines,
            &config,
            options(30, 30, 1),
            trace(TraceKind::Dctcp, 1500, 2),
        ),
    ] {
        assert!(figures.is_exact(), "{figures:?}");
        assert_eq!(figures.flows_decoded, figures.flows);
    }
}

#[test]
fn structured_keys_decode_as_a_whole_and_not_with_a_linear_hash() {
    let Some(engines) = engines() else { return };
    const FLOWS: u32 = 8192;
    let with = |hash: &str| {
        encoder(
            1024,
            &format!("flows = 8192\ncells_percent = 150\nhash = \"{hash}\"\nload_flows = 0"),
        )
    };
    assert_eq!(
        with("crc")
            .flowradar()
            .map(|encoder| encoder.geometry().cells.size()),
        Some(4096)
    );
    let keys: [fn(u32) -> Packet; 3] = [port_scan, address_sweep, grid];
    for (hash, key) in engines.cases(["crc-sum", "crc"]).by(keys) {
        let figures = encoded(
            &engines,
            &with(hash),
            Options::default(),
            (0..FLOWS).map(key),
        );
        let decoded = (figures.flows, figures.flows_decoded, figures.counts_exact);
        let all = u64::from(FLOWS);
        match hash {
            "crc-sum" => assert_eq!(decoded, (all, all, all)),
            _ => assert_eq!(decoded, (all, 0, 0)),
        }
    }
}

#[test]
fn a_flow_is_new_once_however_close_its_packets_are() {
    let Some(engines) = engines() else { return };
    // A frame of 60 bytes is one beat, so a packet comes in each cycle.
    let config = encoder(1024, "flows = 2000\nload_flows = 0\nepoch_cycles = 0");
    let mut packets = Vec::new();
    let mut number = 0;
    for distance in 1..=12 {
        for _ in 0..6 {
            // The same flow twice, and flows that come once between.
            let again = flow(number);
            packets.push(again.clone());
            packets.extend((1..distance).map(|other| flow(number + other)));
            packets.push(again);
            number += distance;
        }
    }
    packets.extend(vec![flow(0); 40]);
    let figures = encoded(&engines, &config, Options::default(), packets);
    assert_eq!((figures.epochs, figures.flows), (1, number.into()));
    assert!(figures.is_exact(), "{figures:?}");
}

#[test]
fn flows_that_share_cells_and_words_are_counted_at_every_distance() {
    let Some(engines) = engines() else { return };
    // 8 cells and 8 words of 64 bits each: most packets meet the cells and words of those just ahead.
    for (seed, storage) in engines.cases(1..=3).by(["block", "ultra"]) {
        let keys = format!(
            "flows = 8\ntables = 3\nload_flows = 0\nseed = {seed}\nstorage = \"{storage}\"\nepoch_cycles = 900"
        );
        let config = encoder(1024, &keys);
        let few = (0..3000).map(|packet| flow((packet * packet * 7 + packet / 9) % 11));
        encoded(&engines, &config, Options::default(), few);
        let many = (0..1500).map(|packet| flow(packet / 2));
        encoded(&engines, &config, options(0, 30, seed), many);
    }
}

#[test]
fn a_flow_count_stays_at_255_and_says_so() {
    let Some(engines) = engines() else { return };
    let keys = "flows = 128\ntables = 8\ncells_percent = 100\nfilter_hashes = 1\nfilter_bits_per_flow = 64\nload_flows = 0";
    let config = encoder(1024, keys);
    let figures = encoded(&engines, &config, Options::default(), (0..10_000).map(flow));
    assert_eq!(figures.epochs, 1);
    // 16 cells of each sub-table hold some 5,700 flows: the sums do not come out, and nothing is decoded.
    assert_eq!(figures.flows_decoded, 0);
}

#[test]
fn banks_are_swapped_under_full_load_without_losing_a_packet() {
    let Some(engines) = engines() else { return };
    for (load, stall) in engines.cases([20, 400]).by([0, 60]) {
        let config = encoder(
            1024,
            &format!("flows = 60\nload_flows = {load}\nepoch_cycles = 0"),
        );
        let options = options(stall, 0, 3);
        let packets = (0..9_000).map(|packet| flow(packet / 3));
        let figures = encoded(&engines, &config, options, packets);
        assert!(figures.epochs > 4, "{figures:?}");
        // A bank is full long before the other one has been sent and cleared.
        assert!(load == 400 || figures.overruns > 0, "{figures:?}");
    }
}

#[test]
fn a_timer_ends_epochs() {
    let Some(engines) = engines() else { return };
    let config = encoder(1024, "flows = 60\nload_flows = 0\nepoch_cycles = 1500");
    let options = Options {
        idle: Pause::Bursts { longest: 300 },
        ..Options::default()
    };
    let packets = (0..9000).map(|packet| flow(packet % 50));
    let report = engines.agree(&config, options, packets);
    let figures = report.encoder.expect("there is an encoder");
    let due = report.cycles / 1500;
    assert!(figures.epochs.abs_diff(due) <= 2, "{figures:?}, {due} due");
    assert!(figures.is_exact(), "{figures:?}");
}

#[test]
fn reset_in_mid_traffic_begins_anew() {
    let Some(engines) = engines() else { return };
    let config = encoder(512, "flows = 60\nload_flows = 40\nepoch_cycles = 0");
    let mut engine = engines.sequencer(&config);
    for frames in [300, 1000, 1300, 40, 2000] {
        let cosim = Cosim::new(engine, &config, options(20, 0, frames));
        let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
        let mut packets = (0..5000).map(|packet| flow(packet / 2));
        for _ in 0..frames {
            let frame = cosim.next_frame(&mut packets);
            frame.unwrap_or_else(|failure| panic!("{failure}"));
        }
        engine = cosim.into_engine();
    }
    let cosim = Cosim::new(engine, &config, Options::default());
    let report = cosim
        .unwrap_or_else(|error| panic!("{error}"))
        .run((0..500).map(flow))
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(report.encoder.map(|figures| figures.packets), Some(500));
}

#[test]
fn a_register_ends_the_epoch_and_others_say_what_became_of_it() {
    let Some(engines) = engines() else { return };
    for (data_bits, clock) in engines.cases([64, 1024]).by(["datapath", "own"]) {
        let config = config(&format!(
            "bus.data_bits = {data_bits}\nhistory.row = \"none\"\n\
             spray = {{ cores = 3, control = true, control_clock = \"{clock}\" }}\n\
             flowradar = {{ flows = 40, load_flows = 0, epoch_cycles = 0 }}"
        ));
        let encoder = config.flowradar().expect("there is one");
        let mut model = FlowRadarEncoder::new(encoder);
        let clocks = (clock == "own").then(|| Clocks::new(1, 3, 0));
        let mut subject = Subject::with_clocks(engines.sequencer(&config), &config, clocks);
        subject.driver.set("m_axis_report_tready", 1);
        while Registers(&mut subject).flowradar_status() != Ok(1) {}
        for number in 0..30 {
            let packet = flow(number);
            model.process(&packet.data);
            subject.send(&packet.data);
        }
        subject.drain();
        assert_eq!(Registers(&mut subject).flowradar_epoch(), Ok(0));
        assert!(subject.driver.reports.is_empty());
        for written in [0, 1] {
            assert_eq!(Registers(&mut subject).swap_flowradar(written), Ok(()));
            assert_eq!(Registers(&mut subject).flowradar_epoch(), Ok(written));
        }
        assert!(model.request_swap());
        let expected: Vec<_> = model.fragments().collect();
        for _ in 0..5 {
            subject.drain();
        }
        let payloads = subject.driver.reports.iter();
        let payloads = payloads.map(|report| &report[DatagramHeader::BYTES..]);
        let payloads: Vec<_> = payloads.map(<[u8]>::to_vec).collect();
        assert_eq!(payloads, expected, "{}", config.to_toml());
        assert_eq!(Registers(&mut subject).flowradar_missed(), Ok(0));
        assert_eq!(Registers(&mut subject).flowradar_status(), Ok(1));
        assert_eq!(Registers(&mut subject).status(), Ok(0));
    }
}

/// Counts what exports say, and lets frames in from the first cycle on.
struct Eager {
    stream: SequencerOracle,
    packets: Rc<Cell<u64>>,
    epoch: Option<u32>,
    is_closed: bool,
}

impl Oracle for Eager {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        self.stream.expect(frame, time, out)
    }

    fn report(&mut self, report: &ReportFrame<'_>) -> Result<(), ReportFault> {
        let payload = report.bytes[DatagramHeader::BYTES..].first_chunk();
        let header = ExportHeader::read(payload.expect("it is whole"));
        if self.epoch.replace(header.epoch) != Some(header.epoch) {
            self.packets
                .set(self.packets.get() + u64::from(header.packets));
        }
        Ok(())
    }

    fn reports_due(&mut self) -> u64 {
        u64::from(self.is_closed && self.epoch.is_none())
    }

    fn patience_cycles(&self) -> u64 {
        2000
    }

    fn close(&mut self) -> Option<&'static str> {
        let asks = !self.is_closed;
        self.is_closed = true;
        asks.then_some("flowradar_swap")
    }
}

#[test]
fn packets_that_pass_before_the_banks_are_clean_are_counted_as_missed() {
    let Some(engines) = engines() else { return };
    let config = encoder(1024, "flows = 1000\nload_flows = 0\nepoch_cycles = 0");
    let words = config
        .flowradar()
        .map(|encoder| encoder.geometry().longest_memory_words() as u64);
    let engine = engines.sequencer(&config);
    let packets = Rc::new(Cell::new(0));
    let oracle = Box::new(Eager {
        stream: SequencerOracle::new(&config),
        packets: packets.clone(),
        epoch: None,
        is_closed: false,
    });
    let cosim = Cosim::with_oracle(engine, &config, Options::default(), oracle);
    let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
    cosim
        .run((0..3000).map(flow))
        .unwrap_or_else(|failure| panic!("{failure}"));
    let engine = cosim.into_engine();
    let port = |name| engine.get(engine.port(name).expect("it has this port"))[0];
    assert_eq!(port("flowradar_recording"), 1);
    assert_eq!(port("flowradar_overrun"), 0);
    assert_eq!(port("flowradar_missed") + packets.get(), 3000);
    // A packet a cycle on the bus at first; with the prefix, some more cycles each.
    let missed = port("flowradar_missed");
    assert!(missed > 0 && Some(missed) <= words, "{missed}");
}

/// The frames that come out and their cycles.
fn sequenced(engines: &impl Engines, config: &Config, options: Options) -> Vec<(u64, Vec<u8>)> {
    let oracle = Box::new(SequencerOracle::new(config));
    let cosim = Cosim::with_oracle(engines.sequencer(config), config, options, oracle);
    let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
    let mut frames = Vec::new();
    cosim
        .run_with(stress(150, 8), |frame| {
            frames.push((frame.cycle, frame.bytes.to_vec()));
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    frames
}

#[test]
fn the_stream_is_the_same_with_and_without_an_encoder() {
    let Some(engines) = engines() else { return };
    // Nothing is exported.
    let with = encoder(1024, "flows = 10\nload_flows = 0\nepoch_cycles = 0");
    let without = config("bus.data_bits = 1024\nhistory.row = \"none\"\nspray.cores = 3");
    let options = options(30, 30, 4);
    assert_eq!(
        sequenced(&engines, &with, options.clone()),
        sequenced(&engines, &without, options)
    );
}
