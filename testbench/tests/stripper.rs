//! The stripper gives back the original frames.

mod common;

use common::{config, frames_of, options, stress, stripper_agrees};

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
    for data_bits in [64, 128, 512, 1024, 2048] {
        for prefix_bytes in (1..=20).chain([63, 64, 65, 127, 128, 129, 255, 256, 257, 1000]) {
            let config = with_prefix(data_bits, prefix_bytes, 0);
            let beat = data_bits / 8;
            let lengths = (1..=2 * beat + 2)
                .step_by(1 + beat / 16)
                .map(|length| prefix_bytes + length);
            stripper_agrees(&config, options(0, 0, 1), frames_of(lengths.clone(), 1));
            stripper_agrees(&config, options(30, 30, 2), frames_of(lengths, 2));
        }
    }
}

#[test]
fn drops_frames_that_are_nothing_but_a_prefix() {
    for data_bits in [64, 256, 1024] {
        for prefix_bytes in [1, 14, 32, 64, 100, 128] {
            let config = with_prefix(data_bits, prefix_bytes, 12);
            let lengths: Vec<usize> = (1..=prefix_bytes + 3)
                .chain((1..=prefix_bytes + 3).rev())
                .collect();
            let report = stripper_agrees(
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
}

#[test]
fn passes_frames_through_where_there_is_no_prefix() {
    let config = config(
        "history.row = \"none\"\nprefix.section = []\nspray.steering = \"tdest\"\nbus.data_bits = 128",
    );
    let report = stripper_agrees(&config, options(20, 20, 1), stress(100, 1));
    assert_eq!(report.bytes_in, report.bytes_out);
}

#[test]
fn holds_the_tuser_of_the_first_beat() {
    for tuser_bits in [1, 63, 64, 65, 128, 512] {
        let config = with_prefix(256, 46, tuser_bits);
        stripper_agrees(&config, options(0, 0, 1), stress(100, 1));
        stripper_agrees(&config, options(40, 20, 2), stress(100, 2));
    }
}

#[test]
fn strips_random_frames_of_all_lengths() {
    for data_bits in [64, 128, 256, 512, 1024, 2048] {
        for row in ["table2", "connection-tracker"] {
            let config = config(&format!(
                "bus.data_bits = {data_bits}\nhistory.row = \"{row}\"\nspray.cores = 8"
            ));
            stripper_agrees(&config, options(0, 0, 1), stress(150, 3));
            stripper_agrees(&config, options(35, 15, 2), stress(150, 4));
        }
    }
}
