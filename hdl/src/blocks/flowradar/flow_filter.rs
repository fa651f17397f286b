//! One partition of the flow filter.

use std::sync::Arc;

use seqnic_spec::flowradar::Geometry;

use super::rmw_banks::{BankPorts, BankSpec, Passing, READ_CYCLES};
use crate::rtl::{Design, MemoryStyle, Module, Reset, RtlError, concat};

const DOC: &str = "\
Flow filter: one partition, a bit of which each packet finds or sets.

    index --+--> word ---> [ bank 0 ] [ bank 1 ] ---> [ | bit ] ---> bank
            +--> bit  -------------------^------> was it set? ---> known

Two banks: packets say which one they belong to, the other one is read for the export and cleared.
Latency: 5 cycles from `index` to `known`. Throughput: a packet a cycle, whatever words they meet: a word that is still
on its way back is taken from there. Backpressure: none. Reset: no packet is on its way; banks keep their content until
they are cleared.
Storage: two banks of the partition, 64 bits a word; about 350 flip-flops.
Source: FlowRadar, section 3.1.";

/// A partition of a filter. Inputs `valid`, `bank`, `index`; `serve`, `clear` (a bit a bank), `service_address`. Outputs
/// `known`, 5 cycles behind `index`, and `served`, the word of the served bank a cycle after its address.
pub fn flow_filter(
    name: &str,
    geometry: &Geometry,
    style: MemoryStyle,
    service_bits: usize,
) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let word_bits = Geometry::FILTER_WORD_BITS;
    let bit_bits = word_bits.trailing_zeros() as usize;
    let index_bits = geometry.filter.index_bits();
    let (valid, bank) = (m.input("valid", 1), m.input("bank", 1));
    let index = m.input("index", index_bits);
    let address = index.slice(bit_bits, index_bits - bit_bits);
    let ports = BankPorts::declare(&mut m, valid, bank, address, service_bits);
    let spec = BankSpec {
        style,
        depth_words: geometry.memory_words(0),
        width_bits: word_bits,
    };
    let word = Passing::read(&mut m, spec, ports);

    let mut bit = index.slice(0, bit_bits);
    for cycle in 1..=READ_CYCLES {
        bit = m.delayed(&format!("bit_{cycle}"), Reset::None, bit);
    }
    let set = concat((0..word_bits as u64).map(|place| bit.is(place)));
    let next = m.wire("next", &word.current | set);
    // Which bit it was takes two cycles: first one of four, then one of sixteen.
    let (low, high) = (bit.slice(0, 2), bit.slice(2, bit_bits - 2));
    let fours: Vec<_> = (0..word_bits / 4)
        .map(|group| {
            let of = |place| word.current.bit(4 * group + place);
            m.select_in(&format!("four_{group}"), &low, 0..=3, of)
        })
        .collect();
    let fours = m.delayed("fours_4", Reset::None, concat(fours));
    let high = m.delayed("bit_4", Reset::None, high);
    let known = m.select_in("found", &high, 0..=word_bits / 4 - 1, |group| {
        fours.bit(group)
    });
    let known = m.delayed("known_5", Reset::None, known);
    m.output_of("known", known);
    m.output_of("served", &word.served);
    word.write(&mut m, &next);
    m.build()
}
