//! Frames that the hardware made of all kinds of traffic.

use seqnic_hdl::rtl::Simulator;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{CaptureReader, Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Options};

/// What the in-process engine sends for all packets.
pub fn of_the_hardware(config: &Config) -> Vec<Vec<u8>> {
    let engine = Simulator::new(&tops::sequencer(config).expect("it can be built"), 1);
    let mut frames = Vec::new();
    let mut cosim = Cosim::new(engine, config, Options::default()).expect("the ports are there");
    cosim
        .run_with(packets(), |frame| frames.push(frame.bytes.to_vec()))
        .unwrap_or_else(|failure| panic!("{failure}"));
    frames
}

/// Conversations with loss, all kinds of headers, and what opens doors.
fn packets() -> Vec<Packet> {
    let capture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/captures/tcp-loss.pcap"
    );
    let capture = CaptureReader::open(capture).expect("it is there");
    let mut packets: Vec<Packet> = capture
        .map(|packet| packet.expect("it is whole"))
        .take(300)
        .collect();
    for (kind, count) in [
        (TraceKind::Dctcp, 300),
        (TraceKind::Uniform, 100),
        (TraceKind::Headers, 200),
    ] {
        let spec = TraceSpec {
            concurrent: 3,
            ..TraceSpec::new(kind, count, 1)
        };
        packets.extend(Trace::new(&spec).expect("the defaults are valid"));
    }
    let mut send = |sender, port, flags| {
        packets.push(Packet {
            timestamp_ns: 0,
            data: segment(sender, port, flags),
        });
    };
    // Each sender knocks at the ports in turn, and beside them.
    for knock in 0..12 {
        for sender in 0..8 {
            let port = 100 + (knock + sender / 2) % 3 + u16::from(sender == 7);
            send(sender as u8, port, SYN);
        }
    }
    // One sends too much, in connections that were never opened.
    for number in 0..140 {
        send(9, 80 + number % 2, ACK);
    }
    packets.retain(|packet| packet.data.len() <= 1514);
    packets
}

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// A TCP segment to a port.
fn segment(sender: u8, port: u16, flags: u8) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
    frame.extend([10, 0, 0, sender, 10, 0, 1, 1, 0x9c, 0x40]);
    frame.extend(port.to_be_bytes());
    frame.extend([0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame
}
