//! From the beats of a stream back to frames.

use super::beat::Beat;

/// Collects the bytes of a frame, beat by beat.
#[derive(Clone, Debug, Default)]
pub struct Sink {
    bytes: Vec<u8>,
    beats: usize,
    complete: bool,
}

impl Sink {
    /// Takes a transferred beat. The beat after a frame's last one starts the next frame.
    pub fn take(&mut self, beat: &Beat<'_>) {
        if self.complete {
            self.bytes.clear();
            self.beats = 0;
        }
        let kept = beat.kept_bytes().unwrap_or(beat.bus_bytes());
        let start = self.bytes.len();
        self.bytes.resize(start + beat.bus_bytes(), 0);
        let (slots, _) = self.bytes[start..].as_chunks_mut();
        for (slot, word) in slots.iter_mut().zip(beat.data()) {
            *slot = word.to_le_bytes();
        }
        self.bytes.truncate(start + kept);
        self.beats += 1;
        self.complete = beat.last();
    }

    /// The bytes of the frame so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The beats of the frame so far.
    pub fn beats(&self) -> usize {
        self.beats
    }

    /// Whether the next beat starts a frame.
    pub fn is_between_frames(&self) -> bool {
        self.complete || self.beats == 0
    }
}
