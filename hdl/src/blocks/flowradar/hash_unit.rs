//! From the key of a flow to its places in filter and sub-tables.

use std::sync::Arc;

use seqnic_spec::flowradar::{
    CHUNK_BITS, CRC_START, Extent, FOLD_ROTATION_BITS, Geometry, HashFunction, HashKind, Tables,
};

use crate::rtl::{Bits, Design, Expr, Module, Reset, RtlError, concat, constant, lit, zeros};

const DOC: &str = "\
Hash unit: the index of a flow in each sub-table and in each partition of the filter.

    crc-sum     key ---> [ CRCs: XOR trees ] ---> [ a + b ] ---> [ t + (t << 13 | t >> 19) ] ---> [ * size ] ---> index
    tabulation  key ---> [ XOR of words that 6-bit chunks select ] ------------------------------> [ * size ] ---> index
    crc         key ---> [ CRC: XOR tree ] --------------------------------------------------------> [ * size ] ---> index

The sums share their CRCs. A size is 8 to 15 times a power of two: two additions at most make the product.
Latency: 4 cycles with crc-sum, otherwise 2. Throughput: a key a cycle. Backpressure: none. Reset: none.
Storage: flip-flops of 32 bits a CRC and a function, and of the width of each index.
Source: docs/packet-format.md, \"Hash functions\".";

/// Cycles from the key to the indices.
pub const fn latency_cycles(kind: HashKind) -> usize {
    match kind {
        HashKind::CrcSum => 4,
        HashKind::Tabulation | HashKind::Crc => 2,
    }
}

/// The hash functions of an encoder. Input `key`; outputs `table_<n>` and `filter_<n>`, the indices.
pub fn hash_unit(name: &str, geometry: &Geometry) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let key = m.input("key", geometry.key.bits());
    let tables = (0..geometry.tables).map(|table| {
        let name = format!("table_{table}");
        (name, geometry.table_hash(table), geometry.cells)
    });
    let partitions = (0..geometry.filter_hashes).map(|part| {
        let name = format!("filter_{part}");
        (name, geometry.filter_hash(part), geometry.filter)
    });
    let functions: Vec<_> = tables.chain(partitions).collect();

    let mut crcs: Vec<(u32, Expr)> = Vec::new();
    for (_, function, _) in &functions {
        let polynomials = match *function {
            HashFunction::CrcSum(first, second) => vec![first, second],
            HashFunction::Crc(polynomial) => vec![polynomial],
            HashFunction::Tabulation(_) => vec![],
        };
        for polynomial in polynomials {
            if !crcs.iter().any(|(known, _)| *known == polynomial) {
                let name = format!("crc_{}", crcs.len());
                let crc = crc_of(&key, geometry.key.bytes(), polynomial);
                crcs.push((polynomial, m.delayed(&name, Reset::None, crc)));
            }
        }
    }
    let crc_with = |polynomial: u32| {
        let known = crcs.iter().find(|(known, _)| *known == polynomial);
        known.map_or_else(
            || Expr::refused(32, "a CRC that was not made"),
            |(_, crc)| crc.clone(),
        )
    };
    for (name, function, extent) in functions {
        let raw = match function {
            HashFunction::CrcSum(first, second) => {
                let sum = crc_with(first) + crc_with(second);
                let sum = m.delayed(&format!("{name}_sum"), Reset::None, sum);
                // To the left: what leaves at the top comes in at the bottom.
                let turned = FOLD_ROTATION_BITS as usize;
                let rotated = concat([sum.slice(32 - turned, turned), sum.slice(0, 32 - turned)]);
                let folded = m.wire(&format!("{name}_folded"), &sum + rotated);
                let upper = upper_bits(&folded, extent);
                m.delayed(&format!("{name}_raw"), Reset::None, upper)
            }
            HashFunction::Crc(polynomial) => upper_bits(&crc_with(polynomial), extent),
            HashFunction::Tabulation(tables) => {
                let upper = tabulated(&mut m, &name, &key, tables, extent);
                m.delayed(&format!("{name}_raw"), Reset::None, upper)
            }
        };
        let index = scaled(&mut m, &name, &raw, extent);
        let index = m.delayed(&format!("{name}_index"), Reset::None, index);
        m.output_of(&name, index);
    }
    m.build()
}

/// A CRC of a key: each of its bits is the XOR of some bits of the key, and perhaps of a 1.
fn crc_of(key: &Expr, bytes: usize, polynomial: u32) -> Expr {
    let crc_past = |crc: u32, bits: usize| {
        (0..bits).fold(crc, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { polynomial } else { 0 }
        })
    };
    let of_zeros = crc_past(CRC_START, 8 * bytes);
    // What bit `place` of the key toggles: it meets the register at its top, and as many bits come behind it.
    let toggled: Vec<u32> = (0..key.width())
        .map(|place| crc_past(1 << 31, place + 1))
        .collect();
    concat((0..32).map(|bit| {
        let mask = Bits::from_fn(key.width(), |place| toggled[place] >> bit & 1 == 1);
        (key & constant(mask)).parity() ^ lit(1, u64::from(of_zeros >> bit & 1))
    }))
}

/// The bits of a raw value that make an index.
fn upper_bits(raw: &Expr, extent: Extent) -> Expr {
    let bits = extent.hash_bits();
    raw.slice(raw.width() - bits, bits)
}

/// The upper bits of the XOR of the words that the chunks of a key select.
fn tabulated(m: &mut Module, name: &str, key: &Expr, tables: Tables, extent: Extent) -> Expr {
    let bits = extent.hash_bits();
    let words = (0..key.width().div_ceil(CHUNK_BITS)).map(|chunk| {
        let start = chunk * CHUNK_BITS;
        let value = key.slice(start, CHUNK_BITS.min(key.width() - start));
        let entries: Vec<_> = (0..1 << value.width())
            .map(|value| Bits::new(bits, u64::from(tables.word(chunk, value) >> (32 - bits))))
            .collect();
        m.rom(&format!("{name}_chunk_{chunk}"), &value, &entries)
    });
    let words: Vec<_> = words.collect();
    words
        .into_iter()
        .reduce(|a, b| a ^ b)
        .unwrap_or_else(|| zeros(bits))
}

/// The place in an extent that a raw value stands for: its product with the size, without the lowest bits.
fn scaled(m: &mut Module, name: &str, raw: &Expr, extent: Extent) -> Expr {
    let width = raw.width() + 4;
    let times = |shift: usize| match shift {
        0 => raw.zero_extend(width),
        _ => concat([zeros(shift), raw.clone()]).zero_extend(width),
    };
    let product = match extent.factor() {
        // One subtraction in place of two additions.
        14 => times(4) - times(1),
        15 => times(4) - times(0),
        factor => (0..4)
            .rev()
            .filter(|shift| factor >> shift & 1 == 1)
            .map(times)
            .reduce(|a, b| a + b)
            .unwrap_or_else(|| zeros(width)),
    };
    let product = m.wire(&format!("{name}_product"), product);
    let dropped = extent.hash_bits() - extent.shift() as usize;
    product.slice(dropped, extent.index_bits())
}
