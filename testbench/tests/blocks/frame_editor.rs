use std::collections::VecDeque;
use std::ops::RangeInclusive;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::frame_editor::{EditorSpec, LAST_PLACE, frame_editor};

use super::bench::{Bench, chance, random};

/// What is done to a frame, in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edit {
    pub at: usize,
    pub remove: usize,
    pub insert: Vec<u8>,
    pub patches: Vec<Option<(usize, [u8; 4])>>,
    pub user: u64,
}

impl Edit {
    /// It leaves a frame alone.
    pub fn is_nothing(&self) -> bool {
        self.remove + self.insert.len() + self.patches.iter().flatten().count() == 0
    }

    /// The frame after it: bytes cut out, put in, and written over.
    pub fn of(&self, frame: &[u8]) -> Vec<u8> {
        let mut frame = frame.to_vec();
        for (word, bytes) in self.patches.iter().flatten() {
            frame[4 * word + 2..4 * word + 6].copy_from_slice(bytes);
        }
        if self.remove + self.insert.len() > 0 {
            let at = 4 * self.at + 2;
            frame.splice(at..at + 4 * self.remove, self.insert.iter().copied());
        }
        frame
    }
}

fn spec(data_bits: usize, insert: usize, remove: usize) -> EditorSpec {
    EditorSpec {
        data_bits,
        user_bits: 7,
        most_insert_words: insert,
        most_remove_words: remove,
        patches: vec![3..=5, 9..=LAST_PLACE - 1, 9..=LAST_PLACE - 1],
    }
}

/// A random edit that a frame of so many bytes has room for.
fn edit(random: &mut Pcg64Mcg, spec: &EditorSpec, length: usize) -> Edit {
    let user = random.random_range(0..128);
    let patches = vec![None; spec.patches.len()];
    let pass = Edit {
        user,
        patches,
        ..Edit::default()
    };
    if length < 2 || chance(random, 20) {
        return pass;
    }
    let at = random.random_range(0..=((length - 2) / 4).min(LAST_PLACE));
    let behind = (length - 4 * at - 2) / 4;
    let most = spec.most_remove_words.min(behind);
    let remove = match chance(random, 50) {
        true => random.random_range(0..=most),
        false => most * usize::from(chance(random, 50)),
    };
    let insert = match chance(random, 30) {
        true => 0,
        false => random.random_range(0..=spec.most_insert_words),
    };
    // A frame does not vanish.
    let insert = insert.max(usize::from(length == 4 * remove));
    let mut taken = Vec::new();
    let mut patch = |reach: &RangeInclusive<usize>| {
        let word = random.random_range(reach.clone());
        let fits = word < at && !taken.contains(&word) && chance(random, 60);
        fits.then(|| {
            taken.push(word);
            (word, random.random())
        })
    };
    Edit {
        at,
        remove,
        patches: spec.patches.iter().map(&mut patch).collect(),
        insert: (0..4 * insert).map(|_| random.random()).collect(),
        ..pass
    }
}

/// In how many percent of the cycles something happens.
#[derive(Clone, Copy, Debug)]
struct Pace {
    beats: u32,
    commands: u32,
    sink: u32,
}

const FULL: Pace = Pace {
    beats: 100,
    commands: 100,
    sink: 100,
};

/// Plays frames with their edits, compares all that comes out, and gives the cycles in which the first and the last beat did.
fn play(spec: &EditorSpec, frames: &[(Vec<u8>, Edit)], pace: Pace, seed: u64) -> (usize, usize) {
    let mut bench = Bench::new(frame_editor("editor", spec));
    let mut random = random(seed);
    let bytes = spec.data_bits / 8;
    let mut beats: VecDeque<(usize, &[u8], bool)> = VecDeque::new();
    for (number, (frame, _)) in frames.iter().enumerate() {
        let count = frame.len().div_ceil(bytes);
        for (index, beat) in frame.chunks(bytes).enumerate() {
            beats.push_back((number, beat, index + 1 == count));
        }
    }
    // Frames whose first beat went in, and those that have their command.
    let (mut begun, mut commanded, mut offered) = (0, 0, false);
    let (mut out, mut frames_out) = (Vec::new(), 0);
    let (mut first, mut last) = (None, 0);
    let most = 200
        + 60 * frames
            .iter()
            .map(|(frame, _)| 4 + frame.len() / bytes)
            .sum::<usize>();
    for cycle in 0..most {
        offered |= chance(&mut random, pace.beats);
        if let Some((_, beat, is_last)) = beats.front().filter(|_| offered) {
            let mut data = beat.to_vec();
            data.resize_with(bytes, || random.random());
            let keep: Vec<u8> = (0..bytes).map(|byte| u8::from(byte < beat.len())).collect();
            let keep: Vec<u8> = keep
                .chunks(8)
                .map(|bits| bits.iter().rev().fold(0, |word, bit| word << 1 | bit))
                .collect();
            bench.set_bytes("s_axis_tdata", &data);
            bench.set_bytes("s_axis_tkeep", &keep);
            bench.set("s_axis_tlast", (*is_last).into());
        }
        let valid = offered && !beats.is_empty();
        bench.set("s_axis_tvalid", valid.into());
        let ready = chance(&mut random, pace.sink);
        bench.set("m_axis_tready", ready.into());
        let command = commanded < begun && chance(&mut random, pace.commands);
        bench.set("command_valid", command.into());
        if command {
            let edit = &frames[commanded].1;
            bench.set("command_at", edit.at as u64);
            if spec.most_remove_words > 0 {
                bench.set("command_remove", edit.remove as u64);
            }
            bench.set("command_insert", (edit.insert.len() / 4) as u64);
            let mut words = edit.insert.clone();
            words.resize_with(4 * spec.most_insert_words, || random.random());
            bench.set_bytes("command_words", &words);
            for (index, patch) in edit.patches.iter().enumerate() {
                let (word, bytes) = patch.unwrap_or((random.random_range(0..32), random.random()));
                bench.set(
                    &format!("command_patch{index}_valid"),
                    patch.is_some().into(),
                );
                bench.set(&format!("command_patch{index}_at"), word as u64);
                bench.set_bytes(&format!("command_patch{index}_word"), &bytes);
            }
            bench.set("command_user", edit.user);
            commanded += 1;
        }
        bench.eval();
        if valid && bench.get("s_axis_tready") == 1 {
            if let Some((number, ..)) = beats.pop_front() {
                begun = number + 1;
            }
            offered = false;
        }
        if bench.get("m_axis_tvalid") == 1 && ready {
            let (frame, edit) = &frames[frames_out];
            let place = format!(
                "{spec:?}, {pace:?}, seed {seed}, frame {frames_out} of {} bytes, cycle {cycle}, {edit:02x?}",
                frame.len()
            );
            let keep = bench.bytes("m_axis_tkeep", bytes.div_ceil(8));
            let kept: u32 = keep.iter().map(|byte| byte.count_ones()).sum();
            let contiguous = (0..kept as usize).all(|bit| keep[bit / 8] >> (bit % 8) & 1 == 1);
            let is_last = bench.get("m_axis_tlast") == 1;
            assert!(contiguous && kept > 0, "tkeep {keep:02x?}: {place}");
            assert!(
                is_last || kept as usize == bytes,
                "a hole in a frame: {place}"
            );
            assert_eq!(bench.get("m_axis_tuser"), edit.user, "{place}");
            out.extend(bench.bytes("m_axis_tdata", kept as usize));
            if is_last {
                let expected = edit.of(frame);
                assert_eq!(out, expected, "{place}");
                out.clear();
                frames_out += 1;
            }
            first.get_or_insert(cycle);
            last = cycle;
        }
        bench.clock();
        if frames_out == frames.len() {
            return (first.unwrap_or(0), last);
        }
    }
    panic!(
        "{spec:?}, {pace:?}, seed {seed}: {frames_out} of {} frames came out",
        frames.len()
    );
}

/// Frames of random lengths, short ones and those around the place of an edit more often.
fn frames(spec: &EditorSpec, count: usize, seed: u64) -> Vec<(Vec<u8>, Edit)> {
    let mut random = random(seed);
    (0..count)
        .map(|_| {
            let most = [8, 64, 140, 400, 1400][random.random_range(0..5)];
            let length = random.random_range(1..=most);
            let frame = (0..length).map(|_| random.random()).collect();
            (frame, edit(&mut random, spec, length))
        })
        .collect()
}

#[test]
fn edits_frames_of_all_lengths_on_all_widths_at_any_pace() {
    let paces = [
        FULL,
        Pace { beats: 50, ..FULL },
        Pace { sink: 40, ..FULL },
        Pace {
            commands: 30,
            ..FULL
        },
        Pace {
            beats: 80,
            commands: 60,
            sink: 70,
        },
    ];
    for data_bits in [64, 128, 256, 512, 1024, 2048] {
        // A hop, a source, a sink, one that does everything.
        for (insert, remove) in [(31, 0), (53, 0), (1, 258), (9, 40)] {
            let spec = spec(data_bits, insert, remove);
            for (seed, pace) in paces.into_iter().enumerate() {
                let seed = seed as u64 + 1;
                play(&spec, &frames(&spec, 120, seed), pace, seed);
            }
        }
    }
}

/// A frame of so many bytes that gets so many words behind an IPv4 and a UDP header.
fn growing(length: usize, words: usize) -> (Vec<u8>, Edit) {
    let edit = Edit {
        at: 10,
        insert: (0..4 * words).map(|byte| byte as u8).collect(),
        patches: vec![None; 3],
        ..Edit::default()
    };
    ((0..length).map(|byte| byte as u8).collect(), edit)
}

#[test]
fn passes_a_frame_a_cycle_when_it_fits_a_beat() {
    for (length, words) in [(60, 0), (60, 17), (76, 13), (128, 0)] {
        let frames = vec![growing(length, words); 500];
        let (first, last) = play(&spec(1024, 31, 0), &frames, FULL, 1);
        assert_eq!(last - first, 499, "{length} bytes and {words} words");
    }
}

#[test]
fn growth_costs_its_own_beats_and_no_more() {
    for data_bits in [64, 256, 512, 1024] {
        for (length, words) in [(60, 0), (64, 1), (100, 7), (128, 31), (1500, 12)] {
            let frames = vec![growing(length, words); 50];
            let (first, last) = play(&spec(data_bits, 31, 0), &frames, FULL, 1);
            let beats = 50 * (length + 4 * words).div_ceil(data_bits / 8);
            assert_eq!(
                last - first + 1,
                beats,
                "{data_bits} bits, {length} bytes and {words} words"
            );
        }
    }
}

#[test]
fn a_frame_that_shrinks_costs_the_beats_that_come_in() {
    for data_bits in [64, 256, 512, 1024] {
        for (length, remove) in [(64, 4), (160, 20), (600, 120), (1400, 258)] {
            let frames: Vec<_> = (0..50)
                .map(|_| {
                    let (frame, edit) = growing(length, 0);
                    (frame, Edit { remove, ..edit })
                })
                .collect();
            let (first, last) = play(&spec(data_bits, 1, 258), &frames, FULL, 1);
            // What is taken alone is a wait in each frame; the carry of a frame is a beat in the way of the next.
            let beats = 50 * (length.div_ceil(data_bits / 8) + 1);
            assert!(
                last - first < beats,
                "{data_bits} bits, {length} bytes less {remove} words: {} cycles",
                last - first + 1
            );
        }
    }
}
