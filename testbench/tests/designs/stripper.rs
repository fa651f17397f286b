//! The stripper gives back the original frames.

use super::Engines;
use crate::common::{config, frames_of, options, stress};
use crate::engines;

/// A configuration with a prefix of so many bytes.
fn with_prefix(data_bits: usize, prefix_bytes: usize, tuser_bits: usize) -> seqnic_spec::Config {
    config(&format!(
        r#"
        bus = {{ data_bits = {data_bits}, tuser_bits = {tuser_bits} }}
        history.row = "none"
        prefix.section = [{{ kind = "padding", bytes = {prefix_bytes} }}]
        spray.steering = "tdest"
        "#
    ))
}

#[test]
fn removes_prefixes_of_every_size() {
    let Some(engines) = engines() else { return };
    let sizes = (1..=20).chain([63, 64, 65, 127, 128, 129, 255, 256, 257, 1000]);
    let buses = [64, 128, 512, 1024, 2048];
    for (data_bits, prefix_bytes) in engines.cases(buses).by(sizes) {
        let config = with_prefix(data_bits, prefix_bytes, 0);
        let beat = data_bits / 8;
        let lengths = (1..=2 * beat + 2)
            .step_by(1 + beat / 16)
            .map(|length| prefix_bytes + length);
        engines.stripper_agrees(&config, options(0, 0, 1), frames_of(lengths.clone(), 1));
        engines.stripper_agrees(&config, options(30, 30, 2), frames_of(lengths, 2));
    }
}

#[test]
fn drops_frames_that_are_nothing_but_a_prefix() {
    let Some(engines) = engines() else { return };
    let sizes = [1, 14, 32, 64, 100, 128];
    for (data_bits, prefix_bytes) in engines.cases([64, 256, 1024]).by(sizes) {
        let config = with_prefix(data_bits, prefix_bytes, 12);
        let lengths: Vec<usize> = (1..=prefix_bytes + 3)
            .chain((1..=prefix_bytes + 3).rev())
            .collect();
        let report = engines.stripper_agrees(
            &config,
            options(20, 20, 1),
            frames_of(lengths.iter().copied(), 1),
        );
        assert_eq!(
            (report.frames_in, report.frames_out),
            (lengths.len() as u64, 6)
        );
    }
}

#[test]
fn passes_frames_through_where_there_is_no_prefix() {
    let Some(engines) = engines() else { return };
    let config = config(
        "history.row = \"none\"\nprefix.section = []\nspray.steering = \"tdest\"\nbus.data_bits = 128",
    );
    let report = engines.stripper_agrees(&config, options(20, 20, 1), stress(100, 1));
    assert_eq!(report.bytes_in, report.bytes_out);
}

#[test]
fn holds_the_tuser_of_the_first_beat() {
    let Some(engines) = engines() else { return };
    for tuser_bits in engines.cases([1, 63, 64, 65, 128, 512]) {
        let config = with_prefix(256, 46, tuser_bits);
        engines.stripper_agrees(&config, options(0, 0, 1), stress(100, 1));
        engines.stripper_agrees(&config, options(40, 20, 2), stress(100, 2));
    }
}

#[test]
fn strips_random_frames_of_all_lengths() {
    let Some(engines) = engines() else { return };
    let buses = [64, 128, 256, 512, 1024, 2048];
    for (data_bits, row) in engines.cases(buses).by(["table2", "connection-tracker"]) {
        let config = config(&format!(
            "bus.data_bits = {data_bits}\nhistory.row = \"{row}\"\nspray.cores = 8"
        ));
        engines.stripper_agrees(&config, options(0, 0, 1), stress(150, 3));
        engines.stripper_agrees(&config, options(35, 15, 2), stress(150, 4));
    }
}
