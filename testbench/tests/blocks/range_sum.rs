use rand::RngExt;
use seqnic_hdl::blocks::range_sum::{latency_cycles, range_sum};

use super::bench::{Bench, chance, random};

/// What is asked of a frame: the first word, and the one behind the last.
type Range = Option<(usize, usize)>;

/// What is known of it: the sum, and whether the frame has all of it.
fn expected(frame: &[u8], range: Range) -> Option<u64> {
    let (from, until) = range?;
    let bytes = frame.get(4 * from + 2..4 * until + 2)?;
    let halves = bytes
        .chunks(2)
        .map(|half| u64::from(half[0]) << 8 | u64::from(half[1]));
    let mut sum: u64 = halves.sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    Some(sum)
}

/// Sums of frames, each in the cycle in which it must be known at the latest.
fn sums(data_bits: usize, frames: &[(Vec<u8>, Range)], idle: u32) -> Vec<Option<u64>> {
    let mut bench = Bench::new(range_sum("summer", data_bits));
    let mut random = random(data_bits as u64);
    let bus_bytes = data_bits / 8;
    let mut known = Vec::new();
    let mut cycle = |bench: &mut Bench| {
        bench.eval();
        if bench.get("summed") == 1 {
            let complete = bench.get("complete") == 1;
            known.push(complete.then(|| bench.get("sum")));
        }
        bench.clock();
    };
    for (frame, range) in frames {
        let last = frame.len().div_ceil(bus_bytes) - 1;
        for (index, bytes) in frame.chunks(bus_bytes).enumerate() {
            let mut beat = vec![0xee; bus_bytes];
            beat[..bytes.len()].copy_from_slice(bytes);
            bench.set_bytes("tdata", &beat);
            let keep: Vec<u64> = (0..bus_bytes)
                .step_by(64)
                .map(|first| {
                    let kept = bytes.len().saturating_sub(first).min(64) as u32;
                    u64::MAX.checked_shr(64 - kept).unwrap_or(0)
                })
                .collect();
            bench.set_words("tkeep", &keep);
            bench.set("tlast", (index == last).into());
            bench.set("some", range.is_some().into());
            let (from, until) = range.unwrap_or((5, 9));
            bench.set("from", from as u64);
            bench.set("stop", until as u64);
            // A beat may stand there before it is accepted.
            while chance(&mut random, idle) {
                bench.set("accept", 0);
                cycle(&mut bench);
            }
            bench.set("accept", 1);
            cycle(&mut bench);
        }
    }
    bench.set("accept", 0);
    for _ in 0..latency_cycles(data_bits) {
        cycle(&mut bench);
    }
    known
}

#[test]
fn sums_the_words_of_each_frame_and_says_whether_they_are_all_there() {
    for data_bits in [64, 128, 256, 512, 1024, 2048] {
        let mut random = random(3);
        let frames: Vec<(Vec<u8>, Range)> = (0..400)
            .map(|number| {
                let most = [70, 200, 1_300][number % 3];
                let ones = number % 5 == 0;
                let frame = (0..random.random_range(1..most))
                    .map(|_| if ones { 0xff } else { random.random() });
                let frame: Vec<u8> = frame.collect();
                let from = random.random_range(8..32);
                let words = match number % 4 {
                    0 => random.random_range(1..=258),
                    1 => random.random_range(1..8),
                    // Up to the last whole word, or one more.
                    _ => (frame.len() / 4)
                        .saturating_sub(from + number % 2)
                        .clamp(1, 258),
                };
                (frame, (number % 7 > 0).then_some((from, from + words)))
            })
            .collect();
        let all: Vec<Option<u64>> = frames
            .iter()
            .map(|(frame, range)| expected(frame, *range))
            .collect();
        let complete = all.iter().flatten().count();
        assert!((100..350).contains(&complete), "{complete} are complete");
        for idle in [0, 40] {
            let known = sums(data_bits, &frames, idle);
            assert_eq!(known.len(), all.len(), "{data_bits} bits, {idle} % idle");
            for (number, (known, expected)) in known.iter().zip(&all).enumerate() {
                let (frame, range) = &frames[number];
                // Nothing but ones is as good as nothing: both are 0.
                assert_eq!(
                    known,
                    expected,
                    "{data_bits} bits, {idle} % idle, frame {number} of {} bytes, {range:?}",
                    frame.len()
                );
            }
        }
    }
}

#[test]
fn the_longest_stack_is_summed_to_these_numbers() {
    // 258 words of 0x0102 0x0304: 258 * 0x0406 is 0x40e0c, folded 0x0e10.
    let mut frame = vec![0xff; 46];
    frame.extend([1, 2, 3, 4].repeat(258));
    let whole = (frame.clone(), Some((11, 269)));
    frame.pop();
    let cut = (frame, Some((11, 269)));
    for data_bits in [64, 512] {
        let frames = [whole.clone(), cut.clone(), whole.clone()];
        assert_eq!(
            sums(data_bits, &frames, 0),
            [Some(0x0e10), None, Some(0x0e10)]
        );
    }
}
