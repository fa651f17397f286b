//! One captured or generated frame.

/// The longest frame that traffic may hold, in bytes without the frame check sequence.
///
/// A jumbo frame of 9,600 bytes behind a prefix of at most 32,768 bytes, so that the output of a
/// sequencer can be read back as a capture too.
pub const MAX_FRAME_BYTES: usize = 9_600 + 32_768;

/// A frame and the time at which it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Nanoseconds since the Unix epoch.
    pub timestamp_ns: u64,
    /// The frame from its destination MAC address on, without preamble and frame check sequence.
    pub data: Vec<u8>,
}
