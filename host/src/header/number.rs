//! Numbers in C: their types, and how they are read from bytes.

use seqnic_spec::ByteOrder;

/// The widest number that C has a type for on all machines, in bytes.
pub const MOST_BYTES: usize = 8;

/// The narrowest type that holds so many bytes. Its width is the same on every machine that Linux runs on, and it needs
/// no header.
pub const fn c_type(bytes: usize) -> &'static str {
    match bytes {
        0 | 1 => "unsigned char",
        2 => "unsigned short",
        3 | 4 => "unsigned int",
        _ => "unsigned long long",
    }
}

/// What is added to the name of a member: how its bytes are to be read. It keeps names from being keywords, too.
pub const fn suffix(bytes: usize, order: ByteOrder) -> &'static str {
    match (bytes, order) {
        (1, _) => "u8",
        (_, ByteOrder::Big) => "be",
        (_, ByteOrder::Little) => "le",
    }
}

/// The place in a number of `bytes` bytes of the byte that stands for 256^`power`.
pub const fn place(power: usize, bytes: usize, order: ByteOrder) -> usize {
    match order {
        ByteOrder::Big => bytes - 1 - power,
        ByteOrder::Little => power,
    }
}

/// The declaration of a member.
pub fn declare(member: &str, bytes: usize) -> String {
    match bytes {
        1 => format!("unsigned char {member};"),
        _ => format!("unsigned char {member}[{bytes}];"),
    }
}

/// The statement that returns the number of at most [`MOST_BYTES`] bytes in a member.
pub fn return_number(member: &str, bytes: usize, order: ByteOrder) -> String {
    if bytes == 1 {
        return format!("    return {member};\n");
    }
    // Narrower operands would be promoted to signed numbers.
    let operand = if bytes > 4 {
        c_type(bytes)
    } else {
        "unsigned int"
    };
    let terms: Vec<String> = (0..bytes)
        .rev()
        .map(|power| {
            let byte = format!("({operand}){member}[{}]", place(power, bytes, order));
            match power {
                0 => byte,
                _ => format!("{byte} << {}", 8 * power),
            }
        })
        .collect();
    match bytes {
        2 => format!("    return (unsigned short)({});\n", terms.join(" | ")),
        _ => format!("    return {};\n", terms.join(" |\n        ")),
    }
}
