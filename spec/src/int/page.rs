//! INT in docs/packet-format.md.

use super::headers::{
    GeneveHeader, GeneveOption, GreHeader, GreShim, GroupHeader, HeaderV1, IndividualHeader,
    MdHeader, MxHeader, ReportBody, Shim, ShimV1, TlvHeader, VxlanGpeHeader, VxlanShim,
};
use super::{BitField, Instruction};
use crate::format::Page;

const INTRODUCTION: &str = "
The formats are those of the P4.org INT dataplane specification v2.1 and of the Telemetry Report Format Specification
v2.0. What they leave open is decided here. All numbers are big-endian; bit 0 is the most significant of the first byte.
";

const WHICH: &str = "
*Headers* are found as in [Which headers a packet has](#which-headers-a-packet-has), with one difference: an IPv4 packet
that is a fragment, the first one included, has no transport header. What is inserted into a fragment would shift all
that follow.

The *IP length* is the total length of IPv4, or 40 bytes more than the payload length of IPv6. A packet *can hold* a header
behind its transport header when

- TCP has a data offset of at least 5, and that many words of it are in the frame and in the IP length; or UDP has a
  length equal to the IP length less the IP header, and of at least 8;
- shim and INT header would end within the first 128 bytes of the frame, counted after insertion.

Shim and header stand behind the options of TCP. A packet can hold a header in front of its transport header (NPT 2)
when it is no fragment, its IP length is at least that of its IP header, its protocol is not 0, 43, 44 or 60 over IPv6
(extension headers), and UDP header, shim and INT header would end within the first 128 bytes.

A frame *has an INT header* when all of this holds, otherwise not, and then every role passes it as it is:

- it has TCP or UDP as above, where with NPT 1 and 2 only UDP counts;
- it is marked: with encapsulation `dscp` the bits `dscp_mask` of its DSCP are `dscp`, and NPT is 0; with the other two
  the UDP destination port is `udp_port`, and NPT is 1 or 2;
- the kind in the shim is that of the mode, 1 with `md` and 3 with `mx`, the version in the header is 2, and the length in
  the shim is at least 3 words;
- shim and INT header end within the first 128 bytes, and in the frame;
- the length of the shim, with the shim, is at most the IP length less the headers up to the shim.

Reserved bits are not looked at. A destination header (kind 2) is never written, and stays where it is.
";

const SOURCE: &str = "
A frame is a *candidate* when it matches the [watchlist](#watchlist-and-sampling), can hold a header (with `port` it must be
UDP), and is not marked. One of `sample_every` candidates, the first one of them included, gets a header:

1. When the IP length with shim and header (16 bytes; with NPT 2 also 8 of UDP) is more than `mtu_bytes`, the frame
   stays as it is.
2. `md` with `push`: when metadata of the hop and `source_only` words fit as well, they are pushed, and `remaining_hops` is
   `max_hops` - 1. Otherwise none is, the M flag is set, and `remaining_hops` is `max_hops`.
3. `md` without `push`: none is pushed, no flag is set.
4. `mx`: `source_only` words count to the header in step 1, and stand behind it.

`hop_words` are the words of the instructions and `ds_words`. D is `discard`, E is 0, all reserved bits are 0.

The mark: with `dscp` the bits `dscp_mask` of the DSCP become `dscp`, and the shim keeps the DSCP. With `port` the UDP
destination port becomes `udp_port`, and the shim keeps the port. With `protocol` a UDP header is inserted behind the IP
header: source port 0xc000 plus the lowest 14 bits of the [flow hash](#watchlist-and-sampling), destination port
`udp_port`, checksum 0; the protocol of IP becomes 17, and the shim keeps the protocol.

A frame that is marked when it comes is passed as it is: what comes into a domain with a mark of its own must be
dealt with before.
";

const TRANSIT: &str = "
`md`, for a frame with an INT header, the first that applies:

1. `remaining_hops` is 0: E is set. M is not looked at.
2. `hop_words` is 0 or less than the words of the instruction bitmap, or the domain is not known and `unknown_domain` is
   `skip`: nothing changes.
3. The length in the shim would be more than 255, or the IP length more than `mtu_bytes`: M is set.
4. `hop_words` words are pushed behind the header, `remaining_hops` decreases by 1.

The words that are pushed, by the source and by transit hops:

- for each bit from 0 to 8 that is set the value of the hop, or ones when it is not available;
- for each bit from 9 to 14 a word of ones;
- ones up to `hop_words`, where the metadata of the domain are;
- the source alone: `source_only`;
- for bit 15 the checksum complement.

`mx`: the frame stays as it is, and is reported.
";

const SINK: &str = "
From a frame with an INT header it takes out shim, header and all that the length in the shim covers, with NPT 2 also the
UDP header. It restores the bits `dscp_mask` of the DSCP, the UDP destination port, or the protocol of IP. With the D
flag set the frame is dropped. A frame that ends before the stack does has no INT header here. Every frame with an INT
header is reported, as it came. The sink pushes nothing: its own metadata are in the report.
";

const LENGTHS: &str = "
With every insertion and removal change the length in the shim, the UDP length, the total length and the header checksum
of IPv4, the payload length of IPv6. The header checksum of IPv4 is updated from what changes, as is the checksum of TCP
or UDP: with C the checksum, m what was there and m' what is there now, in 16-bit words,
C' = 0xffff - fold(0xffff - C + sum(m') + sum(0xffff - m)), where fold adds the carries until 16 bits are left. The sums are over
all words that change, are inserted, or are taken out; the length of the transport header's pseudo header, which for
UDP is the second time that its length counts; and with NPT 1 the port. A UDP checksum of 0 stays 0; a UDP checksum that
comes out as 0 is written as 0xffff. With NPT 2 the checksum of the inserted header is 0, and that of the packet stays.

Bit 15 and `checksum` = `complement`: where words are pushed into a packet with a checksum (of TCP, or of UDP and not 0;
at a source with NPT 2 there is none), the checksum stays, and the last word pushed is 0xffff - fold(the same sums without C) in its lower 16 bits and 0 in the upper ones. In all
other cases that word is ones. When a flag alone changes, the checksum is updated.

Bytes of the frame behind the IP packet stay. Frames that become shorter than Ethernet allows are not padded.
";

const REPORTS: &str = "
One report a datagram: Ethernet, IPv4 and UDP as in [Export](#export), with the addresses of `int.report`, UDP checksum 0; then
group header and report. Of n collectors a report goes to number (hash xor hash / 256) mod n with the [flow
hash](#watchlist-and-sampling) of the frame as it came; the address of number i is i more than `destination_ip`. The
sequence number counts from 0 for each of them.

- `md` sink and all of `mx`, for each frame with an INT header (the source: for each that got one): report type 1,
  `metadata_bits` are the bits 1 to 8 of the packet's instruction bitmap whose values are available here, and the values
  follow. `domain_id` is that of the packet, `ds_metadata_bits` and `ds_status` are 0.
- `xd` node: the same with `instructions` and `domain_id` of the node, for one of `sample_every` frames that match.
- `xd` mirror: report type 0, without body and metadata, for one of `sample_every` frames that match.

F is 1, the other flags are 0. Behind it stands the frame as it came to the node, inner type 3, cut after
`truncate_bytes` and filled up to whole words with zeros; with `truncate_bytes` = 0 nothing does, and inner type is 0. A
report of 255 words or more has 255 in `report_words`. Without `fill` no zeros stand behind the frame, and when its bytes
in the report are no whole number of words, `report_words` is 255 as well. Lengths and checksum are of the bytes that
are there.
";

const WATCHLIST: &str = "
A frame matches when it has an IP header and an entry of the watchlist of which all conditions hold. Conditions on ports
hold only with a TCP or UDP header, those on flags only with TCP. Frames that match, at a source the candidates, are
counted; with `sample_every` = n number 0, n, 2n, ... are taken.

The flow hash has 16 bits: the XOR of the 16-bit words of both addresses, of both ports (0 without TCP or UDP), and of the
protocol. It is the same in both directions.
";

const SIDEBAND: &str = "
Metadata of the hop stand in `tuser` of the first beat of a frame: from `tuser_offset_bits` on those that `metadata` names, in
this order, lowest bit first; then in the same order a bit each that is 1 when the value is available. What `metadata`
does not name is not available. With `length_offset_bits` 16 bits of `tuser` grow by as much as the frame does, modulo
2^16. All other bits leave as they came.
";

const ENCAPSULATIONS: &str = "
Over GRE, VXLAN GPE and Geneve the headers can be read and written by the library; the nodes do not handle them.
";

/// Appends the section to the document.
pub(crate) fn write_page(page: &mut Page) {
    page.heading("INT");
    page.paragraph(INTRODUCTION);
    for (title, fields) in [
        ("Shim over TCP and UDP", Shim::FIELDS),
        ("INT-MD header", MdHeader::FIELDS),
        ("INT-MX header", MxHeader::FIELDS),
    ] {
        header(page, title, fields);
    }
    page.subheading("Instruction bitmap");
    page.table(
        &["bit", "name", "bytes", "parts, bits"],
        Instruction::ALL.iter().map(|&instruction| {
            let parts = instruction.parts().iter();
            let parts: Vec<_> = parts.map(|p| format!("`{}` {}", p.name, p.bits)).collect();
            [
                instruction.bit().to_string(),
                format!("`{instruction}`"),
                (instruction.bits() / 8).to_string(),
                parts.join(", "),
            ]
        }),
    );
    page.paragraph("Bits 9 to 14 are reserved, 4 bytes each.");
    for (title, text) in [
        ("Which frames have an INT header", WHICH),
        ("INT source", SOURCE),
        ("INT transit hop", TRANSIT),
        ("INT sink", SINK),
        ("Lengths and checksums", LENGTHS),
        ("Telemetry reports", REPORTS),
    ] {
        page.subheading(title);
        page.paragraph(text);
    }
    for (title, fields) in [
        ("Group header", GroupHeader::FIELDS),
        ("Individual report header", IndividualHeader::FIELDS),
        ("Report body, report type 1", ReportBody::FIELDS),
        ("Inner TLV", TlvHeader::FIELDS),
    ] {
        header(page, title, fields);
    }
    page.subheading("Watchlist and sampling");
    page.paragraph(WATCHLIST);
    page.subheading("Metadata in tuser");
    page.paragraph(SIDEBAND);
    page.table(
        &["metadata", "bits"],
        Instruction::ALL
            .iter()
            .filter(|i| i.in_sideband())
            .map(|i| [format!("`{i}`"), i.bits().to_string()]),
    );
    page.subheading("Other encapsulations and INT v1.0");
    page.paragraph(ENCAPSULATIONS);
    for (title, fields) in [
        ("GRE header", GreHeader::FIELDS),
        ("Shim over GRE", GreShim::FIELDS),
        ("VXLAN GPE header", VxlanGpeHeader::FIELDS),
        ("Shim over VXLAN GPE", VxlanShim::FIELDS),
        ("Geneve header", GeneveHeader::FIELDS),
        ("Geneve option", GeneveOption::FIELDS),
        ("Shim of INT v1.0", ShimV1::FIELDS),
        ("Header of INT v1.0", HeaderV1::FIELDS),
    ] {
        header(page, title, fields);
    }
}

fn header(page: &mut Page, title: &str, fields: &[BitField]) {
    let bits: usize = fields.iter().map(|field| field.bits).sum();
    page.subheading(&format!("{title}: {} bytes", bits / 8));
    page.table(
        &["first bit", "bits", "name", "content"],
        fields.iter().map(|field| {
            [
                field.offset_bits.to_string(),
                field.bits.to_string(),
                format!("`{}`", field.name),
                field.doc.to_owned(),
            ]
        }),
    );
}
