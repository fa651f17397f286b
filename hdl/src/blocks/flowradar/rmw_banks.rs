//! Two banks of a memory whose words are read, changed and written back, one a cycle: what filter and sub-tables have in
//! common.
//!
//! ```text
//! cycle 0  address ---> who is ahead on this word?
//! cycle 1  address ---> [ bank 0 ] [ bank 1 ]
//! cycle 2               word, word, or one on its way back
//! cycle 3               current, or what was written a cycle ago ---> next
//! cycle 4               next ---> bank
//! ```
//!
//! A word that is read in the cycle in which it is written is the old one. So a packet must not take from the memory
//! what the three packets ahead of it may still change: the third and the second are looked at in cycle 2, the first in
//! cycle 3.
//!
//! The bank that no packet is in is served: read for the export, and cleared.

use crate::rtl::{Expr, MemorySpec, MemoryStyle, Module, Reset, concat, ones, when, zeros};

/// Cycles from an address to the word that is changed.
pub(super) const READ_CYCLES: usize = 3;

/// Size and style of each bank.
#[derive(Clone, Copy, Debug)]
pub(super) struct BankSpec {
    pub style: MemoryStyle,
    pub depth_words: usize,
    pub width_bits: usize,
}

/// The ports of a block with such banks.
pub(super) struct BankPorts {
    /// A packet comes, with its bank and address.
    pub valid: Expr,
    pub bank: Expr,
    pub address: Expr,
    serve: Expr,
    service_address: Expr,
    clear: Expr,
}

/// A word on its way.
pub(super) struct Passing {
    spec: BankSpec,
    /// In cycle 3: there is one, in this bank.
    pub valid: Expr,
    pub bank: Expr,
    /// In cycle 3: the word before this packet.
    pub current: Expr,
    /// The word of the served bank, a cycle after its address.
    pub served: Expr,
    written: Expr,
    memories: [crate::rtl::Memory; 2],
    place: Expr,
    ports: BankPorts,
}

impl BankPorts {
    /// Declares the ports that serve a bank: `serve`, `clear`, one bit a bank, and `service_address`.
    pub(super) fn declare(
        m: &mut Module,
        valid: Expr,
        bank: Expr,
        address: Expr,
        service_bits: usize,
    ) -> Self {
        Self {
            valid,
            bank,
            address,
            serve: m.input("serve", 2),
            service_address: m.input("service_address", service_bits),
            clear: m.input("clear", 2),
        }
    }
}

impl Passing {
    /// From the address to the word.
    pub(super) fn read(m: &mut Module, spec: BankSpec, ports: BankPorts) -> Self {
        let address_bits = ports.address.width();
        let place_0 = concat([ports.address.clone(), ports.bank.clone()]);
        let mut valid = vec![ports.valid.clone()];
        let mut place = vec![place_0.clone()];
        for cycle in 1..=4 {
            let name = |what: &str| format!("{what}_{cycle}");
            valid.push(m.delayed(&name("valid"), Reset::To(0), &valid[cycle - 1]));
            place.push(m.delayed(&name("place"), Reset::None, &place[cycle - 1]));
        }
        let mut same = |ahead: usize| {
            let same = &valid[ahead] & place[ahead].equals(&place_0);
            m.delayed(&format!("same_{ahead}_ahead"), Reset::None, same)
        };
        let (first_1, second, third) = (same(1), same(2), same(3));
        let first_2 = m.delayed("first_2", Reset::None, first_1);
        // Reset keeps it out of a shift register, whose output is as late as a LUT.
        let first_3 = m.delayed("first_3", Reset::To(0), first_2);
        // Where the word comes from: a bank, or what was changed two or three packets ago.
        let of_bank = place[1].bit(address_bits).zero_extend(2);
        let two = crate::rtl::lit(2, 2);
        let source = when(second, two).or_when(third, ones(2)).otherwise(of_bank);
        let source_2 = m.delayed("source_2", Reset::None, source);

        let service_address = ports.service_address.slice(0, address_bits);
        let memory = MemorySpec {
            style: spec.style,
            depth_words: spec.depth_words,
            width_bits: spec.width_bits,
            lane_bits: spec.width_bits,
        };
        let memories = [0, 1].map(|bank| m.memory(&format!("bank_{bank}"), memory));
        let words = [0, 1].map(|bank| {
            let address = place[1].slice(0, address_bits);
            let address = ports.serve.bit(bank).mux(&service_address, &address);
            let address = m.wire(&format!("read_address_{bank}"), address);
            m.read_clocked(memories[bank], &format!("word_{bank}"), ones(1), &address)
        });
        let written = m.register("written", spec.width_bits, Reset::None);
        let before = m.delayed("written_before", Reset::None, &written);
        let sources = [&words[0], &words[1], &written, &before];
        let fetched = m.select_in("fetched", &source_2, 0..=3, |source| {
            sources[source].clone()
        });
        let fetched = m.delayed("fetched_3", Reset::None, fetched);
        let current = m.wire("current", first_3.mux(&written, &fetched));
        Self {
            spec,
            valid: valid[3].clone(),
            bank: place[3].bit(address_bits),
            current,
            served: ports.serve.bit(1).mux(&words[1], &words[0]),
            written,
            memories,
            place: concat([place[4].clone(), valid[4].clone()]),
            ports,
        }
    }

    /// Writes what the word is to be, as it is known in cycle 3.
    pub(super) fn write(self, m: &mut Module, next: &Expr) {
        let address_bits = self.ports.address.width();
        m.next(&self.written, next);
        let (address, bank) = (
            self.place.slice(0, address_bits),
            self.place.bit(address_bits),
        );
        let valid = self.place.bit(address_bits + 1);
        for (number, memory) in self.memories.into_iter().enumerate() {
            let clear = self.ports.clear.bit(number);
            let here = match number {
                0 => !&bank,
                _ => bank.clone(),
            };
            let enable = m.wire(&format!("write_{number}"), &clear | (&valid & here));
            let service_address = self.ports.service_address.slice(0, address_bits);
            let to = m.wire(
                &format!("write_address_{number}"),
                clear.mux(&service_address, &address),
            );
            let data = clear.mux(&zeros(self.spec.width_bits), &self.written);
            m.write(memory, enable, &to, &data, None);
        }
    }
}
