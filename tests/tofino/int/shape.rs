//! Packets with an INT header, or nearly one.

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_tofino::Passage;

/// A packet with an INT header, or nearly one. What it says of itself may be wrong.
pub struct Shape<'a> {
    pub random: &'a mut Pcg64Mcg,
    /// The DSCP, the UDP port and the types of the next protocol that mark packets.
    pub dscp: u8,
    pub port: u16,
    pub npt: u8,
    /// The length in the shim.
    pub words: usize,
}

impl Shape<'_> {
    fn one_in(&mut self, n: u32) -> bool {
        self.random.random_range(0..n) == 0
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    /// Bytes of anything, zeros and ones more often than not: there sums carry.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let kind = self.below(4);
        let byte = |random: &mut Pcg64Mcg| match kind {
            0 => 0,
            1 => 0xff,
            _ => random.random(),
        };
        (0..count).map(|_| byte(self.random)).collect()
    }

    /// Shim, header and stack.
    fn int(&mut self) -> Vec<u8> {
        let hop_words = self.below(32);
        let words = match self.one_in(8) {
            true => self.below(256),
            false => (3 + hop_words * self.below(4)).min(255),
        };
        self.words = words;
        let reserved = if self.one_in(4) { 3 } else { 0 };
        let kind = if self.one_in(16) { 3 } else { 1 };
        let npt = if self.one_in(16) {
            self.below(4) as u8
        } else {
            self.npt
        };
        let version = if self.one_in(16) { 1 } else { 2 };
        let flags = self.below(16) as u8 & 0x0f;
        let remaining = if self.one_in(4) {
            0
        } else {
            self.below(256) as u8
        };
        let bitmap: u16 = match self.below(4) {
            0 => self.random.random(),
            // Not more than what the hop length has room for.
            1 => 0x8000 >> self.below(16),
            2 => self.random.random::<u16>() & 0xf801,
            _ => self.random.random::<u16>() & self.random.random::<u16>() & 0xfc01,
        };
        let domain: u16 = match self.below(3) {
            0 => 0,
            1 => 0x7777,
            _ => self.random.random(),
        };
        let high = if self.one_in(4) { 0xe0 } else { 0 };
        let mut int = vec![kind << 4 | npt << 2 | reserved, words as u8, 0x12, 0x34];
        int.extend([
            version << 4 | flags,
            self.below(256) as u8,
            high | hop_words as u8,
            remaining,
        ]);
        int.extend(bitmap.to_be_bytes());
        int.extend(domain.to_be_bytes());
        int.extend(self.bytes(4));
        let stack = self.bytes(4 * words.saturating_sub(3));
        int.extend(stack);
        int
    }

    fn transport(&mut self, is_tcp: bool, payload: &[u8]) -> Vec<u8> {
        let checksum = match self.below(4) {
            0 => 0,
            1 => 0xffff_u16,
            _ => self.random.random(),
        };
        let mut bytes = self.bytes(2);
        let port = if self.one_in(8) { 80 } else { self.port };
        bytes.extend(port.to_be_bytes());
        if is_tcp {
            let words = if self.one_in(2) { 5 } else { self.below(16) };
            bytes.extend(self.bytes(8));
            bytes.extend([(words as u8) << 4, 0x10, 0, 1]);
            bytes.extend(checksum.to_be_bytes());
            bytes.extend([0, 0]);
            let options = self.bytes(4 * words.saturating_sub(5));
            bytes.extend(options);
        } else {
            let wrong = if self.one_in(12) { self.below(3) } else { 0 };
            let length = 8 + payload.len() - wrong.min(payload.len());
            bytes.extend((length as u16).to_be_bytes());
            bytes.extend(checksum.to_be_bytes());
        }
        bytes.extend(payload);
        bytes
    }

    pub fn frame(&mut self) -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        for _ in 0..self.below(4).saturating_sub(self.below(4)) {
            frame.extend(if self.one_in(2) {
                [0x81, 0]
            } else {
                [0x88, 0xa8]
            });
            frame.extend(self.bytes(2));
        }
        let mut payload = self.int();
        let more = match self.below(8) {
            // Near an MTU of 576 bytes, and of 1500.
            0 => 420 + self.below(160),
            1 => 1380 + self.below(120),
            _ => self.below(40),
        };
        payload.extend(self.bytes(more));
        let is_tcp = self.one_in(2);
        let transport = self.transport(is_tcp, &payload);
        let protocol = match self.one_in(24) {
            true => 132,
            false if is_tcp => 6,
            false => 17,
        };
        let dscp = if self.one_in(8) {
            self.below(64) as u8
        } else {
            self.dscp
        };
        let wrong = if self.one_in(12) {
            1 + self.below(60)
        } else {
            0
        };
        if self.one_in(2) {
            let words = if self.one_in(2) {
                5
            } else {
                5 + self.below(11)
            };
            let version = if self.one_in(24) { 5 } else { 4 };
            let length = (4 * words + transport.len()).saturating_sub(wrong) as u16;
            let fragment: u16 = if self.one_in(16) {
                0x2000 >> (self.below(2) * 13)
            } else {
                0x4000
            };
            frame.extend([8, 0, version << 4 | words as u8, dscp << 2 | 1]);
            frame.extend(length.to_be_bytes());
            frame.extend([0, 1]);
            frame.extend(fragment.to_be_bytes());
            frame.extend([64, protocol]);
            let header = self.bytes(2 + 8 + 4 * (words - 5));
            frame.extend(header);
        } else {
            let first = 6_u32 << 28 | u32::from(dscp) << 22 | 0x1234;
            let length = transport.len().saturating_sub(wrong) as u16;
            frame.extend([0x86, 0xdd]);
            frame.extend(first.to_be_bytes());
            frame.extend(length.to_be_bytes());
            frame.extend([protocol, 64]);
            let addresses = self.bytes(32);
            frame.extend(addresses);
        }
        frame.extend(transport);
        if self.one_in(12) {
            frame.truncate(self.random.random_range(14..=frame.len()));
        }
        let bytes = frame.len().max(60);
        frame.resize(bytes, 0);
        frame
    }

    pub fn passage(&mut self) -> Passage {
        let ingress_time = (u64::from(self.random.random::<u16>()) << 32)
            .wrapping_sub(u64::from(self.random.random::<u16>()))
            & 0xffff_ffff_ffff;
        let stay = self.random.random::<u32>() >> self.below(32);
        Passage {
            ingress_port: self.random.random_range(0..512),
            egress_port: self.random.random_range(0..512),
            queue: self.random.random_range(0..32),
            queue_depth: self.random.random_range(0..1 << 19),
            ingress_time,
            egress_time: ingress_time.wrapping_add(stay.into()) & 0xffff_ffff_ffff,
        }
    }
}
