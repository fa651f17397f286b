//! What the architectures call the same things.

use crate::ir::{Arch, Intrinsic, MIRROR_SESSION};

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gress {
    /// From the wire to the queues.
    Ingress,
    /// From the queues to the wire.
    Egress,
}

impl Gress {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ingress, Self::Egress];

    /// The name of its control: what BMv2 calls controls is taken there.
    pub const fn control(self, arch: Arch) -> &'static str {
        match (arch, self) {
            (Arch::V1Model, Self::Ingress) => "TwinIngress",
            (Arch::V1Model, Self::Egress) => "TwinEgress",
            _ => self.title(),
        }
    }

    /// What the names of parser and deparser begin with.
    const fn title(self) -> &'static str {
        match self {
            Self::Ingress => "Ingress",
            Self::Egress => "Egress",
        }
    }

    /// Its name in lower case.
    pub const fn long(self) -> &'static str {
        match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    const fn short(self) -> &'static str {
        match self {
            Self::Ingress => "ig",
            Self::Egress => "eg",
        }
    }
}

/// The struct of all of BMv2's own metadata.
const STANDARD: &str = "standard_metadata_t standard_metadata";

/// The checksum of a parser.
pub const PARSER_CHECKSUM: &str = "parsed_checksum";

/// The file that describes an architecture.
pub const fn include(arch: Arch) -> &'static str {
    match arch {
        Arch::Tna => "tna.p4",
        Arch::T2na => "t2na.p4",
        Arch::V1Model => "v1model.p4",
    }
}

/// What a field of the chip is called; nothing for what the architecture does not say.
pub const fn intrinsic(arch: Arch, intrinsic: Intrinsic) -> Option<&'static str> {
    Some(match (arch, intrinsic) {
        (Arch::V1Model, Intrinsic::MacTime) => "standard_metadata.ingress_global_timestamp",
        (Arch::V1Model, Intrinsic::FrameBytes) => "standard_metadata.packet_length",
        (Arch::V1Model, Intrinsic::IngressPort) => "standard_metadata.ingress_port",
        (Arch::V1Model, Intrinsic::EgressPort) => "standard_metadata.egress_spec",
        (Arch::V1Model, Intrinsic::Queue) => "standard_metadata.priority",
        (Arch::V1Model, Intrinsic::EgressTime) => "standard_metadata.egress_global_timestamp",
        (Arch::V1Model, Intrinsic::QueueDepth) => "standard_metadata.enq_qdepth",
        (Arch::V1Model, Intrinsic::OutPort) => "standard_metadata.egress_port",
        (Arch::V1Model, Intrinsic::Instance) => "standard_metadata.instance_type",
        (Arch::V1Model, Intrinsic::OutQueue) | (_, Intrinsic::Instance) => return None,
        (_, Intrinsic::MacTime) => "ig_intr_md.ingress_mac_tstamp",
        (_, Intrinsic::FrameBytes) => "eg_intr_md.pkt_length",
        (_, Intrinsic::IngressPort) => "ig_intr_md.ingress_port",
        (_, Intrinsic::EgressPort) => "ig_tm_md.ucast_egress_port",
        (_, Intrinsic::Queue) => "ig_tm_md.qid",
        (_, Intrinsic::EgressTime) => "eg_prsr_md.global_tstamp",
        (_, Intrinsic::QueueDepth) => "eg_intr_md.enq_qdepth",
        (_, Intrinsic::OutPort) => "eg_intr_md.egress_port",
        (_, Intrinsic::OutQueue) => "eg_intr_md.egress_qid",
    })
}

/// The condition that the parser met no error.
pub const fn parsed(arch: Arch, gress: Gress) -> &'static str {
    match (arch, gress) {
        (Arch::V1Model, _) => "standard_metadata.parser_error == error.NoError",
        (_, Gress::Ingress) => "ig_prsr_md.parser_err == PARSER_ERROR_OK",
        (_, Gress::Egress) => "eg_prsr_md.parser_err == PARSER_ERROR_OK",
    }
}

/// The statement that drops a packet.
pub const fn drop(arch: Arch, gress: Gress) -> &'static str {
    match (arch, gress) {
        (Arch::V1Model, _) => "mark_to_drop(standard_metadata);",
        (_, Gress::Ingress) => "ig_dprsr_md.drop_ctl = 1;",
        (_, Gress::Egress) => "eg_dprsr_md.drop_ctl = 1;",
    }
}

/// The mark of the metadata that a copy of a packet keeps on BMv2.
pub const KEPT: &str = "@field_list(1)";

/// The condition that the chip is to make a copy of a packet.
pub const fn is_mirrored(gress: Gress) -> &'static str {
    match gress {
        Gress::Ingress => "ig_dprsr_md.mirror_type == 1",
        Gress::Egress => "eg_dprsr_md.mirror_type == 1",
    }
}

/// The statement that asks for a copy of a packet: in the ingress as it came, in the egress as it leaves.
pub fn mirror(arch: Arch, gress: Gress) -> String {
    let kind = match gress {
        Gress::Ingress => "I2E",
        Gress::Egress => "E2E",
    };
    match arch {
        Arch::V1Model => {
            format!("clone_preserving_field_list(CloneType.{kind}, 32w{MIRROR_SESSION}, 1);")
        }
        _ => is_mirrored(gress).replace("==", "=") + ";",
    }
}

/// What the first state of a parser begins with.
pub fn prelude(arch: Arch, gress: Gress) -> &'static [&'static str] {
    match (arch, gress) {
        (Arch::V1Model, _) => &[],
        (_, Gress::Ingress) => &[
            "pkt.extract(ig_intr_md);",
            "pkt.advance(PORT_METADATA_SIZE);",
        ],
        (_, Gress::Egress) => &["pkt.extract(eg_intr_md);"],
    }
}

/// The first line of a parser.
pub fn parser(arch: Arch, gress: Gress) -> String {
    let (title, long, short) = (gress.title(), gress.long(), gress.short());
    let last = match arch {
        Arch::V1Model => format!("inout metadata_t md, inout {STANDARD}"),
        _ => format!("out metadata_t md, out {long}_intrinsic_metadata_t {short}_intr_md"),
    };
    format!("parser {title}Parser(packet_in pkt, out headers_t hdr, {last}) {{")
}

/// The first line of a control.
pub fn control(arch: Arch, gress: Gress) -> String {
    let (title, long, short) = (gress.control(arch), gress.long(), gress.short());
    let last = match (arch, gress) {
        (Arch::V1Model, _) => format!("inout {STANDARD}"),
        (_, Gress::Ingress) => "in ingress_intrinsic_metadata_t ig_intr_md, \
             in ingress_intrinsic_metadata_from_parser_t ig_prsr_md, \
             inout ingress_intrinsic_metadata_for_deparser_t ig_dprsr_md, \
             inout ingress_intrinsic_metadata_for_tm_t ig_tm_md"
            .to_owned(),
        (_, Gress::Egress) => format!(
            "in {long}_intrinsic_metadata_t {short}_intr_md, \
             in {long}_intrinsic_metadata_from_parser_t {short}_prsr_md, \
             inout {long}_intrinsic_metadata_for_deparser_t {short}_dprsr_md, \
             inout {long}_intrinsic_metadata_for_output_port_t {short}_oport_md"
        ),
    };
    format!("control {title}(inout headers_t hdr, inout metadata_t md, {last}) {{")
}

/// The first line of a deparser.
pub fn deparser(arch: Arch, gress: Gress) -> String {
    let (title, long, short) = (gress.title(), gress.long(), gress.short());
    let arguments = match arch {
        Arch::V1Model => "in headers_t hdr".to_owned(),
        _ => format!(
            "inout headers_t hdr, in metadata_t md, \
             in {long}_intrinsic_metadata_for_deparser_t {short}_dprsr_md"
        ),
    };
    format!("control {title}Deparser(packet_out pkt, {arguments}) {{")
}

/// What a program ends with.
pub const fn package(arch: Arch) -> &'static str {
    match arch {
        Arch::V1Model => {
            "control NoVerify(inout headers_t hdr, inout metadata_t md) {
    apply { }
}

control NoUpdate(inout headers_t hdr, inout metadata_t md) {
    apply { }
}

V1Switch(IngressParser(), NoVerify(), TwinIngress(), TwinEgress(), NoUpdate(), EgressDeparser()) main;
"
        }
        _ => {
            "Pipeline(IngressParser(), Ingress(), IngressDeparser(), EgressParser(), Egress(), EgressDeparser()) pipe;

Switch(pipe) main;
"
        }
    }
}
