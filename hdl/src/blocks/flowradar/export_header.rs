//! The bytes in front of the words of a datagram, a beat at a time.

use seqnic_spec::flowradar::{
    CHECKSUM_BYTES, DatagramHeader, ExportHeader, FlowRadar, export_flags,
};

use crate::rtl::{Expr, Module, concat, lit, zeros};

/// All headers: those of the network, then that of the fragment. They are whole beats.
pub(super) const HEADER_BYTES: usize = DatagramHeader::BYTES + ExportHeader::BYTES;

/// What is different in each fragment.
pub(super) struct Varying<'a> {
    /// Bit 0: of a sub-table; bit 1: the last one of its memory.
    pub kind: &'a Expr,
    pub memory: &'a Expr,
    pub offset_words: &'a Expr,
    pub epoch: &'a Expr,
    pub packets: &'a Expr,
    pub flows: &'a Expr,
    pub overruns: &'a Expr,
    pub saturated: &'a Expr,
    pub overrun: &'a Expr,
}

/// The words of the fragments of each kind.
pub(super) fn words_of_kinds(config: &FlowRadar) -> [usize; 4] {
    let geometry = config.geometry();
    [0, 1, 2, 3].map(|kind| {
        let memory = [0, geometry.filter_hashes][kind % 2];
        let (all, most) = (geometry.memory_words(memory), config.fragment_words(memory));
        match (kind / 2, all % most) {
            (1, rest @ 1..) => rest,
            _ => most.min(all),
        }
    })
}

/// The number of the first word of a memory's last fragment.
pub(super) fn last_offset(config: &FlowRadar, memory: usize) -> usize {
    let all = config.geometry().memory_words(memory);
    (all - 1) / config.fragment_words(memory) * config.fragment_words(memory)
}

/// The bytes of all headers, the first in the lowest bits.
pub(super) fn header_bytes(m: &mut Module, config: &FlowRadar, varying: &Varying<'_>) -> Expr {
    let geometry = config.geometry();
    let kinds = words_of_kinds(config);
    // As they are but for what is filled in below, for each kind.
    let images = [0, 1, 2, 3].map(|kind: usize| {
        let words = kinds[kind];
        let memory = [0, geometry.filter_hashes][kind % 2];
        let payload = ExportHeader::BYTES + words * geometry.word_bytes(memory) + CHECKSUM_BYTES;
        let mut bytes = config.datagram(&vec![0; payload]);
        bytes.truncate(DatagramHeader::BYTES);
        let header = ExportHeader {
            switch_id: config.switch_id(),
            // A fragment has fewer bytes than a word of the header counts.
            words: words as u16,
            ..ExportHeader::of_geometry(geometry)
        };
        header.write(&mut bytes);
        bytes
    });
    let flags = concat([
        lit(1, u64::from(geometry.byte_counts)),
        varying.saturated.clone(),
        varying.overrun.clone(),
        zeros(5),
    ]);
    const { assert!(export_flags::KNOWN == 7 && export_flags::BYTE_COUNTS == 1) };
    let filled = [
        ("flags", flags),
        ("epoch", varying.epoch.clone()),
        ("memory", varying.memory.zero_extend(8)),
        ("packets", varying.packets.clone()),
        ("flows", varying.flows.clone()),
        ("overruns", varying.overruns.clone()),
        ("offset_words", varying.offset_words.zero_extend(32)),
    ];
    let mut bytes: Vec<Option<Expr>> = vec![None; HEADER_BYTES];
    for field in ExportHeader::fields() {
        let Some((_, value)) = filled.iter().find(|(name, _)| *name == field.name) else {
            continue;
        };
        let value = value.swap_bytes();
        for byte in 0..field.bytes {
            bytes[DatagramHeader::BYTES + field.offset_bytes + byte] = Some(value.byte(byte));
        }
    }
    concat(bytes.into_iter().enumerate().map(|(place, byte)| {
        byte.unwrap_or_else(|| {
            let of_kind = |kind: usize| lit(8, images[kind][place].into());
            match (1..4).all(|kind| images[kind][place] == images[0][place]) {
                true => of_kind(0),
                false => m.select_in(&format!("header_{place}"), varying.kind, 0..=3, of_kind),
            }
        })
    }))
}
