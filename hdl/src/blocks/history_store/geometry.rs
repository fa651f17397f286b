//! Where rows lie in the words of the prefix.

use seqnic_spec::Config;

use crate::rtl::{Bits, Expr, concat};

/// Rows, words and lanes. A lane is the largest unit that divides the row, the place of the rows and the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Rows in the prefix.
    pub rows: usize,
    /// Bits of a lane.
    pub lane_bits: usize,
    /// Lanes of a row.
    pub row_lanes: usize,
    /// Lanes of a bus word.
    pub lanes_per_word: usize,
    /// Lanes between the start of the prefix and row 0.
    pub offset_lanes: usize,
    /// First word of the prefix that holds a part of a row.
    pub first_word: usize,
    /// Words that hold rows, from the first one on.
    pub words: usize,
}

/// One masked write: the part of a row that lies in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Word, counted from the first that holds rows.
    pub word: usize,
    /// First lane of the part in the word.
    pub from_lane: usize,
    /// Lane past the part.
    pub to_lane: usize,
    /// Whether the row is complete with it.
    pub last: bool,
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

impl Geometry {
    /// The geometry of a configuration that has rows.
    pub fn of(config: &Config) -> Self {
        let offset_bits = config
            .prefix()
            .rows_section()
            .map_or(0, |section| 8 * section.offset_bytes);
        let row_bits = 8 * config.row().bytes().max(1);
        let lane_bits = [row_bits, offset_bits]
            .into_iter()
            .fold(config.data_bits(), greatest_common_divisor);
        let (offset_lanes, row_lanes) = (offset_bits / lane_bits, row_bits / lane_bits);
        let lanes_per_word = config.data_bits() / lane_bits;
        let first_word = offset_lanes / lanes_per_word;
        let end_lane = offset_lanes + config.rows() * row_lanes;
        let words = end_lane.div_ceil(lanes_per_word) - first_word;
        Self {
            rows: config.rows(),
            lane_bits,
            row_lanes,
            lanes_per_word,
            offset_lanes,
            first_word,
            words: words.max(1),
        }
    }

    /// The writes that replace one row.
    pub fn row_steps(&self, row: usize) -> Vec<Step> {
        let from = self.offset_lanes + row * self.row_lanes;
        let to = from + self.row_lanes;
        let words = from / self.lanes_per_word..to.div_ceil(self.lanes_per_word);
        let last_word = words.end - 1;
        words
            .map(|word| Step {
                word: word - self.first_word,
                from_lane: from.saturating_sub(word * self.lanes_per_word),
                to_lane: (to - word * self.lanes_per_word).min(self.lanes_per_word),
                last: word == last_word,
            })
            .collect()
    }

    /// The writes that replace all rows, row 0 first.
    pub fn ring_steps(&self) -> Vec<Step> {
        (0..self.rows).flat_map(|row| self.row_steps(row)).collect()
    }

    /// The lane of a turned row that a lane of a word takes.
    pub fn lane(&self, row: &Expr, lane: usize) -> Expr {
        row.slice(lane % self.row_lanes * self.lane_bits, self.lane_bits)
    }

    /// A row turned by so many lanes.
    pub fn turned(&self, row: &Expr, lanes: usize) -> Expr {
        concat((0..self.row_lanes).map(|lane| self.lane(row, lane + lanes)))
    }

    /// Which lane of its row stands in lane 0 of a word, were rows to fill the word to its start.
    pub fn rotation(&self, word: usize) -> usize {
        let lane = (self.first_word + word) * self.lanes_per_word;
        (lane as isize - self.offset_lanes as isize).rem_euclid(self.row_lanes as isize) as usize
    }

    /// The different rotations of all words, in the order of their first word.
    pub fn rotations(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for rotation in (0..self.words).map(|word| self.rotation(word)) {
            if !found.contains(&rotation) {
                found.push(rotation);
            }
        }
        found
    }
}

impl Step {
    /// The lanes of the word, one bit each.
    pub fn mask(&self, geometry: &Geometry) -> Bits {
        Bits::from_fn(geometry.lanes_per_word, |lane| {
            (self.from_lane..self.to_lane).contains(&lane)
        })
    }
}
