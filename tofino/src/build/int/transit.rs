//! The transit hop.
//!
//! ```text
//! stage 0  what is asked for: words of each four bits of the bitmap; hop length as words, bytes and change of the sum
//!       1  words of the packet, of what is left of the MTU, of the stack
//!       2  how many are lacking, how many are too much, how many of ones
//!       3  whether the hop length is less than what is asked for
//!       4  the decision: a table of all this
//!       5  the metadata
//!       6  the lengths, and which checksums are written
//! ```

mod decide;
mod sums;
mod write;

use seqnic_spec::int::ChecksumMode;

use super::headers::{self, NIBBLES};
use super::parser::{Found, Goal};
use super::push;
use super::{Maker, Parts, md};
use crate::ir::Program;

/// The header of the checksum complement.
const COMPLEMENT: &str = "checksum_complement";

/// Makes the program.
pub fn transit(mut maker: Maker<'_>) -> Program {
    maker.transit_metadata();
    maker.asked();
    maker.sums();
    maker.decide();
    maker.metadata_of_hop();
    maker.lengths();
    let mut headers = headers::packet();
    headers.push(headers::telemetry());
    headers.extend(push::headers(maker.arch));
    if maker.complements() {
        let fields = [("complement_padding", 16), ("complement", 16)];
        headers.push(headers::header(COMPLEMENT, &fields));
    }
    // A node of INT-MD has one.
    let Some(encapsulation) = maker.node.encapsulation() else {
        unreachable!("the mode has been looked at");
    };
    let found = Found {
        encapsulation,
        goal: Goal::Header {
            mtu_bytes: maker.node.mtu_bytes() as u64,
        },
    };
    let parts = Parts {
        headers,
        states: found.states(),
    };
    let checksums = maker.checksums();
    maker.assemble(parts, checksums)
}

impl Maker<'_> {
    /// Whether a checksum complement can be asked for and is kept.
    fn complements(&self) -> bool {
        self.node.checksum() == ChecksumMode::Complement
    }

    fn transit_metadata(&mut self) {
        self.fields(&[
            (md::PAYLOAD, 16),
            (md::ROOM, 16),
            (md::WORDS_BEFORE, 16),
            (md::NEEDED, 16),
            (md::ADDED_WORDS, 16),
            (md::ADDED_BYTES, 16),
            (md::WHOLE, 16),
            (md::HOP, 8),
            (md::NOW, 32),
            (md::NOW_HIGH, 16),
            (md::CAME_HIGH, 16),
            (md::BORROW, 32),
            (md::NOT_TRANSPORT, 16),
            (md::DELTA, 16),
        ]);
        self.cleared_fields(&md::OF_HEADER);
        self.cleared_fields(&[(md::WRITES_TCP, 1), (md::WRITES_UDP, 1)]);
        for number in 0..NIBBLES {
            self.field(&md::asked(number), 8);
        }
        for number in 0..2 {
            self.field(&md::known(number), 8);
        }
        if self.complements() {
            self.cleared(md::COMPLEMENT, 8);
            self.cleared(md::UDP_MORE, 16);
            self.cleared(md::WRITES_COMPLEMENT, 1);
        }
    }
}
