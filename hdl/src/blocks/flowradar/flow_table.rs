//! One sub-table of the counting table.

use std::sync::Arc;

use seqnic_spec::flowradar::Geometry;

use super::rmw_banks::{BankPorts, BankSpec, Passing};
use crate::rtl::{Design, Expr, MemoryStyle, Module, Reset, RtlError, concat};

const DOC: &str = "\
Flow table: one sub-table, in a cell of which each packet is counted.

    index ---> [ bank 0 ] [ bank 1 ] ---> FlowXOR ^ key, FlowCount + 1   when the flow is new ---> bank
                                          PacketCount + 1, ByteCount + bytes

A FlowCount of 255 stays. Two banks: packets say which one they belong to, the other one is read for the export and
cleared. `key`, `is_new` and `bytes` come 3 cycles behind `index`.
Latency: 4 cycles from `index` to the write. Throughput: a packet a cycle, whatever cells they meet: a cell that is still
on its way back is taken from there. Backpressure: none. Reset: no packet is on its way; banks keep their content until
they are cleared.
Storage: two banks of cells; three cells of flip-flops.
Source: FlowRadar, section 3.1.";

/// The bits of a frame's length that are counted.
pub const LENGTH_BITS: usize = 16;

/// A sub-table. Inputs `valid`, `bank`, `index`, and 3 cycles behind them `key`, `is_new`, and `bytes` where they are
/// counted; `serve`, `clear` (a bit a bank), `service_address`. Outputs `served`, the cell of the served bank a cycle after
/// its address, as a number whose first byte in an export is the most significant one; `saturates` and `saturated_bank`: a
/// FlowCount has got to 255.
pub fn flow_table(
    name: &str,
    geometry: &Geometry,
    style: MemoryStyle,
    service_bits: usize,
) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let (valid, bank) = (m.input("valid", 1), m.input("bank", 1));
    let index = m.input("index", geometry.cells.index_bits());
    let ports = BankPorts::declare(&mut m, valid, bank, index, service_bits);
    let spec = BankSpec {
        style,
        depth_words: geometry.cells.size(),
        width_bits: geometry.cell_bits(),
    };
    let cell = Passing::read(&mut m, spec, ports);
    let key = m.input("key", geometry.key.bits());
    let is_new = m.input("is_new", 1);
    let bytes = geometry.byte_counts.then(|| m.input("bytes", LENGTH_BITS));

    // From the most significant part on.
    let mut next = Vec::new();
    let mut saturates = None;
    for field in geometry.cell_fields() {
        let bits = 8 * field.bytes;
        let end = 8 * (field.offset_bytes + field.bytes);
        let value = cell.current.slice(geometry.cell_bits() - end, bits);
        let grown = |by: &Expr| &value + by.zero_extend(bits);
        next.push(match field.name {
            "FlowXOR" => &value ^ key.gated_by(&is_new),
            "FlowCount" => {
                let is_full = m.wire("is_full", value.all());
                saturates = Some(&is_new & value.slice(1, bits - 1).all());
                grown(&(&is_new & !is_full))
            }
            "PacketCount" => value.plus(1),
            _ => bytes.as_ref().map_or(value.clone(), grown),
        });
    }
    let next = m.wire("next", concat(next.into_iter().rev()));
    if let Some(saturates) = saturates {
        let saturates = m.delayed("saturates_4", Reset::To(0), &cell.valid & saturates);
        m.output_of("saturates", saturates);
    }
    let bank = m.delayed("bank_4", Reset::None, &cell.bank);
    m.output_of("saturated_bank", bank);
    m.output_of("served", &cell.served);
    cell.write(&mut m, &next);
    m.build()
}
