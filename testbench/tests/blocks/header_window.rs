use seqnic_hdl::blocks::header_window::{WINDOW_BYTES, Wanted, header_window};

use super::bench::{Bench, chance, frames, random};

/// What the window showed of one frame.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    bytes: Vec<u8>,
    time: u64,
}

#[test]
fn shows_the_first_bytes_the_time_and_the_length_of_every_frame() {
    for data_bits in [64, 128, 256, 512, 1024, 2048] {
        for pauses in [0, 40] {
            watch(data_bits, pauses);
        }
    }
}

fn watch(data_bits: usize, pauses: u32) {
    let place = format!("{data_bits} bits, {pauses} % pauses");
    let wanted = Wanted {
        time: true,
        length: true,
        first: true,
    };
    let mut bench = Bench::new(header_window("collector", data_bits, wanted));
    let mut random = random(data_bits as u64);
    let (mut headers, mut lengths) = (Vec::new(), Vec::new());
    let frames = frames(150, data_bits as u64);
    let mut expected = Vec::new();
    let mut now = 1000;
    let mut cycle = |bench: &mut Bench, beat: Option<(&[u8], bool)>| {
        let (bytes, last) = beat.unwrap_or((&[0xee; 4], false));
        bench.set("accept", beat.is_some().into());
        bench.set_bytes("tdata", bytes);
        let keep: Vec<u64> = (0..data_bits / 8)
            .step_by(64)
            .map(|first| {
                u64::MAX
                    .checked_shr(64 - bytes.len().saturating_sub(first).min(64) as u32)
                    .unwrap_or(0)
            })
            .collect();
        bench.set_words("tkeep", &keep);
        bench.set("tlast", last.into());
        bench.set("time_now", now);
        bench.eval();
        if bench.get("header_valid") == 1 {
            let keep = bench.words("window_keep");
            let kept = (keep[0].count_ones() + keep[1].count_ones()) as usize;
            headers.push(Shown {
                bytes: bench.bytes("window", kept),
                time: bench.get("header_time"),
            });
        }
        if bench.get("frame_valid") == 1 {
            lengths.push(bench.get("frame_length"));
            assert_eq!(
                lengths.len(),
                headers.len(),
                "{place}: the frame ended before its header was known"
            );
        }
        now += 1;
        bench.clock();
        now - 1
    };
    for frame in &frames {
        let beats = frame.chunks(data_bits / 8);
        let last = beats.len() - 1;
        for (index, bytes) in beats.enumerate() {
            while chance(&mut random, pauses) {
                cycle(&mut bench, None);
            }
            let time = cycle(&mut bench, Some((bytes, index == last)));
            if index == 0 {
                let bytes = frame[..frame.len().min(WINDOW_BYTES)].to_vec();
                expected.push(Shown { bytes, time });
            }
        }
    }
    cycle(&mut bench, None);
    assert_eq!(headers, expected, "{place}");
    assert_eq!(
        lengths,
        frames
            .iter()
            .map(|frame| frame.len() as u64)
            .collect::<Vec<_>>(),
        "{place}"
    );
}
