//! The hardware around the sequencer, cycle by cycle.

use seqnic_hdl::rtl::{PortId, Simulator};
use seqnic_netfpga::netfpga_plus::{Core, DestinationPort, host_stream};
use seqnic_netfpga::register_responder;
use seqnic_spec::Config;

fn core(text: &str) -> Core {
    let config = Config::from_toml_str(text, "test.toml").expect("valid");
    Core::new(&config, DestinationPort::Keep, false).expect("it fits")
}

fn port(simulator: &Simulator, name: &str) -> PortId {
    simulator.port(name).expect("the port is there")
}

fn words(value: u128) -> [u64; 2] {
    [value as u64, (value >> 64) as u64]
}

/// Sends frames of two beats with these `tuser` and with rubbish in the second beat, and gives the `tuser` of every beat
/// that comes out, a frame a line.
fn tusers(core: &Core, destination_port: u64, sent: &[u128]) -> Vec<Vec<u128>> {
    let design = host_stream(core).expect("it can be built");
    let mut simulator = Simulator::new(&design, 7);
    for name in [
        "s_axis_tdata",
        "s_axis_tkeep",
        "s_axis_tuser",
        "s_axis_tvalid",
        "s_axis_tlast",
    ] {
        let input = port(&simulator, name);
        simulator.set(input, &[]);
    }
    let [ready, destination] =
        ["m_axis_tready", "destination_port"].map(|name| port(&simulator, name));
    simulator.set(ready, &[1]);
    simulator.set(destination, &[destination_port]);
    simulator.reset();

    let beats: Vec<(u128, bool)> = sent
        .iter()
        .flat_map(|&tuser| [(tuser, false), (!tuser, true)])
        .collect();
    let [valid, last, keep, user, accepts] = [
        "s_axis_tvalid",
        "s_axis_tlast",
        "s_axis_tkeep",
        "s_axis_tuser",
        "s_axis_tready",
    ]
    .map(|name| port(&simulator, name));
    let [out_valid, out_last, out_user] =
        ["m_axis_tvalid", "m_axis_tlast", "m_axis_tuser"].map(|name| port(&simulator, name));
    let (mut at, mut frames, mut frame) = (0, Vec::new(), Vec::new());
    for _ in 0..100 * sent.len() {
        let beat = beats.get(at);
        simulator.set(valid, &[u64::from(beat.is_some())]);
        if let Some(&(tuser, is_last)) = beat {
            simulator.set(last, &[u64::from(is_last)]);
            simulator.set(keep, &[u64::MAX; 2]);
            simulator.set(user, &words(tuser));
        }
        simulator.eval();
        at += usize::from(beat.is_some() && simulator.get(accepts) == [1]);
        if simulator.get(out_valid) == [1] {
            let out = simulator.get(out_user);
            frame.push(u128::from(out[1]) << 64 | u128::from(out[0]));
            if simulator.get(out_last) == [1] {
                frames.push(std::mem::take(&mut frame));
            }
        }
        simulator.clock();
    }
    assert_eq!(frames.len(), sent.len());
    frames
}

/// A prefix of 14 + 4 * 18 + 2 = 88 bytes: with two beats of frame, three beats.
const HEAVY_HITTER: &str = "history = { row = \"heavy-hitter\", rows = 4 }\nspray.cores = 4";

#[test]
fn the_length_grows_by_the_prefix_and_stops_at_its_width() {
    let core = core(HEAVY_HITTER);
    assert_eq!(core.config().prefix_bytes(), 88);
    let free = 0xfedc_ba98_7654_3210_0f1e_2d3c_0000_0000_u128;
    let out = tusers(
        &core,
        0,
        &[
            free | 0x0401_0100,
            0x0000_0100,
            free | 0x0802_ffa7,
            0xff00_ffa8,
            free | 0xa55a_ffff,
        ],
    );
    assert_eq!(
        out,
        [
            [free | 0x0401_0158; 3],
            [0x0000_0158; 3],
            [free | 0x0802_ffff; 3],
            [0xff00_ffff; 3],
            [free | 0xa55a_ffff; 3],
        ]
    );
}

#[test]
fn a_destination_port_replaces_that_of_the_frame_and_nothing_else() {
    let out = tusers(&core(HEAVY_HITTER), 0x02, &[0x1_0401_0100, 0x1_0000_0100]);
    assert_eq!(out, [[0x1_0201_0158; 3], [0x1_0200_0158; 3]]);
}

#[test]
fn a_core_number_in_tuser_stands_beside_length_and_ports() {
    let text = format!(
        "{HEAVY_HITTER}\nspray.steering = \"tuser\"\nspray.tuser_offset_bits = 32\nspray.tuser_core_bits = 8"
    );
    let core = core(&format!("bus.tuser_bits = 128\n{text}"));
    let sent = [0xff_0401_0100_u128; 5];
    let seen: Vec<u128> = tusers(&core, 0, &sent)
        .iter()
        .map(|frame| frame[0])
        .collect();
    let expected = [0, 1, 2, 3, 0].map(|number| number << 32 | 0x0401_0158);
    assert_eq!(seen, expected);
}

/// The answers of the responder to these inputs in one cycle: awready, wready, bvalid, arready, rvalid.
fn cycle(simulator: &mut Simulator, inputs: &str) -> String {
    let high: Vec<&str> = inputs.split_whitespace().collect();
    for name in ["awvalid", "wvalid", "bready", "arvalid", "rready"] {
        let input = port(simulator, name);
        simulator.set(input, &[u64::from(high.contains(&name))]);
    }
    simulator.eval();
    let outputs = ["awready", "wready", "bvalid", "arready", "rvalid"]
        .into_iter()
        .filter(|name| simulator.get(port(simulator, name)) == [1]);
    let outputs = outputs.collect::<Vec<_>>().join(" ");
    for (name, value) in [("rdata", 0xdead_beef), ("rresp", 0), ("bresp", 0)] {
        assert_eq!(simulator.get(port(simulator, name)), [value], "{name}");
    }
    simulator.clock();
    outputs
}

#[test]
fn every_access_is_answered_once_whatever_comes_first() {
    let design = register_responder("test").expect("it can be built");
    let mut simulator = Simulator::new(&design, 1);
    cycle(&mut simulator, "");
    simulator.reset();
    let idle = "awready wready arready";
    for (inputs, outputs) in [
        ("", idle),
        // Address and data at once; the next address waits for the answer.
        ("awvalid wvalid", idle),
        ("awvalid", "bvalid arready"),
        ("awvalid bready", "bvalid arready"),
        ("awvalid", idle),
        // Data later than the address.
        ("", "wready arready"),
        ("bready wvalid", "wready arready"),
        ("bready", "bvalid arready"),
        // Data before the address.
        ("wvalid", idle),
        ("wvalid", "awready arready"),
        ("awvalid wvalid", "awready arready"),
        ("wvalid bready", "bvalid arready"),
        // The data that waited belongs to the next write.
        ("wvalid awvalid arvalid", idle),
        ("arvalid", "bvalid rvalid"),
        ("arvalid bready rready", "bvalid rvalid"),
        // The read that waited is taken now.
        ("arvalid rready", idle),
        ("rready", "awready wready rvalid"),
        ("", idle),
    ] {
        assert_eq!(cycle(&mut simulator, inputs), outputs, "{inputs}");
    }
}

fn refusal(text: &str, allow_oversize: bool) -> String {
    let config = Config::from_toml_str(text, "test.toml").expect("valid");
    let error =
        Core::new(&config, DestinationPort::Keep, allow_oversize).expect_err("it does not fit");
    error.to_string()
}

#[test]
fn what_the_datapath_has_no_place_for_is_refused() {
    for (text, wanted) in [
        (
            "bus.data_bits = 512",
            "bus.data_bits = 512: the datapath of the reference projects has 1024 bits; use --data-bits 1024",
        ),
        (
            "bus.tuser_bits = 64",
            "bus.tuser_bits = 64: the datapath has 128 bits; leave it out",
        ),
        (
            "name = \"history\"",
            "name = \"history\": the core itself is called history_sequencer; choose another with --name",
        ),
        (
            "history.row = \"connection-tracker\"\nhistory.rows = 7\nspray.cores = 7\ntimestamp.source = \"port\"",
            "timestamp.source = \"port\": the datapath has no port for the time; use --timestamp counter",
        ),
        (
            "spray.steering = \"tdest\"",
            "spray.steering = \"tdest\": the datapath has no tdest; use --steering source-mac or vlan",
        ),
        (
            "bus.tuser_bits = 128\nspray.steering = \"tuser\"\nspray.tuser_offset_bits = 31\nspray.tuser_core_bits = 8",
            "spray.tuser_offset_bits = 31: bits 0 to 31 of tuser hold length and ports; use --tuser-offset-bits 32 or more",
        ),
    ] {
        assert_eq!(refusal(text, false), wanted);
    }
}

#[test]
fn frames_that_the_queues_cannot_always_take_are_refused_unless_allowed() {
    // 14 beats are 1792 bytes, 1514 of which are the frame's.
    let rows = |bytes: usize| {
        format!(
            "spray.cores = 1\nhistory.rows = 1\nhistory.field = [{{ source = \"ipv4.source\" }}]\n\
             prefix.section = [{{ kind = \"ethernet\" }}, {{ kind = \"rows\" }}, {{ kind = \"padding\", bytes = {} }}]",
            bytes - 18
        )
    };
    let fits = |bytes| {
        let config = Config::from_toml_str(&rows(bytes), "test.toml").expect("valid");
        Core::new(&config, DestinationPort::Keep, true).expect("allowed")
    };
    assert!(fits(278).oversize().is_none());
    assert_eq!(fits(278).safe_frame_bytes(), 1514);
    assert_eq!(
        refusal(&rows(279), false),
        "the prefix of 279 bytes makes frames of up to 1793 bytes, 15 beats: the output queues always take 14 beats, \
         and can be overrun by more; use fewer rows or shorter ones (the prefix may have 278 bytes), or --allow-oversize \
         if no frame at the ports is longer than 1513 bytes"
    );
    assert_eq!(fits(279).safe_frame_bytes(), 1513);
    assert_eq!(fits(1732).safe_frame_bytes(), 60);
    assert_eq!(
        refusal(&rows(1733), true),
        "the prefix has 1733 bytes: the output queues always take 14 beats, and can be overrun by more, so behind it not \
         even the shortest frame of 60 bytes is safe; use fewer rows or shorter ones"
    );
    // 27 beats are 3456 bytes; one byte more is a beat more, and is not to be had by allowing it.
    let stops = "the prefix of 1943 bytes makes frames of up to 3457 bytes, 28 beats: the width converters hold 27 beats, and \
                 stop for ever at more; use fewer rows or shorter ones (the prefix may have 1942 bytes here, and 278 for \
                 the output queues)";
    assert_eq!(refusal(&rows(1943), false), stops);
    assert_eq!(refusal(&rows(1943), true), stops);
    assert!(refusal(&rows(1942), true).starts_with("the prefix has 1942 bytes: the output queues"));
}
