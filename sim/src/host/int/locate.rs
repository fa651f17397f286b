//! Where the INT header of a frame is: over TCP and UDP, GRE, VXLAN GPE and Geneve.

use std::net::IpAddr;

use seqnic_spec::int::{
    GeneveHeader, GeneveOption, GreHeader, GreShim, IntError, IntHeader, IntVersion, Masked, Shim,
    ShimV1, Truncated, VxlanGpeHeader, VxlanShim, WORD_BYTES, assigned, npt,
};

use crate::model::Headers;

const TCP: u8 = 6;
const UDP: u8 = 17;
const GRE: u8 = 47;

/// How INT headers and reports are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// The version of INT.
    pub version: IntVersion,
    /// The DSCP of packets of TCP or UDP with INT.
    pub dscp: Option<Masked>,
    /// The UDP port of packets with INT.
    pub udp_port: u16,
    /// The protocol of GRE that means INT; none is assigned.
    pub gre_protocol: Option<u16>,
    /// The UDP port of reports.
    pub report_port: u16,
}

/// Whose packet it is. Ports are 0 where there are none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Flow {
    /// From where.
    pub source: IpAddr,
    /// To where.
    pub destination: IpAddr,
    /// From which port.
    pub source_port: u16,
    /// To which port; the one that the source has written over.
    pub destination_port: u16,
    /// By which protocol.
    pub protocol: u8,
}

/// What was found in a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<'a> {
    /// The flow, when it is IP.
    pub flow: Option<Flow>,
    /// The INT header, when there is one.
    pub header: Option<IntHeader<'a>>,
    /// What follows the stack.
    pub payload: &'a [u8],
}

/// Looks for an INT header. An error says what is wrong with a packet that is marked.
pub(super) fn locate<'a>(frame: &'a [u8], marks: &Marks) -> Result<Located<'a>, IntError> {
    let headers = Headers::parse(frame);
    let nothing = |flow| Located {
        flow,
        header: None,
        payload: &frame[frame.len()..],
    };
    let Some(ip) = Ip::of(frame, &headers) else {
        return Ok(nothing(None));
    };
    let be16 = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let ports = headers.tcp.or(headers.udp).filter(|_| !ip.is_fragment);
    let mut flow = Flow {
        source: ip.source,
        destination: ip.destination,
        source_port: ports.map_or(0, be16),
        destination_port: ports.map_or(0, |at| be16(at + 2)),
        protocol: ip.protocol,
    };
    if ip.is_fragment {
        return Ok(nothing(Some(flow)));
    }
    if ip.protocol == GRE && marks.version == IntVersion::V2_1 {
        return Ok(match over_gre(&frame[ip.end..], marks)? {
            Some((header, payload)) => Located {
                flow: Some(flow),
                header: Some(header),
                payload,
            },
            None => nothing(Some(flow)),
        });
    }
    let transport_end = match (headers.udp, headers.tcp) {
        (Some(udp), _) => udp + 8,
        (_, Some(tcp)) => tcp + usize::from(frame[tcp + 12] >> 4) * WORD_BYTES,
        _ => return Ok(nothing(Some(flow))),
    };
    let rest = frame.get(transport_end..).unwrap_or_default();
    let is_udp = headers.udp.is_some();
    let has_port = is_udp && flow.destination_port == marks.udp_port;
    let has_dscp = marks.dscp.is_some_and(|mark| mark.matches(ip.dscp));
    let found = match (is_udp, flow.destination_port) {
        _ if marks.version == IntVersion::V1_0 => match has_dscp {
            true => Some(over_v1(rest)?),
            false => None,
        },
        _ if has_port => {
            let (shim, header, payload) = over_transport(rest)?;
            match shim.npt {
                npt::PORT => flow.destination_port = shim.original,
                _ => flow.behind_inserted_udp(shim.original as u8, payload),
            }
            Some((header, payload))
        }
        (true, assigned::VXLAN_GPE_PORT) => over_vxlan(rest)?,
        (true, assigned::GENEVE_PORT) => over_geneve(rest)?,
        _ if has_dscp => {
            let (_, header, payload) = over_transport(rest)?;
            Some((header, payload))
        }
        _ => None,
    };
    Ok(match found {
        Some((header, payload)) => Located {
            flow: Some(flow),
            header: Some(header),
            payload,
        },
        None => nothing(Some(flow)),
    })
}

impl Flow {
    /// The UDP header was of the source; what the packet was follows the stack.
    fn behind_inserted_udp(&mut self, protocol: u8, payload: &[u8]) {
        self.protocol = protocol;
        (self.source_port, self.destination_port) = match (protocol, payload) {
            (TCP | UDP, [a, b, c, d, ..]) => {
                (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]))
            }
            _ => (0, 0),
        };
    }
}

/// What the IP header says.
struct Ip {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    dscp: u8,
    end: usize,
    is_fragment: bool,
}

impl Ip {
    fn of(frame: &[u8], headers: &Headers) -> Option<Self> {
        if let Some(at) = headers.ipv4 {
            let header: &[u8; 20] = frame.get(at..)?.first_chunk()?;
            let [.., a, b, c, d, e, f, g, h] = *header;
            return Some(Self {
                source: IpAddr::from([a, b, c, d]),
                destination: IpAddr::from([e, f, g, h]),
                protocol: header[9],
                dscp: header[1] >> 2,
                end: at + usize::from(header[0] & 0x0f) * WORD_BYTES,
                is_fragment: u16::from_be_bytes([header[6], header[7]]) & 0x3fff != 0,
            });
        }
        let at = headers.ipv6?;
        let header: &[u8; 40] = frame.get(at..)?.first_chunk()?;
        let (_, addresses) = header.split_last_chunk::<32>()?;
        let (source, destination) = (
            addresses.first_chunk::<16>()?,
            addresses.last_chunk::<16>()?,
        );
        Some(Self {
            source: IpAddr::from(*source),
            destination: IpAddr::from(*destination),
            protocol: header[6],
            dscp: (u16::from_be_bytes([header[0], header[1]]) >> 6) as u8 & 0x3f,
            end: at + 40,
            is_fragment: false,
        })
    }
}

/// The bytes that a length covers, and what follows them.
fn covered(rest: &[u8], words: usize) -> Result<(&[u8], &[u8]), IntError> {
    let needed = words * WORD_BYTES;
    let covered = rest.split_at_checked(needed).ok_or(Truncated {
        header: "INT header and stack",
        bytes: rest.len(),
        needed,
    });
    Ok(covered?)
}

type Found<'a> = (IntHeader<'a>, &'a [u8]);

fn over_transport(rest: &[u8]) -> Result<(Shim, IntHeader<'_>, &[u8]), IntError> {
    let (shim, rest) = Shim::parse(rest)?;
    let (covered, payload) = covered(rest, shim.length_words.into())?;
    let header = IntHeader::parse(IntVersion::V2_1, shim.kind, covered)?;
    Ok((shim, header, payload))
}

/// The shim of INT v1.0 counts itself.
fn over_v1(rest: &[u8]) -> Result<Found<'_>, IntError> {
    let (shim, rest) = ShimV1::parse(rest)?;
    let Some(words) = usize::from(shim.length_words).checked_sub(1) else {
        return Err(IntError::Length {
            field: "the length of the shim",
            found: 0,
            needed: 1,
        });
    };
    let (covered, payload) = covered(rest, words)?;
    Ok((
        IntHeader::parse(IntVersion::V1_0, shim.kind, covered)?,
        payload,
    ))
}

fn over_gre<'a>(rest: &'a [u8], marks: &Marks) -> Result<Option<Found<'a>>, IntError> {
    let (gre, rest) = GreHeader::parse(rest)?;
    if marks.gre_protocol != Some(gre.protocol) {
        return Ok(None);
    }
    let optional = [
        gre.has_checksum | gre.has_routing,
        gre.has_key,
        gre.has_sequence,
    ];
    let words = optional.iter().map(|&has| usize::from(has)).sum();
    let (_, rest) = covered(rest, words)?;
    let (shim, rest) = GreShim::parse(rest)?;
    let (covered, payload) = covered(rest, shim.length_words.into())?;
    let header = IntHeader::parse(IntVersion::V2_1, shim.kind, covered)?;
    Ok(Some((header, payload)))
}

fn over_vxlan(rest: &[u8]) -> Result<Option<Found<'_>>, IntError> {
    let (vxlan, rest) = VxlanGpeHeader::parse(rest)?;
    if vxlan.has_next_protocol == 0 || vxlan.next_protocol != assigned::VXLAN_GPE {
        return Ok(None);
    }
    let (shim, rest) = VxlanShim::parse(rest)?;
    let (covered, payload) = covered(rest, shim.length_words.into())?;
    let header = IntHeader::parse(IntVersion::V2_1, shim.kind, covered)?;
    Ok(Some((header, payload)))
}

fn over_geneve(rest: &[u8]) -> Result<Option<Found<'_>>, IntError> {
    let (geneve, rest) = GeneveHeader::parse(rest)?;
    let (mut options, payload) = covered(rest, geneve.option_words.into())?;
    while !options.is_empty() {
        let (option, rest) = GeneveOption::parse(options)?;
        let (content, behind) = covered(rest, option.length_words.into())?;
        if option.class == assigned::GENEVE_CLASS {
            let header = IntHeader::parse(IntVersion::V2_1, option.kind, content)?;
            return Ok(Some((header, payload)));
        }
        options = behind;
    }
    Ok(None)
}
