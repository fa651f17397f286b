//! The watchlist: which packets are of interest.

use std::fmt::{self, Write};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::check;
use crate::error::{SpecError, ValueError};
use crate::raw::RawWatch;

named_enum! {
    /// A version of IP.
    pub enum IpVersion {
        /// IPv4.
        V4 = "4",
        /// IPv6.
        V6 = "6",
    }
}

/// The addresses that begin with some bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IpPrefix {
    address: IpAddr,
    bits: u8,
}

/// A number of which some bits are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Masked {
    /// What these bits must be; the others are 0.
    pub value: u8,
    /// The bits that are looked at, at least one.
    pub mask: u8,
}

/// An entry of the watchlist. A packet matches when all that is not `None` holds; each direction of a flow takes an
/// entry of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Watch {
    /// The version of IP; set when one of the addresses is.
    pub version: Option<IpVersion>,
    /// The source address.
    pub source: Option<IpPrefix>,
    /// The destination address.
    pub destination: Option<IpPrefix>,
    /// The protocol of IPv4, or the next header of IPv6.
    pub protocol: Option<u8>,
    /// The source port of TCP or UDP.
    pub source_ports: Option<(u16, u16)>,
    /// The destination port of TCP or UDP.
    pub destination_ports: Option<(u16, u16)>,
    /// The upper 6 bits of the type of service or of the traffic class.
    pub dscp: Option<Masked>,
    /// The flags of TCP: FIN 0x01, SYN 0x02, RST 0x04, PSH 0x08, ACK 0x10, URG 0x20, ECE 0x40, CWR 0x80.
    pub tcp_flags: Option<Masked>,
}

impl IpPrefix {
    /// The address, 0 beyond the prefix.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits are looked at.
    pub fn bits(&self) -> usize {
        self.bits.into()
    }

    /// Whether an address begins so.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(prefix), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits));
                address.to_bits() & mask.unwrap_or(0) == prefix.to_bits()
            }
            (IpAddr::V6(prefix), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.bits));
                address.to_bits() & mask.unwrap_or(0) == prefix.to_bits()
            }
            _ => false,
        }
    }

    fn version(&self) -> IpVersion {
        match self.address {
            IpAddr::V4(_) => IpVersion::V4,
            IpAddr::V6(_) => IpVersion::V6,
        }
    }

    /// The prefix with this address, of which all beyond it is cleared.
    fn cut(address: IpAddr, bits: u8) -> Self {
        let address = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                IpAddr::V6((address.to_bits() & mask).into())
            }
        };
        Self { address, bits }
    }
}

impl fmt::Display for IpPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl FromStr for IpPrefix {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let parse = || {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address.parse().ok()?, Some(bits.parse().ok()?)),
                None => (text.parse::<IpAddr>().ok()?, None),
            };
            let most = match address {
                IpAddr::V4(_) => 32,
                IpAddr::V6(_) => 128,
            };
            let bits: u8 = bits.unwrap_or(most);
            (bits <= most).then_some((address, bits))
        };
        let Some((address, bits)) = parse() else {
            return Err(ValueError::new(
                text,
                "must be an IPv4 or IPv6 address and after a slash the bits of it that count",
                "write it as \"192.0.2.0/24\" or \"2001:db8::/32\"",
            ));
        };
        let prefix = Self::cut(address, bits);
        if prefix.address != address {
            let limit = format!("has bits beyond the {bits} that count");
            return Err(ValueError::new(text, limit, format!("use \"{prefix}\"")));
        }
        Ok(prefix)
    }
}

impl Masked {
    /// Whether a number has these bits.
    pub const fn matches(&self, number: u8) -> bool {
        number & self.mask == self.value
    }
}

impl Watch {
    pub(super) fn resolve(raw: &RawWatch, index: usize) -> Result<Self, SpecError> {
        let key = |name: &str| format!("int.watch[{index}].{name}");
        let prefix = |name: &str, text: &Option<String>| {
            let parse = |text: &String| text.parse::<IpPrefix>().map_err(|e| e.at(key(name)));
            text.as_ref().map(parse).transpose()
        };
        let source = prefix("source", &raw.source)?;
        let destination = prefix("destination", &raw.destination)?;
        let mut version = match raw.ip_version {
            None => None,
            Some(4) => Some(IpVersion::V4),
            Some(6) => Some(IpVersion::V6),
            Some(other) => {
                let name = key("ip_version");
                return Err(SpecError::refused(name, other, "must be 4 or 6", "use 4"));
            }
        };
        for (name, prefix) in [("source", source), ("destination", destination)] {
            let Some(prefix) = prefix else { continue };
            if version.is_some_and(|version| version != prefix.version()) {
                return Err(SpecError::refused(
                    key(name),
                    format!("\"{prefix}\""),
                    "is of another version of IP than the rest of the entry, so that nothing matches",
                    "write two entries, or leave out int.watch.ip_version",
                ));
            }
            version = Some(prefix.version());
        }
        let byte = |name: &str, value: Option<u64>, most: u64| {
            // In range, so it fits in 8 bits.
            let check = |value| check::in_range(&key(name), value, 0..=most).map(|n| n as u8);
            value.map(check).transpose()
        };
        let masked = |name: &str, value: Option<u64>, mask: Option<u64>, most: u64| {
            let mask_name = format!("{name}_mask");
            let Some(value) = byte(name, value, most)? else {
                let reason = format!("means something only with {}", key(name));
                check::absent(&key(&mask_name), mask, &reason)?;
                return Ok(None);
            };
            let mask = byte(&mask_name, mask, most)?.unwrap_or(most as u8);
            if mask == 0 || value & !mask != 0 {
                let limit = match mask {
                    0 => "looks at no bit".to_owned(),
                    _ => format!(
                        "leaves out bits of {} = {value}, so that nothing matches",
                        key(name)
                    ),
                };
                let fix = format!(
                    "set it to {}",
                    if mask == 0 { most as u8 } else { mask | value }
                );
                return Err(SpecError::refused(key(&mask_name), mask, limit, fix));
            }
            Ok(Some(Masked { value, mask }))
        };
        let (tcp, udp) = (6, 17);
        let needs: [(&str, bool, &[u64], &str); 3] = [
            (
                "source_ports",
                raw.source_ports.is_some(),
                &[tcp, udp],
                "6 or 17",
            ),
            (
                "destination_ports",
                raw.destination_ports.is_some(),
                &[tcp, udp],
                "6 or 17",
            ),
            ("tcp_flags", raw.tcp_flags.is_some(), &[tcp], "6"),
        ];
        for (name, stands, protocols, which) in needs {
            let Some(protocol) = raw.protocol.filter(|_| stands) else {
                continue;
            };
            if !protocols.contains(&protocol) {
                let limit = format!("has none of {}, so that nothing matches", key(name));
                let fix = format!("use {which}, or remove one of the two");
                return Err(SpecError::refused(key("protocol"), protocol, limit, fix));
            }
        }
        Ok(Self {
            version,
            source,
            destination,
            protocol: byte("protocol", raw.protocol, 255)?,
            source_ports: ports(key("source_ports"), &raw.source_ports)?,
            destination_ports: ports(key("destination_ports"), &raw.destination_ports)?,
            dscp: masked("dscp", raw.dscp, raw.dscp_mask, 63)?,
            tcp_flags: masked("tcp_flags", raw.tcp_flags, raw.tcp_flags_mask, 255)?,
        })
    }

    /// The entry as TOML; reading it gives an equal one.
    pub(super) fn write_toml(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n[[int.watch]]")?;
        if let Some(version) = self.version {
            writeln!(out, "ip_version = {version}")?;
        }
        for (name, prefix) in [("source", &self.source), ("destination", &self.destination)] {
            if let Some(prefix) = prefix {
                writeln!(out, "{name} = \"{prefix}\"")?;
            }
        }
        if let Some(protocol) = self.protocol {
            writeln!(out, "protocol = {protocol}")?;
        }
        let ports = [
            ("source_ports", self.source_ports),
            ("destination_ports", self.destination_ports),
        ];
        for (name, ports) in ports {
            if let Some((least, most)) = ports {
                writeln!(out, "{name} = [{least}, {most}]")?;
            }
        }
        for (name, masked) in [("dscp", self.dscp), ("tcp_flags", self.tcp_flags)] {
            if let Some(Masked { value, mask }) = masked {
                writeln!(out, "{name} = {value}\n{name}_mask = {mask}")?;
            }
        }
        Ok(())
    }
}

fn ports(key: String, raw: &Option<Vec<u64>>) -> Result<Option<(u16, u16)>, SpecError> {
    let Some(raw) = raw else { return Ok(None) };
    let range: Option<RangeInclusive<u64>> = match raw[..] {
        [port] => Some(port..=port),
        [least, most] => Some(least..=most),
        _ => None,
    };
    let fits = |range: &RangeInclusive<u64>| !range.is_empty() && *range.end() <= 65_535;
    match range.filter(fits) {
        // In range, so both fit in 16 bits.
        Some(range) => Ok(Some((*range.start() as u16, *range.end() as u16))),
        None => Err(SpecError::refused(
            key,
            format!("{raw:?}"),
            "must be one port, or the lowest and the highest, up to 65535",
            "write it as [443] or [1024, 65535]",
        )),
    }
}
