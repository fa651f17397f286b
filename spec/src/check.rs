//! The limits that several keys share. Each check returns the value in the type
//! that the configuration keeps, or the refusal.

use std::fmt::Display;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;

use crate::error::{SpecError, ValueError};
use crate::mac::MacAddr;

/// A number inside a range.
pub(crate) fn in_range(
    key: &str,
    value: u64,
    range: RangeInclusive<u64>,
) -> Result<usize, SpecError> {
    let (least, most) = range.into_inner();
    let nearest = value.clamp(least, most);
    if value != nearest {
        return Err(SpecError::refused(
            key,
            value,
            format!("must be from {least} to {most}"),
            format!("the nearest is {nearest}"),
        ));
    }
    Ok(to_usize(value))
}

/// A power of two inside a range whose ends are powers of two.
pub(crate) fn power_of_two(
    key: &str,
    value: u64,
    range: RangeInclusive<u64>,
) -> Result<usize, SpecError> {
    let (least, most) = range.into_inner();
    if value.is_power_of_two() && (least..=most).contains(&value) {
        return Ok(to_usize(value));
    }
    let end = value.clamp(least, most);
    let nearest = if value != end {
        format!("the nearest is {end}")
    } else {
        // Between the ends, and no power of two: the next one is at most `most`.
        let above = value.next_power_of_two();
        format!("the nearest are {} and {above}", above / 2)
    };
    let limit = format!("must be a power of two from {least} to {most}");
    Err(SpecError::refused(key, value, limit, nearest))
}

/// The value that a name stands for.
pub(crate) fn choice<T: Copy>(
    key: &str,
    text: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, SpecError> {
    all.iter()
        .copied()
        .find(|&known| name(known) == text)
        .ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|&known| name(known)).collect();
            SpecError::refused(
                key,
                format!("{text:?}"),
                "is not a known name",
                format!("use {}", one_of(&names)),
            )
        })
}

/// Refuses a key that has no meaning beside another choice.
pub(crate) fn absent(
    key: &str,
    value: Option<impl Display>,
    reason: &str,
) -> Result<(), SpecError> {
    value.map_or(Ok(()), |value| {
        Err(SpecError::refused(key, value, reason, "remove it"))
    })
}

/// A MAC address, or its default.
pub(crate) fn mac(
    key: &str,
    text: &Option<String>,
    default: MacAddr,
) -> Result<MacAddr, SpecError> {
    let parse = |text: &String| text.parse().map_err(|error: ValueError| error.at(key));
    text.as_ref().map_or(Ok(default), parse)
}

/// An IPv4 address, or its default.
pub(crate) fn ipv4(
    key: &str,
    text: &Option<String>,
    default: Ipv4Addr,
) -> Result<Ipv4Addr, SpecError> {
    let limit = "must be an IPv4 address of four numbers from 0 to 255";
    let refused = |text: &str| ValueError::new(text, limit, "write it as \"192.0.2.1\"").at(key);
    let parse = |text: &String| text.parse().map_err(|_| refused(text));
    text.as_ref().map_or(Ok(default), parse)
}

/// The same, of a station that sends.
pub(crate) fn sender_mac(
    key: &str,
    text: &Option<String>,
    default: MacAddr,
) -> Result<MacAddr, SpecError> {
    let address = mac(key, text, default)?;
    match address.is_unicast() {
        true => Ok(address),
        false => Err(group_address(key, address, "make its first byte even")),
    }
}

/// The same, of a station that sends.
pub(crate) fn sender_ipv4(
    key: &str,
    text: &Option<String>,
    default: Ipv4Addr,
) -> Result<Ipv4Addr, SpecError> {
    let address = ipv4(key, text, default)?;
    match address.is_multicast() || address.is_broadcast() {
        false => Ok(address),
        true => Err(group_address(key, address, "use the address of the node")),
    }
}

fn group_address(key: &str, address: impl Display, fix: &str) -> SpecError {
    let limit = "is a group address, no station may send from it";
    SpecError::refused(key, format!("\"{address}\""), limit, fix)
}

/// A text as TOML shows it.
pub(crate) fn quoted(text: &Option<String>) -> Option<String> {
    text.as_ref().map(|text| format!("{text:?}"))
}

/// The number of bits that count `values` different things, from 0 up.
pub(crate) fn bits_to_count(values: usize) -> usize {
    (usize::BITS - values.saturating_sub(1).leading_zeros()) as usize
}

/// `"a"`, `"b"` or `"c"`.
fn one_of(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A checked value as a size. The limits are far below 2^32, so nothing is cut off.
fn to_usize(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
