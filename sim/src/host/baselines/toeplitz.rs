//! The hash of receive-side scaling.

use crate::host::programs::FourTuple;

/// The bytes of source and destination address, source and destination port.
const INPUT_BYTES: usize = 12;

/// The Toeplitz hash of a 4-tuple: the exclusive or of the 32 bits of the key from each set bit of the input on.
#[derive(Debug, Clone)]
pub struct Toeplitz {
    /// What each value of each byte of the input contributes.
    tables: Box<[[u32; 256]; INPUT_BYTES]>,
}

impl Toeplitz {
    /// The usual key, with which the hash is verified.
    pub const KEY: [u8; 40] = [
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f,
        0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
    ];

    /// The key of symmetric RSS (Woo and Park, 2012): 16 bits over and over, so that both directions of a flow have
    /// the same hash.
    pub const SYMMETRIC_KEY: [u8; 40] = {
        let mut key = [0x6d; 40];
        let mut byte = 1;
        while byte < 40 {
            key[byte] = 0x5a;
            byte += 2;
        }
        key
    };

    /// The hash with a key.
    pub fn new(key: &[u8; 40]) -> Self {
        let key_bits = |from: usize| {
            // 32 bits from any of the first 96 are within the key.
            let bytes: [u8; 8] = std::array::from_fn(|i| key[from / 8 + i]);
            (u64::from_be_bytes(bytes) << (from % 8) >> 32) as u32
        };
        let mut tables = Box::new([[0; 256]; INPUT_BYTES]);
        for (place, table) in tables.iter_mut().enumerate() {
            for (value, entry) in table.iter_mut().enumerate() {
                let set = (0..8).filter(|bit| value >> (7 - bit) & 1 == 1);
                *entry = set.fold(0, |hash, bit| hash ^ key_bits(place * 8 + bit));
            }
        }
        Self { tables }
    }

    /// The hash of a 4-tuple. Fields that are 0 contribute nothing: with ports 0 it is the hash of the addresses.
    #[inline]
    pub fn hash(&self, (source, destination, source_port, destination_port): FourTuple) -> u32 {
        let mut input = [0; INPUT_BYTES];
        input[..4].copy_from_slice(&source.to_be_bytes());
        input[4..8].copy_from_slice(&destination.to_be_bytes());
        input[8..10].copy_from_slice(&source_port.to_be_bytes());
        input[10..].copy_from_slice(&destination_port.to_be_bytes());
        let parts = self.tables.iter().zip(input);
        parts.fold(0, |hash, (table, byte)| hash ^ table[usize::from(byte)])
    }
}
