//! Sizes that a hash value is brought into without a multiplier.

use crate::check::bits_to_count;

/// The size of a memory that is addressed by a hash value: a factor from 8 to 15 times a power of two.
///
/// Such a size is at most an eighth more than what is asked for, and the product of a hash value and the factor takes
/// three additions at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Extent {
    factor: u32,
    shift: u32,
}

/// The bits that a hash value has beyond the bits of an index, where the size is no power of two: they keep the shares
/// of the indices equal to within an eighth.
const SPARE_BITS: usize = 3;

impl Extent {
    /// The smallest extent of at least `size` that is a multiple of `1 << least_shift`.
    pub(crate) fn at_least(size: u64, least_shift: u32) -> Self {
        let bits = u64::BITS - size.max(1).saturating_sub(1).leading_zeros();
        let shift = bits.saturating_sub(4).max(least_shift);
        // With 4 bits at most above the shift, the factor is at most 16.
        match (size.div_ceil(1 << shift) as u32).max(8) {
            16 => Self {
                factor: 8,
                shift: shift + 1,
            },
            factor => Self { factor, shift },
        }
    }

    /// The extent of exactly this size, if it is one.
    pub fn exactly(size: u32) -> Option<Self> {
        let extent = Self::at_least(u64::from(size), 0);
        (extent.size() == size as usize).then_some(extent)
    }

    /// The number of places.
    pub const fn size(self) -> usize {
        (self.factor as usize) << self.shift
    }

    /// What the power of two is multiplied with: 8 to 15.
    pub const fn factor(self) -> u32 {
        self.factor
    }

    /// The exponent of the power of two.
    pub const fn shift(self) -> u32 {
        self.shift
    }

    /// The width of an index.
    pub fn index_bits(self) -> usize {
        bits_to_count(self.size())
    }

    /// The width of the hash value that makes an index: that of the index for a power of two, 3 bits more otherwise.
    pub fn hash_bits(self) -> usize {
        match self.size().is_power_of_two() {
            true => self.index_bits(),
            false => self.index_bits() + SPARE_BITS,
        }
    }

    /// The index of a hash value of [`hash_bits`](Self::hash_bits): `value * size >> hash_bits`.
    pub fn index(self, value: u32) -> usize {
        ((u64::from(value) * u64::from(self.factor)) >> (self.hash_bits() - self.shift as usize))
            as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_grows_to_four_significant_bits() {
        for (asked, size) in [
            (0, 8),
            (1, 8),
            (9, 9),
            (16, 16),
            (17, 18),
            (4_367, 4_608),
            (4_609, 5_120),
            (7_681, 8_192),
        ] {
            assert_eq!(Extent::at_least(asked, 0).size(), size, "{asked}");
        }
        assert_eq!(Extent::at_least(50_000, 6).size(), 53_248);
        assert_eq!(Extent::at_least(1, 6).size(), 512);
        assert_eq!(Extent::exactly(4_367), None);
        assert_eq!(
            Extent::exactly(4_608),
            Some(Extent {
                factor: 9,
                shift: 9
            })
        );
        assert_eq!(Extent::exactly(u32::MAX), None);
    }

    #[test]
    fn every_index_comes_of_a_nearly_equal_share_of_the_hash_values() {
        for size in [8, 9, 15, 18, 4_608, 8_192, 15 << 10] {
            let extent = Extent::exactly(size).unwrap();
            let mut shares = vec![0_u32; extent.size()];
            for value in 0..1 << extent.hash_bits() {
                shares[extent.index(value)] += 1;
            }
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            assert!(*least > 0 && most - least <= 1, "{size}: {least} to {most}");
        }
    }

    #[test]
    fn a_hash_value_is_wider_than_an_index_unless_the_size_is_a_power_of_two() {
        for (size, index_bits, hash_bits) in
            [(8, 3, 3), (9, 4, 7), (4_096, 12, 12), (4_608, 13, 16)]
        {
            let extent = Extent::exactly(size).unwrap();
            assert_eq!(
                (extent.index_bits(), extent.hash_bits()),
                (index_bits, hash_bits)
            );
        }
    }
}
