//! From the outline of a prefix to its sections in their places.

use super::outline::{Draft, Outline, Pad};
use super::{PrefixLayout, Section, SectionKind, SectionName};
use crate::check;
use crate::config::Steering;
use crate::error::{SpecError, ValueError};
use crate::mac::MacAddr;
use crate::raw::RawPrefix;

/// A locally administered address.
const DESTINATION: MacAddr = MacAddr::new([0x02, 0, 0, 0, 0, 0x01]);

/// The source address of core 0 that public SCR programs are steered by.
const SOURCE_BASE: MacAddr = MacAddr::new([0x10, 0x10, 0x10, 0x10, 0x10, 0x00]);

/// IPv4, as public SCR programs expect.
const ETHERTYPE: u64 = 0x0800;

/// What the sizes and addresses of a prefix follow from.
pub(crate) struct Surroundings {
    pub(crate) bus_bytes: usize,
    /// The size of all rows together.
    pub(crate) history_bytes: usize,
    pub(crate) cores: usize,
    pub(crate) steering: Steering,
}

impl Outline {
    /// The prefix with its sizes and addresses.
    pub(crate) fn place(
        self,
        raw: &RawPrefix,
        around: &Surroundings,
    ) -> Result<PrefixLayout, SpecError> {
        if !self.has_ethernet() {
            let reason = "the prefix has no section of kind \"ethernet\"";
            let ethertype = raw.ethertype.map(|value| format!("{value:#06x}"));
            check::absent(
                "prefix.destination",
                check::quoted(&raw.destination),
                reason,
            )?;
            check::absent(
                "prefix.source_base",
                check::quoted(&raw.source_base),
                reason,
            )?;
            check::absent("prefix.ethertype", ethertype, reason)?;
        }
        let mut layout = PrefixLayout {
            preset: self.preset,
            sections: Vec::new(),
        };
        for draft in self.drafts {
            let offset_bytes = layout.bytes();
            let (kind, bytes) = match draft {
                Draft::Ethernet => ethernet(raw, around)?,
                Draft::Number { name, bytes, order } => {
                    let kind = match name {
                        SectionName::SequenceNumber => SectionKind::SequenceNumber { bytes, order },
                        SectionName::Timestamp => SectionKind::Timestamp { bytes, order },
                        _ => SectionKind::IndexPointer { bytes, order },
                    };
                    (kind, bytes)
                }
                Draft::Rows(order) => (SectionKind::Rows { order }, around.history_bytes),
                Draft::Padding(pad) => {
                    let bytes = pad.bytes(offset_bytes, around.bus_bytes);
                    (SectionKind::Padding { bytes }, bytes)
                }
            };
            if bytes > 0 {
                layout.sections.push(Section {
                    kind,
                    offset_bytes,
                    bytes,
                });
            }
        }
        if layout.bytes() > PrefixLayout::MOST_BYTES {
            return Err(SpecError::refused(
                "prefix.section",
                format!("[{} sections]", layout.sections.len()),
                format!(
                    "a prefix of {} bytes, at most {} fit",
                    layout.bytes(),
                    PrefixLayout::MOST_BYTES,
                ),
                "make the padding smaller",
            ));
        }
        Ok(layout)
    }
}

impl Pad {
    /// The zeros that follow the first `offset` bytes of the prefix.
    fn bytes(self, offset: usize, bus_bytes: usize) -> usize {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::To(multiple) => offset.next_multiple_of(multiple) - offset,
            Self::ToBus => offset.next_multiple_of(bus_bytes) - offset,
        }
    }
}

/// The dummy Ethernet header and its size.
fn ethernet(raw: &RawPrefix, around: &Surroundings) -> Result<(SectionKind, usize), SpecError> {
    let vlan = match around.steering {
        Steering::Vlan(tag) => Some(tag),
        _ => None,
    };
    let kind = SectionKind::Ethernet {
        destination: address(
            "prefix.destination",
            raw.destination.as_deref(),
            DESTINATION,
        )?,
        source_base: source_base(raw, around)?,
        ethertype: ethertype(raw.ethertype.unwrap_or(ETHERTYPE))?,
        vlan,
    };
    Ok((kind, if vlan.is_some() { 18 } else { 14 }))
}

fn ethertype(value: u64) -> Result<u16, SpecError> {
    u16::try_from(value).map_err(|_| {
        SpecError::refused(
            "prefix.ethertype",
            format!("{value:#06x}"),
            "has more than 16 bits",
            "use 0x0800, or another number up to 0xffff",
        )
    })
}

fn address(key: &str, text: Option<&str>, default: MacAddr) -> Result<MacAddr, SpecError> {
    text.map_or(Ok(default), |text| {
        text.parse().map_err(|error: ValueError| error.at(key))
    })
}

/// The source address of core 0, from which every core's address must follow.
fn source_base(raw: &RawPrefix, around: &Surroundings) -> Result<MacAddr, SpecError> {
    let key = "prefix.source_base";
    let base = address(key, raw.source_base.as_deref(), SOURCE_BASE)?;
    let refuse =
        |limit: String, fix: &str| Err(SpecError::refused(key, format!("\"{base}\""), limit, fix));
    if !base.is_unicast() {
        return refuse(
            "is a group address, no station may send from it".into(),
            "make its first byte even",
        );
    }
    let last_core = match around.steering {
        Steering::SourceMac => around.cores as u64 - 1,
        _ => 0,
    };
    // A unicast address is far below 2^48, so what can be overrun is its first byte alone.
    let last = base.checked_add(last_core);
    if !last.is_some_and(MacAddr::is_unicast) {
        return refuse(
            format!("core {last_core} would get a group address"),
            "use an address that ends in 00",
        );
    }
    Ok(base)
}
