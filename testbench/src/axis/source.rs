//! From packets to the beats that the input carries.

use std::collections::VecDeque;
use std::mem;

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::traffic::Packet;

use super::batch::Batch;
use super::beat::{Shape, header, set_ones};

/// What is in `tuser` of a frame beside random bits: takes the packet and the words of `tuser`, which are random
/// before.
pub type TuserOfPacket = Box<dyn FnMut(&Packet, &mut [u64])>;

/// A frame on its way into the design, until its first beat is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFrame {
    /// When it was captured and what it holds.
    pub packet: Packet,
    /// The words of `tuser` on its first beat.
    pub user: Vec<u64>,
}

/// Plays frames: pulls packets some batches before they are needed and cuts them into beats.
///
/// `tuser` is random on the first beat of a frame, unless [told otherwise](Self::set_tuser), and random again, so
/// without meaning, on the beats after it. The port `timestamp` has the time of the packet on its first beat and is
/// random on the others. The bytes of `tdata` that `tkeep` leaves out are random.
pub struct Source {
    shape: Shape,
    user_bits: usize,
    tuser: Option<TuserOfPacket>,
    rng: Pcg64Mcg,
    sent: VecDeque<SentFrame>,
    /// Records of the beats that no batch has taken yet, behind those that the last one took.
    beats: Vec<u64>,
    taken_words: usize,
    no_more_packets: bool,
}

impl Source {
    /// A source for records of this shape, whose random choices follow from a seed.
    pub fn new(shape: Shape, user_bits: usize, seed: u64) -> Self {
        let rng = Pcg64Mcg::seed_from_u64(seed);
        Self {
            shape,
            user_bits,
            tuser: None,
            rng,
            sent: VecDeque::new(),
            beats: Vec::new(),
            taken_words: 0,
            no_more_packets: false,
        }
    }

    /// Says what is in `tuser` of the packets from the next one on.
    pub fn set_tuser(&mut self, tuser: TuserOfPacket) {
        self.tuser = Some(tuser);
    }

    /// Whether all packets are in batches.
    pub fn is_exhausted(&self) -> bool {
        self.no_more_packets && self.beats.len() == self.taken_words
    }

    /// Pulls packets until there are beats for a batch of so many cycles that starts with none.
    ///
    /// A packet without bytes is left out: no stream can carry it.
    pub fn prepare(&mut self, cycles: usize, packets: &mut impl Iterator<Item = Packet>) {
        let mut beats = mem::take(&mut self.beats);
        beats.drain(..self.taken_words);
        self.taken_words = 0;
        while !self.no_more_packets && beats.len() < cycles * self.shape.words() {
            match packets.next() {
                Some(packet) if packet.data.is_empty() => {}
                Some(packet) => self.send(packet, &mut beats),
                None => self.no_more_packets = true,
            }
        }
        self.beats = beats;
    }

    /// Fills up a batch, so that it cannot run out of beats while there are some.
    pub fn refill(&mut self, batch: &mut Batch) {
        let missing = batch.cycles.saturating_sub(batch.pending_beats());
        let start = self.taken_words;
        self.taken_words = (start + missing * self.shape.words()).min(self.beats.len());
        let beats = &self.beats[start..self.taken_words];
        batch.beats.extend_from_slice(beats);
        self.junk(&mut batch.junk);
    }

    /// The frame whose first beat has been accepted.
    pub fn take_sent(&mut self) -> Option<SentFrame> {
        self.sent.pop_front()
    }

    fn send(&mut self, packet: Packet, beats: &mut Vec<u64>) {
        let bus_bytes = self.shape.data.len() * 8;
        let mut user = Vec::new();
        let mut rest = &packet.data[..];
        while !rest.is_empty() {
            let (bytes, after) = rest.split_at(rest.len().min(bus_bytes));
            let start = beats.len();
            beats.resize(start + self.shape.words(), 0);
            let record = &mut beats[start..];
            self.beat(bytes, after.is_empty(), record);
            if rest.len() == packet.data.len() {
                if let Some(tuser) = &mut self.tuser {
                    tuser(&packet, &mut record[self.shape.user.clone()]);
                }
                user = record[self.shape.user.clone()].to_vec();
                record[self.shape.time.clone()].fill(packet.timestamp_ns);
            }
            rest = after;
        }
        self.sent.push_back(SentFrame { packet, user });
    }

    fn beat(&mut self, bytes: &[u8], last: bool, record: &mut [u64]) {
        record[0] = header(last, false, 0);
        let data = &mut record[self.shape.data.clone()];
        let (words, edge) = bytes.as_chunks();
        for (slot, word) in data.iter_mut().zip(words) {
            *slot = u64::from_le_bytes(*word);
        }
        if words.len() < data.len() {
            self.rng.fill(&mut data[words.len()..]);
            let mut word = data[words.len()].to_le_bytes();
            word[..edge.len()].copy_from_slice(edge);
            data[words.len()] = u64::from_le_bytes(word);
        }
        set_ones(&mut record[self.shape.keep.clone()], bytes.len());
        self.side_band(record);
    }

    /// Random words for what has a meaning on the first beat only.
    fn side_band(&mut self, record: &mut [u64]) {
        let user = &mut record[self.shape.user.clone()];
        for word in &mut *user {
            *word = self.rng.next_u64();
        }
        if let (Some(top), used @ 1..) = (user.last_mut(), self.user_bits % 64) {
            *top &= (1 << used) - 1;
        }
        for word in &mut record[self.shape.time.clone()] {
            *word = self.rng.next_u64();
        }
    }

    /// What the input carries while nothing is offered: a beat of random bits.
    fn junk(&mut self, record: &mut [u64]) {
        self.rng.fill(&mut record[..]);
        set_ones(
            &mut record[self.shape.keep.clone()],
            self.shape.data.len() * 8,
        );
        self.side_band(record);
    }
}
