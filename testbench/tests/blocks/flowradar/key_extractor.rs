use seqnic_hdl::blocks::flowradar::key_extractor::key_extractor;
use seqnic_sim::model::flowradar::FlowKey;
use seqnic_sim::traffic::TraceKind;

use super::encoder;
use crate::bench::{Bench, chance, frames, frames_of, random};

/// Plays frames and compares their keys and lengths with the model's, in order.
fn compare(data_bits: usize, keys: &str, pauses: u32) {
    let encoder = encoder(keys);
    let geometry = encoder.geometry();
    let mut bench = Bench::new(key_extractor("key_extractor", data_bits, geometry));
    let mut random = random(data_bits as u64);
    let (mut found, mut expected) = (Vec::new(), Vec::new());
    let bus_bytes = data_bits / 8;
    let mut cycle = |bench: &mut Bench, beat: Option<(&[u8], bool)>| {
        let (bytes, last) = beat.unwrap_or((&[0xee; 4], true));
        bench.set("accept", beat.is_some().into());
        bench.set_bytes("tdata", bytes);
        let keep = (0..bus_bytes).step_by(64).map(|first| {
            u64::MAX
                .checked_shr(64 - bytes.len().saturating_sub(first).min(64) as u32)
                .unwrap_or(0)
        });
        bench.set_words("tkeep", &keep.collect::<Vec<_>>());
        bench.set("tlast", last.into());
        bench.eval();
        if bench.get("valid") == 1 {
            let length = match geometry.byte_counts {
                true => bench.get("bytes"),
                false => 0,
            };
            found.push((FlowKey::from_words(bench.words("key")), length));
        }
        bench.clock();
    };
    let all = frames(120, 5)
        .into_iter()
        .chain(frames_of(TraceKind::Headers, 400, 6));
    for frame in all {
        let beats = frame.chunks(bus_bytes);
        let last = beats.len() - 1;
        for (index, bytes) in beats.enumerate() {
            while chance(&mut random, pauses) {
                cycle(&mut bench, None);
            }
            cycle(&mut bench, Some((bytes, index == last)));
        }
        let length = match geometry.byte_counts {
            true => frame.len() as u64,
            false => 0,
        };
        expected.push((FlowKey::of_frame(&frame, geometry.key), length));
    }
    for _ in 0..8 {
        cycle(&mut bench, None);
    }
    assert_eq!(found.len(), expected.len(), "{data_bits} bits, {keys}");
    for (number, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "frame {number}, {data_bits} bits, {keys}");
    }
    let distinct = |key: &&(FlowKey, u64)| key.0 != FlowKey::default();
    assert!(expected.iter().filter(distinct).count() > 200);
}

#[test]
fn keys_and_lengths_are_those_of_the_model_on_every_bus() {
    for data_bits in [64, 128, 256, 512, 1024, 2048] {
        for key in ["five-tuple", "ipv6-five-tuple"] {
            for byte_counts in [false, true] {
                let keys = format!("key = \"{key}\"\nbyte_counts = {byte_counts}");
                compare(data_bits, &keys, 0);
                compare(data_bits, &keys, 30);
            }
        }
    }
}
