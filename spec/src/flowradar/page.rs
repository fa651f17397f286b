//! The part of the packet format document that is about FlowRadar.

use super::{
    DatagramHeader, ExportHeader, FlowRadar, Geometry, HashFunction, HashKind, KeyKind, WireField,
};
use crate::format::Page;
use crate::raw::RawFlowRadar;

const KEYS: &str = "
The key of a flow is a number whose bytes are those below, the most significant one first. Bit 0 is its least
significant bit. Which headers a packet has is said above.

- TCP and UDP over IPv4 or IPv6: addresses, ports, and the protocol (IPv6: the next header).
- An IPv4 fragment, the first one included: both ports are 0, so that all fragments of a datagram are one flow.
- Other protocols, and TCP and UDP headers that are cut short: both ports are 0.
- IPv6 with `five-tuple`: an address is the XOR of its four 32-bit words. Flows that are then equal are counted as one.
- IPv4 with `ipv6-five-tuple`: the address a.b.c.d is ::ffff:a.b.c.d.
- Packets with neither an IPv4 nor an IPv6 header: the key is 0. All of them are one flow.
";

const HASHES: &str = "
Function f is that of sub-table f, and function `tables` + i that of partition i of the filter. Its raw value has 32
bits. With the size s of the memory, in cells or bits, and h the highest w bits of the raw value, the index is
floor(h * s / 2^w). s is 8 to 15 times a power of two. When it is a power of two, w is its binary logarithm; otherwise w
is the width of the largest index plus 3.

All constants follow from the seed: D(i) is number i (from 0) of SplitMix64 started with the seed, that is
mix(seed + (i + 1) * 0x9e3779b97f4a7c15), and its upper 32 bits are used.

- CRC i has the polynomial x^32 + p, where p is the upper half of D(i) with its lowest bit set. It starts with
  0xffffffff and takes the bytes of the key, the most significant bit of the most significant byte first; nothing is
  reflected and nothing inverted in the end.
- `crc-sum`: with t = CRC a plus CRC b, function f is t plus (t rotated to the left by 13 bits), both modulo 2^32. (a, b) is (0, 1),
  (0, 2), (1, 2), (0, 3), (1, 3), (2, 3), (0, 4), ... for f = 0, 1, 2, ...
- `tabulation`: function f is the XOR over all 6-bit chunks c of the key, chunk 0 being its lowest bits, of the upper
  half of D(2^32 + (f * 64 + c) * 64 + v), where v is the value of the chunk.
- `crc`: function f is CRC f.
";

const ENCODER: &str = "
For each packet the encoder looks up the bits of its key in the filter of the current bank, one in each partition, and
sets them. The flow is new when one of them was 0. In the cell of each sub-table

- of a new flow, FlowXOR becomes its XOR with the key, and FlowCount one more. A FlowCount of 255 stays, and sets the
  flag of the epoch;
- of every packet, PacketCount becomes one more modulo 2^32, and ByteCount, if there is one, more by the bytes of the
  frame modulo 2^40.

There are two banks. A swap is asked for by the timer, by a register, or when `load_flows` flows were new in the
current bank. The bank that was current is then quiet, is exported and cleared. A swap that is asked for while the other
bank is not clean yet waits until it is, is counted in `overruns`, and sets the overrun flag; more of them meanwhile
are only counted.
";

const EXPORT: &str = "
A quiet bank leaves as UDP datagrams over IPv4. Each holds one fragment: a header, words of one memory that follow each
other, and a checksum of 4 bytes. Memories are numbered: 0 to `filter_hashes` - 1 are the partitions of the filter, the
following ones the sub-tables. A word of the filter has 64 bits and is written as a big-endian number; bit i of a
partition is bit i mod 64 of word i / 64. A word of a sub-table is a cell. The checksum is the CRC-32 of Ethernet over
header and words, written as a big-endian number. All numbers are big-endian.

A fragment has as many words as fit into `fragment_bytes`, the last one of a memory perhaps fewer. Fragments may come in
any order.
";

/// Appends the section to the document.
pub(crate) fn write_page(page: &mut Page) {
    page.heading("FlowRadar");
    page.paragraph(ENCODER);
    page.subheading("Keys");
    page.paragraph(KEYS);
    for &kind in KeyKind::ALL {
        page.paragraph(&format!("`{kind}`: {} bits", kind.bits()));
        let fields = kind.fields();
        let rows = fields.map(|field| {
            [
                field.offset_bytes.to_string(),
                field.bytes.to_string(),
                field.name.to_owned(),
            ]
        });
        page.table(&["offset", "bytes", "content"], rows);
    }
    page.subheading("Hash functions");
    page.paragraph(HASHES);
    page.paragraph(&constants());
    page.subheading("Export");
    page.paragraph(EXPORT);
    page.paragraph("The headers of a datagram:");
    page.table(
        &["offset", "bytes", "name", "content"],
        rows(DatagramHeader::fields()),
    );
    page.paragraph(&format!(
        "The header of a fragment, from byte {} on:",
        DatagramHeader::BYTES
    ));
    page.table(
        &["offset", "bytes", "name", "content"],
        rows(ExportHeader::fields()),
    );
    page.paragraph("A cell with a key of 104 bits, with byte counts:");
    let cells = example(true).cell_fields().into_iter();
    let cells = cells.map(|field| {
        [
            field.offset_bytes.to_string(),
            field.bytes.to_string(),
            field.name.to_owned(),
        ]
    });
    page.table(&["offset", "bytes", "content"], cells);
}

fn rows(fields: Vec<WireField>) -> impl Iterator<Item = [String; 4]> {
    let row = |field: WireField| {
        [
            field.offset_bytes.to_string(),
            field.bytes.to_string(),
            format!("`{}`", field.name),
            field.doc.to_owned(),
        ]
    };
    fields.into_iter().map(row)
}

/// The default encoder.
fn example(byte_counts: bool) -> Geometry {
    let raw = RawFlowRadar {
        byte_counts: Some(byte_counts),
        ..RawFlowRadar::default()
    };
    *FlowRadar::resolve(&raw)
        .expect("the defaults are valid")
        .geometry()
}

/// Some constants, to compare with.
fn constants() -> String {
    let seed = example(false).seed;
    let polynomials: Vec<_> = (0..6)
        .map(|crc| format!("{:#010x}", HashKind::polynomial(seed, crc)))
        .collect();
    let HashFunction::Tabulation(tables) = HashKind::Tabulation.function(seed, 0) else {
        unreachable!("it is of that kind");
    };
    let words: Vec<_> = (0..4)
        .map(|value| format!("{:#010x}", tables.word(0, value)))
        .collect();
    format!(
        "With seed {seed} the first polynomials are {}, and the first words of function 0 and chunk 0 of `tabulation` \
         {}.",
        polynomials.join(", "),
        words.join(", "),
    )
}
