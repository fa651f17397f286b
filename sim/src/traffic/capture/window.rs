//! A sliding window over a file: the bytes that a slice parser has not consumed yet.

use std::io::{self, Read};

/// Bytes asked of the file at a time.
const CHUNK_BYTES: usize = 1 << 16;

/// Buffered bytes of `input`, from the first one that was not consumed.
#[derive(Debug)]
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
}

impl<R: Read> Window<R> {
    /// An empty window at the start of `input`.
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            start: 0,
            offset: 0,
        }
    }

    /// The bytes read and not consumed.
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Offset in the file of the first byte of [`Self::bytes`].
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Drops the first `count` bytes, or all when there are fewer.
    pub fn consume(&mut self, count: usize) {
        let count = count.min(self.bytes().len());
        self.start += count;
        self.offset += count as u64;
    }

    /// Reads on; false at the end of the file.
    pub fn fill(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let chunk = CHUNK_BYTES.max(self.buffer.len()) as u64;
        Ok(self
            .input
            .by_ref()
            .take(chunk)
            .read_to_end(&mut self.buffer)?
            > 0)
    }

    /// Reads on until at least `count` bytes are there; false when the file ends before.
    pub fn require(&mut self, count: usize) -> io::Result<bool> {
        while self.bytes().len() < count {
            if !self.fill()? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_follow_what_is_consumed_across_chunks() {
        let file: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        let mut window = Window::new(&file[..]);
        for record in file.chunks(777) {
            assert!(window.require(record.len()).expect("a slice can be read"));
            assert_eq!(&window.bytes()[..record.len()], record);
            window.consume(record.len());
        }
        assert_eq!(window.offset(), 200_000);
        assert!(!window.fill().expect("a slice can be read"));
    }

    #[test]
    fn the_end_of_the_file_leaves_what_was_read() {
        let mut window = Window::new(&[1, 2, 3][..]);
        assert!(!window.require(4).expect("a slice can be read"));
        assert_eq!(window.bytes(), [1, 2, 3]);
    }
}
