//! Choices made of bytes.

/// Bytes that have not been used yet. What is missing at the end counts as 0.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// Whether all are used.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> u8 {
        self.slice(1).first().copied().unwrap_or_default()
    }

    /// A number from the next bytes, least significant byte first.
    pub(super) fn number(&mut self, bytes: usize) -> u64 {
        let slice = self.slice(bytes);
        slice
            .iter()
            .rev()
            .fold(0, |number, &byte| number << 8 | u64::from(byte))
    }

    /// One of `choices`, by the next byte.
    pub(super) fn choose<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// So many of the next bytes, or all when there are fewer.
    pub(super) fn slice(&mut self, count: usize) -> &'a [u8] {
        let (slice, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        slice
    }
}
