//! What leaves of a quiet bank (`docs/packet-format.md`, "Export").

use seqnic_spec::flowradar::{ExportHeader, Geometry, export_flags, write_fragment};

use super::{Cell, FlowRadarEncoder, Quiet};

impl FlowRadarEncoder {
    /// The fragments of the quiet bank, each with header and checksum; nothing while there is none.
    pub fn fragments(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        let quiet = self.quiet().into_iter();
        quiet.flat_map(move |quiet| {
            let memories = 0..self.config.geometry().memories();
            memories.flat_map(move |memory| self.fragments_of(quiet, memory))
        })
    }

    fn fragments_of<'a>(
        &'a self,
        quiet: &'a Quiet,
        memory: usize,
    ) -> impl Iterator<Item = Vec<u8>> + 'a {
        let geometry = self.config.geometry();
        let (all, most) = (
            geometry.memory_words(memory),
            self.config.fragment_words(memory),
        );
        (0..all).step_by(most).map(move |first| {
            let end = all.min(first + most);
            let mut words = Vec::with_capacity((end - first) * geometry.word_bytes(memory));
            match memory.checked_sub(geometry.filter_hashes) {
                None => {
                    let filter = &quiet.bank.filter[memory][first..end];
                    words.extend(filter.iter().flat_map(|word| word.to_be_bytes()));
                }
                Some(table) => {
                    let cells = &quiet.bank.tables[table][first..end];
                    cells
                        .iter()
                        .for_each(|cell| write_cell(cell, geometry, &mut words));
                }
            }
            // The limits of a configuration are those of the fields.
            let header = ExportHeader {
                memory: memory as u8,
                offset_words: first as u32,
                words: (end - first) as u16,
                ..self.header(quiet)
            };
            let mut fragment = Vec::new();
            write_fragment(&header, &words, &mut fragment);
            fragment
        })
    }

    /// What all fragments of an epoch say.
    fn header(&self, quiet: &Quiet) -> ExportHeader {
        let mut header = ExportHeader {
            switch_id: self.config.switch_id(),
            epoch: quiet.epoch,
            packets: quiet.bank.packets,
            flows: quiet.bank.flows,
            overruns: quiet.overruns,
            ..ExportHeader::of_geometry(self.config.geometry())
        };
        if quiet.bank.saturated {
            header.flags |= export_flags::SATURATED;
        }
        if quiet.overruns > 0 {
            header.flags |= export_flags::OVERRUN;
        }
        header
    }
}

fn write_cell(cell: &Cell, geometry: &Geometry, out: &mut Vec<u8>) {
    out.extend(cell.flow_xor.bytes(geometry.key));
    out.push(cell.flow_count);
    out.extend(cell.packet_count.to_be_bytes());
    if geometry.byte_counts {
        let bytes = cell.byte_count.to_be_bytes();
        out.extend(&bytes[bytes.len() - Geometry::BYTE_COUNT_BYTES..]);
    }
}
