//! A beat as a flat record of words.

use std::ops::Range;

/// Where the signals of a beat are in its record, in 64-bit words.
///
/// Word 0 is the header (`tlast`, `tready` and the cycle); each signal starts a word of its own, its least significant word first.
/// A stream that lacks a signal has an empty range for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// `tdata`.
    pub data: Range<usize>,
    /// `tkeep`.
    pub keep: Range<usize>,
    /// `tuser`.
    pub user: Range<usize>,
    /// `tdest`.
    pub dest: Range<usize>,
    /// The port `timestamp`, which goes with the beats of the input.
    pub time: Range<usize>,
}

impl Shape {
    /// The records of a stream with signals of these widths in bits, zero for a signal that is not there.
    pub fn new(data_bits: usize, user_bits: usize, dest_bits: usize, time_bits: usize) -> Self {
        let mut end = 1;
        let mut place = |bits: usize| {
            let start = end;
            end += bits.div_ceil(64);
            start..end
        };
        Self {
            data: place(data_bits),
            keep: place(data_bits / 8),
            user: place(user_bits),
            dest: place(dest_bits),
            time: place(time_bits),
        }
    }

    /// The size of a record in words.
    pub fn words(&self) -> usize {
        self.time.end
    }
}

const LAST: u64 = 1;
const READY: u64 = 2;
const CYCLE_SHIFT: u32 = 8;

/// The header of a record: `tlast`, whether `tready` was 1, and the cycle, counted from the release of reset.
pub fn header(last: bool, ready: bool, cycle: u64) -> u64 {
    let flag = |set, mask| if set { mask } else { 0 };
    flag(last, LAST) | flag(ready, READY) | cycle << CYCLE_SHIFT
}

/// A beat in its record: what a stream carried in one cycle in which `tvalid` was 1.
#[derive(Clone, Copy, Debug)]
pub struct Beat<'a> {
    shape: &'a Shape,
    words: &'a [u64],
}

impl<'a> Beat<'a> {
    /// The beat in the first words of `words`.
    pub fn new(shape: &'a Shape, words: &'a [u64]) -> Self {
        let words = &words[..shape.words()];
        Self { shape, words }
    }

    /// Another beat of the same stream.
    pub fn with_words<'b>(&'b self, words: &'b [u64]) -> Beat<'b> {
        Beat::new(self.shape, words)
    }

    /// The whole record.
    pub fn words(&self) -> &'a [u64] {
        self.words
    }

    /// The cycle, counted from the release of reset.
    pub fn cycle(&self) -> u64 {
        self.words[0] >> CYCLE_SHIFT
    }

    /// Whether `tready` was 1 too, so that the beat was transferred.
    pub fn ready(&self) -> bool {
        self.words[0] & READY != 0
    }

    /// `tlast`.
    pub fn last(&self) -> bool {
        self.words[0] & LAST != 0
    }

    /// `tdata`.
    pub fn data(&self) -> &'a [u64] {
        &self.words[self.shape.data.clone()]
    }

    /// `tkeep`.
    pub fn keep(&self) -> &'a [u64] {
        &self.words[self.shape.keep.clone()]
    }

    /// `tuser`.
    pub fn user(&self) -> &'a [u64] {
        &self.words[self.shape.user.clone()]
    }

    /// `tdest`.
    pub fn dest(&self) -> &'a [u64] {
        &self.words[self.shape.dest.clone()]
    }

    /// The width of the bus in bytes.
    pub fn bus_bytes(&self) -> usize {
        self.shape.data.len() * 8
    }

    /// How many bytes `tkeep` keeps, unless they have a hole or do not start at byte 0.
    pub fn kept_bytes(&self) -> Option<usize> {
        ones_from_bit_0(self.keep())
    }
}

/// Sets the low `ones` bits and clears the others.
pub fn set_ones(words: &mut [u64], ones: usize) {
    for (i, word) in words.iter_mut().enumerate() {
        *word = match ones.saturating_sub(64 * i) {
            0 => 0,
            more @ 1..64 => (1 << more) - 1,
            _ => u64::MAX,
        };
    }
}

/// The number of ones, when they fill the bits from 0 up without a hole.
fn ones_from_bit_0(words: &[u64]) -> Option<usize> {
    let full = words.iter().take_while(|&&word| word == u64::MAX).count();
    let Some((&edge, above)) = words[full..].split_first() else {
        return Some(64 * full);
    };
    let contiguous = edge & (edge + 1) == 0 && above.iter().all(|&word| word == 0);
    contiguous.then(|| 64 * full + edge.trailing_ones() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keep_is_read_back_as_it_was_set() {
        let mut words = [0; 4];
        for ones in 0..=256 {
            set_ones(&mut words, ones);
            let count: u32 = words.iter().map(|word| word.count_ones()).sum();
            assert_eq!(count as usize, ones);
            assert_eq!(ones_from_bit_0(&words), Some(ones));
        }
    }

    #[test]
    fn keep_with_a_hole_is_refused() {
        for words in [
            [0b10, 0],
            [0b101, 0],
            [u64::MAX, 0b110],
            [u64::MAX - 1, 0],
            [0b1, 0b1],
            [0, u64::MAX],
        ] {
            assert_eq!(ones_from_bit_0(&words), None, "{words:x?}");
        }
    }

    #[test]
    fn a_record_gives_each_signal_whole_words() {
        let shape = Shape::new(1024, 128, 4, 64);
        assert_eq!((shape.data.clone(), shape.keep.clone()), (1..17, 17..19));
        assert_eq!((shape.user.clone(), shape.dest.clone()), (19..21, 21..22));
        assert_eq!((shape.time.clone(), shape.words()), (22..23, 23));
        assert_eq!(Shape::new(64, 0, 0, 0).words(), 3);
    }
}
