//! The headers of a packet with INT, in the order of the wire.

use crate::build::layers::{self, address_words};
use crate::build::packet_parser::extract;
use crate::build::pipe::parameter;
use crate::ir::{Header, ParserStep, Place, State};

/// What the ingress tells the egress.
pub const BRIDGE: &str = crate::build::BRIDGE;
/// Shim and header of INT-MD. What is always there together is one header: a checksum unit of Tofino 2 looks at the validity
/// of 32 headers.
pub const TELEMETRY: &str = "telemetry";
/// The words of options are headers of 4, 3, 2 and 1 words: some of them make up any length.
const OPTION_WORDS: [usize; 4] = [4, 3, 2, 1];
/// The bits of the instruction bitmap come by four.
pub const NIBBLES: usize = 4;

/// A field of the bitmap: four bits of it, bit 0 the highest.
pub fn nibble(number: usize) -> Place {
    Place::Header(TELEMETRY.to_owned(), format!("bits_{number}"))
}

/// A header with these fields.
pub fn header(name: &str, fields: &[(&str, usize)]) -> Header {
    Header {
        name: name.to_owned(),
        fields: fields
            .iter()
            .map(|&(name, bits)| parameter(name, bits))
            .collect(),
    }
}

/// Words of 32 bits.
pub fn words(name: &str, count: usize) -> Header {
    let fields = (0..count).map(|word| parameter(&format!("word_{word}"), 32));
    Header {
        name: name.to_owned(),
        fields: fields.collect(),
    }
}

/// The header of so many words of options.
fn options(prefix: &str, words: usize) -> String {
    format!("{prefix}_{words}")
}

/// Takes so many words of options.
pub fn extract_options(prefix: &str, count: usize) -> Vec<ParserStep> {
    let mut left = count;
    let mut steps = Vec::new();
    for words in OPTION_WORDS {
        if left >= words {
            left -= words;
            steps.push(extract(&options(prefix, words)));
        }
    }
    steps
}

/// Options of IPv4.
pub const IP_OPTIONS: &str = "options";
/// Options of TCP.
pub const TCP_OPTIONS: &str = "tcp_options";

/// The headers down to that of the transport, with its options.
pub fn packet() -> Vec<Header> {
    let all_options = |prefix| OPTION_WORDS.map(|count| words(&options(prefix, count), count));
    let layer = |name: &str| Header {
        name: name.to_owned(),
        fields: layers::fields(name),
    };
    let mut all = ["ethernet", "vlan", "inner_vlan", "ipv4"]
        .map(layer)
        .to_vec();
    all.extend(all_options(IP_OPTIONS));
    let mut ipv6 = layer("ipv6");
    // Addresses by words: what the parser passes by is in as few containers as they fill.
    ipv6.fields.retain(|field| field.bits <= 32);
    let addresses = ["src_addr", "dst_addr"].map(address_words);
    let words = addresses.iter().flatten();
    ipv6.fields.extend(words.map(|word| parameter(word, 32)));
    all.push(ipv6);
    all.push(layer("tcp"));
    all.extend(all_options(TCP_OPTIONS));
    all.push(layer("udp"));
    all
}

/// The words of the headers that a stack is taken as. Each of these is there by a bit of the length in the shim.
pub const LARGE_STACK: [usize; 4] = [4, 8, 16, 32];
/// Behind them some of these make up 1 to 4 words. The last word of the INT header is one of a sink's stack, so that there is
/// always one.
pub const END_OF_STACK: [(&str, usize); 3] = [("end_1", 1), ("end_2", 2), ("end_3", 1)];
/// The most words of a stack that is taken. It is all written again when the packet turns out to have no INT header, and the
/// deparser of the chip writes 192 containers.
pub const MOST_STACK_WORDS: usize = 63;

/// The header of so many words of the stack.
pub fn stack(count: usize) -> String {
    format!("stack_{count}")
}

/// The headers of the stack, in its order.
pub fn stack_headers() -> Vec<Header> {
    let large = LARGE_STACK.map(|count| words(&stack(count), count));
    let end = END_OF_STACK.map(|(name, count)| words(name, count));
    large.into_iter().chain(end).collect()
}

/// Those of the headers at the end that are so many words.
pub const fn end_of_stack(count: usize) -> &'static [(&'static str, usize)] {
    let (first, second) = END_OF_STACK.split_at(1);
    match count {
        1 => first,
        2 => second.split_at(1).0,
        3 => END_OF_STACK.split_at(2).0,
        _ => &END_OF_STACK,
    }
}

/// The instruction bitmap of a sink.
pub const INSTRUCTIONS: &str = "instructions";

/// Shim and INT header of a sink, without the last word, and with the bitmap in one field.
pub fn stripped_telemetry() -> Header {
    let mut header = telemetry();
    header.fields.retain(|field| !field.name.starts_with("ds_"));
    let nibble = header
        .fields
        .iter()
        .position(|field| field.name == "bits_0");
    if let Some(at) = nibble {
        let bitmap = parameter(INSTRUCTIONS, 4 * NIBBLES);
        header.fields.splice(at..at + NIBBLES, [bitmap]);
    }
    header
}

/// Those headers that a parser takes.
pub fn taken(mut headers: Vec<Header>, states: &[State]) -> Vec<Header> {
    let steps = states.iter().flat_map(|state| &state.steps);
    headers.retain(|header| {
        let is_it = |step: &ParserStep| *step == extract(&header.name);
        steps.clone().any(is_it)
    });
    headers
}

/// The field of the first two bytes of an IP header: version and DSCP.
pub const VERSION: &str = "version_dscp";

/// The headers with the first two bytes of an IP header as one field, whose bits then are moved as a whole.
pub fn with_first_words(mut headers: Vec<Header>) -> Vec<Header> {
    for header in &mut headers {
        let (from, rest) = match header.name.as_str() {
            "ipv4" => (2, None),
            "ipv6" => (1, Some(parameter("label", 16))),
            _ => continue,
        };
        let first = [parameter(VERSION, 16)].into_iter().chain(rest);
        header.fields.splice(..from, first);
    }
    headers
}

/// Shim and INT-MD header, cut where the program looks at parts.
pub fn telemetry() -> Header {
    header(
        TELEMETRY,
        &[
            ("kind_length", 16),
            ("original", 16),
            ("version", 4),
            ("discard", 1),
            ("hops_exceeded", 1),
            ("mtu_exceeded", 1),
            ("reserved", 9),
            ("reserved_of_length", 3),
            ("hop_words", 5),
            ("remaining", 8),
            ("bits_0", 4),
            ("bits_1", 4),
            ("bits_2", 4),
            ("bits_3", 4),
            ("domain_id", 16),
            ("ds_instruction", 16),
            ("ds_flags", 16),
        ],
    )
}

const _: () = {
    let (mut words, mut at) = (END_OF_STACK[0].1 + END_OF_STACK[1].1 + END_OF_STACK[2].1, 0);
    while at < LARGE_STACK.len() {
        words += LARGE_STACK[at];
        at += 1;
    }
    assert!(
        words == MOST_STACK_WORDS + 1,
        "they make up the most words and that of the INT header"
    );
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_every_length_are_taken_as_a_whole() {
        for count in 0..=10 {
            let steps = extract_options(TCP_OPTIONS, count);
            let words = steps.iter().map(|step| match step {
                ParserStep::Extract(header) => header[12..].parse().unwrap_or(0),
                _ => 0,
            });
            assert_eq!(words.sum::<usize>(), count);
        }
    }
}
