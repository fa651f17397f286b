//! Numbers that people write in hexadecimal, too.

use std::num::ParseIntError;

/// A number, decimal or after 0x hexadecimal.
pub fn number(text: &str) -> Result<u64, ParseIntError> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    }
}

/// Reads such a number up to `most`.
pub fn number_to<T>(most: T) -> impl Fn(&str) -> Result<T, String> + Clone
where
    u64: From<T>,
    T: Copy + TryFrom<u64>,
{
    move |text| {
        let most = u64::from(most);
        let found = number(text).ok().filter(|&number| number <= most);
        let found = found.and_then(|number| T::try_from(number).ok());
        found.ok_or_else(|| format!("must be a number from 0 to {most}, decimal or as in 0x17"))
    }
}
