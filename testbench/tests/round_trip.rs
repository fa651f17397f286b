//! What goes through the sequencer and the stripper comes back as it was.

mod common;

use common::{config, options, sequencer, stress, stripper, trace};
use seqnic_sim::traffic::TraceKind;
use seqnic_spec::Config;
use seqnic_testbench::RoundTrip;

fn comes_back(config: &Config, stall: u8, idle: u8) {
    let packets = || stress(80, 5).chain(trace(TraceKind::Dctcp, 80, 6));
    let mut trip = RoundTrip::new(sequencer(config), stripper(config), config, options(stall, idle, 7))
        .unwrap_or_else(|error| panic!("{error}"));
    let (sequenced, stripped) = trip.run(packets()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((sequenced.frames_in, stripped.frames_out), (160, 160));
    assert_eq!(sequenced.bytes_in, stripped.bytes_out);
    assert_eq!(sequenced.bytes_out, sequenced.bytes_in + 160 * config.prefix_bytes() as u64);
}

#[test]
fn frames_come_back_as_they_were() {
    for data_bits in [64, 128, 256, 512, 1024, 2048] {
        for (row, rows, layout) in [
            ("table2", 16, "paper"),
            ("connection-tracker", 7, "bpf-profile"),
            ("heavy-hitter", 3, "bpf-profile-numbered"),
            ("none", 1, "paper"),
        ] {
            let config = config(&format!(
                r#"
                bus = {{ data_bits = {data_bits}, tuser_bits = 16 }}
                history = {{ row = "{row}", rows = {rows} }}
                prefix.layout = "{layout}"
                spray.cores = 4
                "#
            ));
            comes_back(&config, 0, 0);
            comes_back(&config, 30, 30);
        }
    }
}
