use seqnic_hdl::tops::row_path;
use seqnic_sim::model::RowExtractor;
use seqnic_sim::traffic::TraceKind;
use seqnic_spec::{Config, HeaderField, RowPreset};

use super::bench::{Bench, chance, config, frames, frames_of, random};

/// Plays frames through the row path and compares each row with the model's.
fn compare(config: &Config, pauses: u32, seed: u64) {
    let place = format!("seed {seed}, {pauses} % pauses, {}", config.to_toml());
    let mut bench = Bench::new(row_path(config));
    let model = RowExtractor::new(config.row());
    let mut random = random(seed);
    let (mut rows, mut expected) = (Vec::new(), Vec::new());
    let (mut now, timed) = (seed << 32, bench.has("time_now"));
    let mut cycle = |bench: &mut Bench, beat: Option<(&[u8], bool)>| {
        let (bytes, last) = beat.unwrap_or((&[0xee; 4], true));
        bench.set("accept", beat.is_some().into());
        bench.set_bytes("tdata", bytes);
        let keep = (0..config.bus_bytes()).step_by(64).map(|first| {
            u64::MAX
                .checked_shr(64 - bytes.len().saturating_sub(first).min(64) as u32)
                .unwrap_or(0)
        });
        bench.set_words("tkeep", &keep.collect::<Vec<_>>());
        bench.set("tlast", last.into());
        if timed {
            bench.set("time_now", now);
        }
        bench.eval();
        if bench.get("row_valid") == 1 {
            rows.push(bench.bytes("row", model.bytes()));
        }
        bench.clock();
        now += 4;
        now - 4
    };
    for frame in frames(150, seed)
        .into_iter()
        .chain(frames_of(TraceKind::Headers, 250, seed))
    {
        let beats = frame.chunks(config.bus_bytes());
        let last = beats.len() - 1;
        for (index, bytes) in beats.enumerate() {
            while chance(&mut random, pauses) {
                cycle(&mut bench, None);
            }
            let time = cycle(&mut bench, Some((bytes, index == last)));
            if index == 0 {
                let mut row = vec![0; model.bytes()];
                model.fill(&frame, time, &mut row);
                expected.push(row);
            }
        }
    }
    cycle(&mut bench, None);
    assert_eq!(rows, expected, "{place}");
    let filled = expected
        .iter()
        .filter(|row| row.iter().any(|&byte| byte != 0))
        .count();
    assert!(filled > 0, "{place}: only {filled} rows are not zero");
}

#[test]
fn every_preset_gives_the_rows_of_the_model_on_every_bus_width() {
    for preset in RowPreset::ALL
        .iter()
        .filter(|&&preset| preset != RowPreset::None)
    {
        for data_bits in [64, 128, 256, 512, 1024, 2048] {
            let toml = format!(
                "bus.data_bits = {data_bits}\nhistory.row = \"{}\"",
                preset.name()
            );
            compare(&config(&toml), data_bits % 3 * 20, u64::from(data_bits));
        }
    }
}

#[test]
fn every_header_field_alone_gives_the_rows_of_the_model() {
    for (index, field) in HeaderField::ALL.iter().enumerate() {
        for (data_bits, order) in [(64, "little"), (1024, "big")] {
            let toml = format!(
                "bus.data_bits = {data_bits}\nhistory.field = [{{ source = \"{}\", order = \"{order}\" }}]",
                field.name()
            );
            compare(&config(&toml), 0, index as u64);
        }
    }
}

#[test]
fn widths_orders_predicates_constants_and_lengths_are_laid_out_as_in_the_model() {
    let rows = [
        r#"{source = "frame.length", bytes = 4, order = "little"}, {source = "constant:0xab", bytes = 3}"#,
        r#"{source = "timestamp", bytes = 3}, {source = "timestamp", bytes = 8, order = "little", name = "later"}"#,
        r#"{source = "ipv4.source", bytes = 2}, {source = "ipv4.ttl", bytes = 5, order = "little"}"#,
        r#"{source = "tcp.flags&0x12=0x02"}, {source = "tcp.ack", bytes = 2}, {source = "ports.source"}"#,
        r#"{source = "frame.length"}, {source = "tcp.sequence"}, {source = "timestamp", bytes = 4}"#,
        r#"{source = "frame.length"}, {source = "ethernet.ethertype"}, {source = "ethernet.source", bytes = 1}"#,
    ];
    for (index, row) in rows.iter().enumerate() {
        for data_bits in [64, 256, 1024, 2048] {
            let toml = format!("bus.data_bits = {data_bits}\nhistory.field = [{row}]");
            compare(&config(&toml), 30, index as u64);
        }
    }
}
