use rand::RngExt;
use seqnic_hdl::blocks::frame_copier::{CopySpec, frame_copier};
use seqnic_hdl::rtl::MemoryStyle;

use super::bench::{Bench, chance, frames, random};

const SPEC: CopySpec = CopySpec {
    data_bits: 128,
    most_bytes: 100,
    note_bits: 20,
    targets: 4,
    number_bits: 4,
    style: MemoryStyle::Distributed,
    beats: 32,
    orders: 8,
};

/// A copy as it was ordered, or as it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Copy {
    target: u64,
    number: u64,
    note: u64,
    bytes: Vec<u8>,
}

/// A copier, what reads it, and what it was asked for.
struct Run {
    spec: CopySpec,
    bench: Bench,
    asked: Vec<Copy>,
    out: Vec<Copy>,
    /// Words of the copy in front that were read.
    words: Vec<u8>,
}

impl Run {
    fn new(spec: CopySpec) -> Self {
        Self {
            spec,
            bench: Bench::new(frame_copier("copier", spec)),
            asked: Vec::new(),
            out: Vec::new(),
            words: Vec::new(),
        }
    }

    /// A cycle, with a beat on the bus, or none; `reads`: the copy in front is read on.
    fn cycle(&mut self, beat: Option<(&[u8], bool)>, wanted: bool, beside: [u64; 2], reads: bool) {
        let bench = &mut self.bench;
        let (bytes, last) = beat.unwrap_or((&[0xee; 4], false));
        bench.set("accept", beat.is_some().into());
        bench.set_bytes("tdata", bytes);
        let keep: Vec<u64> = (0..self.spec.data_bits / 8)
            .step_by(64)
            .map(|first| {
                let kept = bytes.len().saturating_sub(first).min(64) as u32;
                u64::MAX.checked_shr(64 - kept).unwrap_or(0)
            })
            .collect();
        bench.set_words("tkeep", &keep);
        bench.set("tlast", last.into());
        bench.set("wanted", wanted.into());
        let [target, note] = beside;
        bench.set("note", note);
        if self.spec.targets > 1 {
            bench.set("target", target);
        }
        let copies = self.spec.most_bytes > 0;
        if copies {
            bench.set("word_ready", 0);
        }
        bench.set("order_ready", 0);
        bench.eval();
        if reads && bench.get("order_valid") == 1 {
            let length = bench.get("order_bytes") as usize;
            let bus_bytes = self.spec.data_bits / 8;
            if copies {
                self.words.extend(bench.bytes("word", bus_bytes));
                bench.set("word_ready", 1);
            }
            if self.words.len() >= length {
                self.words.truncate(length);
                self.out.push(Copy {
                    target: bench.get("order_target"),
                    number: bench.get("order_number"),
                    note: bench.get("order_note"),
                    bytes: std::mem::take(&mut self.words),
                });
                bench.set("order_ready", 1);
            }
            bench.eval();
        }
        bench.clock();
    }

    /// Sends frames; so many percent of them are wanted, and so many percent of the cycles read.
    fn send(&mut self, frames: &[Vec<u8>], wanted: u32, idle: u32, reads: u32, seed: u64) {
        let mut random = random(seed);
        for frame in frames {
            let is_wanted = chance(&mut random, wanted);
            let note = self.asked.len() as u64 * 77 % (1 << self.spec.note_bits);
            let target = random.random_range(0..self.spec.targets as u64);
            if is_wanted {
                let before = self.asked.iter().filter(|copy| copy.target == target);
                let copied = frame.len().min(self.spec.most_bytes);
                self.asked.push(Copy {
                    target,
                    number: before.count() as u64 % (1 << self.spec.number_bits),
                    note,
                    bytes: frame[..copied].to_vec(),
                });
            }
            let beats = frame.chunks(self.spec.data_bits / 8);
            let last = beats.len() - 1;
            for (index, bytes) in beats.enumerate() {
                while chance(&mut random, idle) {
                    let reads = chance(&mut random, reads);
                    self.cycle(None, true, [!0; 2], reads);
                }
                // What is said with other beats than the first does not count.
                let (wanted, beside) = match index {
                    0 => (is_wanted, [target, note]),
                    _ => (!is_wanted, [!target, !note]),
                };
                let reads = chance(&mut random, reads);
                self.cycle(Some((bytes, index == last)), wanted, beside, reads);
            }
        }
    }

    /// Reads all that is left.
    fn drain(&mut self) {
        for _ in 0..self.spec.beats + 20 {
            self.cycle(None, true, [0; 2], true);
        }
        self.bench.eval();
    }
}

#[test]
fn copies_the_first_bytes_of_every_wanted_frame() {
    for data_bits in [64, 128, 512, 1024] {
        for style in [MemoryStyle::Distributed, MemoryStyle::Block] {
            for (most_bytes, targets) in [
                (0, 2),
                (1, 1),
                (60, 8),
                (64, 1),
                (100, 4),
                (128, 64),
                (255, 2),
            ] {
                let spec = CopySpec {
                    targets,
                    data_bits,
                    style,
                    most_bytes,
                    ..SPEC
                };
                let mut run = Run::new(CopySpec {
                    beats: 8 * spec.most_beats().max(1).next_power_of_two(),
                    orders: 16,
                    ..spec
                });
                run.send(&frames(80, 5), 40, 30, 100, most_bytes as u64);
                run.drain();
                assert!(run.asked.len() > 10);
                assert_eq!(run.out, run.asked, "{spec:?}");
                assert_eq!(run.bench.get("dropped"), 0, "{spec:?}");
            }
        }
    }
}

#[test]
fn a_copy_is_left_out_as_a_whole_and_counted_and_the_numbers_go_on() {
    for (reads, orders) in [(2, 8), (20, 8), (50, 2), (50, 32)] {
        let spec = CopySpec { orders, ..SPEC };
        let mut run = Run::new(spec);
        let mut frames = frames(300, 9);
        frames.iter_mut().for_each(|frame| frame.truncate(120));
        run.send(&frames, 90, 10, reads, 3);
        run.drain();
        let mut asked = run.asked.iter();
        // What came out was asked for, in this order; the others are missing as a whole.
        for copy in &run.out {
            assert!(
                asked.any(|other| other == copy),
                "{reads} % reads, {orders} orders: {copy:?} was not asked for, or not in this order"
            );
        }
        let missing = run.asked.len() - run.out.len();
        assert_eq!(run.bench.get("dropped") as usize, missing, "{reads} %");
        assert!(missing > 10, "{reads} % reads leave nothing out");
        assert!(run.out.len() > 10, "{reads} % reads leave all out");
    }
}

#[test]
fn keeps_as_many_copies_as_there_is_room_for_when_nothing_is_read() {
    // A copy of 100 bytes is 7 beats of 16: 32 beats hold 4 of them, and 7 frames of one beat if there are 8 orders.
    for (length, beats, orders, kept) in [(200, 32, 8, 4), (16, 32, 8, 8), (16, 16, 32, 10)] {
        let spec = CopySpec {
            beats,
            orders,
            ..SPEC
        };
        let mut run = Run::new(spec);
        let frames: Vec<Vec<u8>> = (0..50).map(|number| vec![number; length]).collect();
        run.send(&frames, 100, 0, 0, 1);
        run.drain();
        assert_eq!(run.out, run.asked[..kept], "{length} bytes, {beats} beats");
        assert_eq!(run.bench.get("dropped"), 50 - kept as u64);
        // Afterwards there is room again, and the numbers tell what is missing.
        run.send(&[vec![1; length]], 100, 0, 100, 2);
        run.drain();
        assert_eq!(run.out.last(), run.asked.last());
        assert_eq!(run.out.len(), kept + 1);
    }
}
