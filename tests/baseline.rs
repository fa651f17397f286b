//! The baseline of the report does what the sequencer does: it is held against the same golden model.

use std::sync::Arc;

use seqnic_hdl::blocks::axis::{self, Beat, Shape, SlavePort};
use seqnic_hdl::rtl::{Design, Module, Reset, Simulator};
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_synth::baseline;
use seqnic_testbench::axis::Pause;
use seqnic_testbench::{Cosim, Options, Report};

fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").expect("a valid configuration")
}

/// The baseline behind a register for a beat and the time at which it came. Without it the baseline sends the prefix of a
/// frame that is still waiting at the port, and the testbench takes a frame to be there only when it is accepted.
fn registered(config: &Config) -> Arc<Design> {
    let design = baseline(config).expect("it builds").expect("it exists");
    let mut m = Module::new(
        "registered_baseline",
        "The baseline with an input register.",
    );
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: 0,
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let out_ready = m.input("m_axis_tready", 1);
    let time = m.input("timestamp", 64);
    let full = m.register("full", 1, Reset::To(0));
    let accept = m.wire("accept", &input.valid & &input.ready);
    let held = shape.unpack(&m.captured("held", &accept, input.beat.pack()));
    let held_time = m.captured("held_time", &accept, &time);

    let inner = m.instance("baseline", &design);
    let taken = axis::connect_slave(&mut m, inner, "s_axis", &held, &full);
    m.connect(inner, "m_axis_tready", &out_ready);
    m.connect(inner, "timestamp", &held_time);
    let (beat, valid): (Beat, _) = axis::master_of(&mut m, inner, "m_axis", shape);
    m.drive(&input.ready, !&full | &taken);
    m.next(&full, &accept | (&full & !&taken));
    axis::drive_master_port(&mut m, "m_axis", &beat, &valid);
    m.build().expect("it builds")
}

/// Runs the baseline against the model; panics where they differ.
fn agree(config: &Config, pauses_percent: u8, trace: TraceSpec) -> Report {
    let design = registered(config);
    let options = Options {
        stall: Pause::Percent(pauses_percent),
        idle: Pause::Percent(pauses_percent),
        seed: 5,
        ..Options::default()
    };
    let mut cosim = Cosim::new(Simulator::new(&design, 1), config, options).expect("its ports");
    let packets = Trace::new(&trace).expect("a valid trace");
    cosim
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn equals_the_model_for_every_bus_width_and_number_of_rows() {
    for data_bits in [64, 256, 512, 1024, 2048] {
        for rows in [1, 3, 16, 32, 128] {
            let cores = rows.min(16);
            let config = config(&format!(
                "bus.data_bits = {data_bits}\nhistory = {{ row = 'table2', rows = {rows} }}\n\
                 spray.cores = {cores}\ntimestamp.source = 'port'"
            ));
            agree(&config, 20, TraceSpec::new(TraceKind::Uniform, 60, rows));
            agree(&config, 0, TraceSpec::new(TraceKind::Headers, 40, rows));
        }
    }
}

#[test]
fn equals_the_model_with_other_rows_and_prefixes() {
    for (row, prefix) in [
        ("connection-tracker", "layout = 'paper', index_bytes = 4"),
        ("heavy-hitter", "layout = 'paper-padded'"),
        (
            "ddos-mitigator",
            "section = [{ kind = 'rows' }, { kind = 'ethernet' }, { kind = 'index-pointer', order = 'big' }]",
        ),
    ] {
        let config = config(&format!(
            "history = {{ row = '{row}', rows = 20 }}\nprefix = {{ {prefix} }}\ntimestamp.source = 'port'"
        ));
        agree(&config, 20, TraceSpec::new(TraceKind::Uniform, 200, 7));
    }
}

#[test]
fn keeps_the_output_busy_on_a_bus_that_holds_all_headers() {
    let config = config("history.rows = 16\ntimestamp.source = 'port'");
    let mut trace = TraceSpec::new(TraceKind::Dctcp, 500, 2);
    trace.frame_bytes = Some(64);
    assert_eq!(agree(&config, 0, trace).output_bus_share(), 1.0);
}

#[test]
fn there_is_none_for_prefixes_that_the_simple_design_does_not_have() {
    for toml in [
        "prefix.layout = 'bpf-profile'",
        "history.row = 'none'",
        "spray.steering = 'tdest'",
        "bus.tuser_bits = 8",
    ] {
        assert!(
            baseline(&config(toml)).expect("no error").is_none(),
            "{toml}"
        );
    }
}
