//! Execution of a [`Program`].

use super::super::domain::ClockDomain;
use super::program::{MemoryUpdate, Op, Piece, Program, RegisterUpdate, View};

/// A number of up to 64 bits in an array of words; too large to matter when a higher word is set.
fn index_of(values: &[u64], word: u32, words: u32) -> usize {
    let range = &values[word as usize..(word + words) as usize];
    match range.split_first() {
        Some((&low, rest)) if rest.iter().all(|&word| word == 0) => {
            usize::try_from(low).unwrap_or(usize::MAX)
        }
        _ => usize::MAX,
    }
}

/// Up to 64 bits of `values` from bit `lo` of `word` on.
fn bits_at(values: &[u64], word: usize, lo: u32, width: u32) -> u64 {
    let low = values[word] >> lo;
    let value = if lo + width > 64 {
        low | values[word + 1] << (64 - lo)
    } else {
        low
    };
    if width >= 64 {
        value
    } else {
        value & ((1 << width) - 1)
    }
}

/// Copies a view to the words of `target` from bit 0 on.
fn extract(values: &[u64], from: View, target: &mut [u64]) {
    let mut left = from.width;
    for (index, slot) in target.iter_mut().enumerate() {
        *slot = bits_at(values, from.word as usize + index, from.lo, left.min(64));
        left = left.saturating_sub(64);
    }
}

/// ORs a view into `target` from bit `to` on.
fn deposit(values: &[u64], piece: Piece, target: &mut [u64]) {
    let View { word, lo, width } = piece.from;
    let (mut slot, shift) = (piece.to as usize / 64, piece.to % 64);
    if shift == 0 && lo == 0 && width % 64 == 0 {
        let (words, word) = (width as usize / 64, word as usize);
        target[slot..slot + words].copy_from_slice(&values[word..word + words]);
        return;
    }
    let (mut word, mut left) = (word as usize, width);
    while left > 0 {
        let take = left.min(64);
        let bits = bits_at(values, word, lo, take);
        target[slot] |= bits << shift;
        if shift + take > 64 {
            target[slot + 1] |= bits >> (64 - shift);
        }
        left -= take;
        word += 1;
        slot += 1;
    }
}

impl Program {
    /// Settles all that is combinational.
    pub fn eval(&self, values: &mut [u64], memories: &[Vec<u64>]) {
        for op in &self.ops {
            self.execute(op, values, memories);
        }
    }

    #[inline(always)]
    fn execute(&self, op: &Op, values: &mut [u64], memories: &[Vec<u64>]) {
        /// Splits the array into operands and the `n` words of the result.
        macro_rules! wide {
            ($d:expr, $n:expr, |$sources:ident, $target:ident| $body:expr) => {{
                let ($sources, rest) = values.split_at_mut($d as usize);
                let $target = &mut rest[..$n as usize];
                $body
            }};
        }
        macro_rules! zip {
            ($d:expr, $a:expr, $b:expr, $n:expr, |$x:ident, $y:ident| $value:expr) => {
                wide!($d, $n, |sources, target| {
                    let left = &sources[$a as usize..($a + $n) as usize];
                    let right = &sources[$b as usize..($b + $n) as usize];
                    for ((slot, &$x), &$y) in target.iter_mut().zip(left).zip(right) {
                        *slot = $value;
                    }
                })
            };
        }
        macro_rules! at {
            ($word:expr) => {
                values[$word as usize]
            };
        }
        let range = |a: u32, n: u32| a as usize..(a + n) as usize;
        match *op {
            Op::Not { d, a, mask } => at!(d) = !at!(a) & mask,
            Op::And { d, a, b } => at!(d) = at!(a) & at!(b),
            Op::Or { d, a, b } => at!(d) = at!(a) | at!(b),
            Op::Xor { d, a, b } => at!(d) = at!(a) ^ at!(b),
            Op::Add { d, a, b, mask } => at!(d) = at!(a).wrapping_add(at!(b)) & mask,
            Op::Sub { d, a, b, mask } => at!(d) = at!(a).wrapping_sub(at!(b)) & mask,
            Op::Eq { d, a, b } => at!(d) = u64::from(at!(a) == at!(b)),
            Op::Ne { d, a, b } => at!(d) = u64::from(at!(a) != at!(b)),
            Op::Lt { d, a, b } => at!(d) = u64::from(at!(a) < at!(b)),
            Op::Ge { d, a, b } => at!(d) = u64::from(at!(a) >= at!(b)),
            Op::Mux { d, c, a, b } => at!(d) = if at!(c) != 0 { at!(a) } else { at!(b) },
            Op::NotWide { d, a, n, mask } => wide!(d, n, |sources, target| {
                for (slot, &word) in target.iter_mut().zip(&sources[range(a, n)]) {
                    *slot = !word;
                }
                target[n as usize - 1] &= mask;
            }),
            Op::AndWide { d, a, b, n } => zip!(d, a, b, n, |x, y| x & y),
            Op::OrWide { d, a, b, n } => zip!(d, a, b, n, |x, y| x | y),
            Op::XorWide { d, a, b, n } => zip!(d, a, b, n, |x, y| x ^ y),
            Op::AddWide { d, a, b, n, mask } => {
                let mut carry = false;
                zip!(d, a, b, n, |x, y| {
                    let (sum, over) = x.overflowing_add(y);
                    let (sum, more) = sum.overflowing_add(u64::from(carry));
                    carry = over || more;
                    sum
                });
                at!(d + n - 1) &= mask;
            }
            Op::SubWide { d, a, b, n, mask } => {
                let mut borrow = false;
                zip!(d, a, b, n, |x, y| {
                    let (rest, under) = x.overflowing_sub(y);
                    let (rest, more) = rest.overflowing_sub(u64::from(borrow));
                    borrow = under || more;
                    rest
                });
                at!(d + n - 1) &= mask;
            }
            Op::EqWide { d, a, b, n } => {
                at!(d) = u64::from(values[range(a, n)] == values[range(b, n)])
            }
            Op::LtWide { d, a, b, n } => {
                let less = values[range(a, n)]
                    .iter()
                    .rev()
                    .lt(values[range(b, n)].iter().rev());
                at!(d) = u64::from(less);
            }
            Op::MuxWide { d, c, a, b, n } => {
                let from = if at!(c) != 0 { a } else { b };
                values.copy_within(range(from, n), d as usize);
            }
            Op::Any { d, a, n } => {
                at!(d) = u64::from(values[range(a, n)].iter().any(|&word| word != 0))
            }
            Op::All { d, a, n, mask } => {
                let words = &values[range(a, n)];
                let all = words[n as usize - 1] == mask
                    && words[..n as usize - 1].iter().all(|&word| word == u64::MAX);
                at!(d) = u64::from(all);
            }
            Op::Parity { d, a, n } => {
                at!(d) = u64::from(
                    values[range(a, n)]
                        .iter()
                        .fold(0, |sum, word| sum ^ word)
                        .count_ones()
                        & 1,
                );
            }
            Op::Spread { d, a, n, mask } => {
                let word = if at!(a) != 0 { u64::MAX } else { 0 };
                values[range(d, n)].fill(word);
                at!(d + n - 1) &= mask;
            }
            Op::Extract { d, from } => {
                if from.width <= 64 {
                    at!(d) = bits_at(values, from.word as usize, from.lo, from.width);
                } else {
                    wide!(d, from.width.div_ceil(64), |sources, target| extract(
                        sources, from, target
                    ));
                }
            }
            Op::Concat { d, n, first, count } => wide!(d, n, |sources, target| {
                target.fill(0);
                for piece in &self.pieces[range(first, count)] {
                    deposit(sources, *piece, target);
                }
            }),
            Op::Case {
                d,
                index,
                index_words,
                from,
                first,
                count,
            } => {
                let index = index_of(values, index, index_words).wrapping_sub(from as usize);
                let index = index.min(count as usize - 1);
                let from = self.views[first as usize + index];
                if from.width <= 64 {
                    at!(d) = bits_at(values, from.word as usize, from.lo, from.width);
                } else {
                    wide!(d, from.width.div_ceil(64), |sources, target| extract(
                        sources, from, target
                    ));
                }
            }
            Op::Read {
                d,
                memory,
                address,
                address_words,
            } => {
                let address = index_of(values, address, address_words);
                let words = self.memories[memory as usize].words;
                let target = &mut values[d as usize..d as usize + words];
                match memories[memory as usize].chunks_exact(words).nth(address) {
                    Some(word) => target.copy_from_slice(word),
                    None => target.fill(0),
                }
            }
        }
    }

    /// One edge of the clocks that rise, by the number of their domain. Memories first: what they take may be a register.
    /// The next value of a register is never the place of another register (the compiler copies it), so their order does
    /// not matter.
    pub fn clock(
        &self,
        values: &mut [u64],
        memories: &mut [Vec<u64>],
        rises: [bool; ClockDomain::ALL.len()],
        in_reset: [bool; ClockDomain::ALL.len()],
    ) {
        for (memory, content) in self.memories.iter().zip(memories) {
            if rises[memory.domain as usize] && values[memory.enable as usize] != 0 {
                memory.store(values, content);
            }
        }
        for domain in (0..rises.len()).filter(|&domain| rises[domain]) {
            Self::update(&self.registers[domain], values, in_reset[domain]);
        }
    }

    fn update(registers: &[RegisterUpdate], values: &mut [u64], in_reset: bool) {
        for register in registers {
            let from = match (in_reset, register.reset, register.enable) {
                (true, Some(reset), _) => reset,
                (_, _, Some(enable)) if values[enable as usize] == 0 => continue,
                _ => register.next,
            } as usize;
            match register.words {
                1 => values[register.place as usize] = values[from],
                words => values.copy_within(from..from + words as usize, register.place as usize),
            }
        }
    }
}

impl MemoryUpdate {
    fn store(&self, values: &[u64], content: &mut [u64]) {
        let address = index_of(values, self.address, self.address_words);
        let Some(target) = content.chunks_exact_mut(self.words).nth(address) else {
            return;
        };
        let data = &values[self.data as usize..self.data as usize + self.words];
        let Some(mask) = self.mask else {
            return target.copy_from_slice(data);
        };
        let mask = &values[mask as usize..];
        for lane in 0..self.width / self.lane_bits {
            if mask[lane / 64] >> (lane % 64) & 1 == 1 {
                self.store_lane(data, target, lane * self.lane_bits);
            }
        }
    }

    fn store_lane(&self, data: &[u64], target: &mut [u64], first_bit: usize) {
        let (mut bit, end) = (first_bit, first_bit + self.lane_bits);
        while bit < end {
            let in_word = bit % 64;
            let take = (64 - in_word).min(end - bit);
            let ones = if take == 64 {
                u64::MAX
            } else {
                ((1 << take) - 1) << in_word
            };
            target[bit / 64] = target[bit / 64] & !ones | data[bit / 64] & ones;
            bit += take;
        }
    }
}
