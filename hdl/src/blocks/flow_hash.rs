//! A hash of the flow of a frame.

use std::sync::Arc;

use super::header_parser::{Scope, layer3_offset, layer4_offset, more_fragments};
use super::header_window::WINDOW_BYTES;
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat};

const DOC: &str = "\
Flow hash: the XOR of the 16-bit words of addresses, ports and protocol; the same in both directions.

    window ---> [ XOR for each place of IP ] ---> [ select ] --+
           ---> [ ports                    ] ---> [ XOR    ] --+--> [ XOR ] ---> hash

Latency: 3 cycles. Throughput: a frame a cycle. Backpressure: none. Reset: none.
Storage: 16 bits for each place that an IP header can have, the ports, three hashes.";

/// Cycles from the headers to the hash.
pub const LATENCY_CYCLES: usize = 3;
/// Bits of a hash.
pub const HASH_BITS: usize = 16;

/// A hash. Inputs, of a header parser in the same cycle: `window`, `ipv6`, `ports`, `tags`, `layer4_words`; output `hash`. It
/// means something for a frame with an IP header.
pub fn flow_hash(name: &str) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let window = m.input("window", 8 * WINDOW_BYTES);
    let (ipv6, ports) = (m.input("ipv6", 1), m.input("ports", 1));
    let tags = m.input("tags", 2);
    let words = m.input("layer4_words", 4);
    let bytes = |offset: usize, bytes: usize| window.slice(8 * offset, 8 * bytes).swap_bytes();

    let mut of_tags = |version: &str, addresses: [usize; 2], protocol: usize| {
        Scope::ALL
            .tags()
            .map(|tags| {
                let start = layer3_offset(tags);
                let [from, to] = addresses.map(|offset| start + offset);
                let words = (from..to).step_by(2).map(|offset| bytes(offset, 2));
                let protocol = bytes(start + protocol, 1).zero_extend(HASH_BITS);
                let sum = words.fold(protocol, |sum, word| sum ^ word);
                m.delayed(&format!("{version}_{tags}"), Reset::None, sum)
            })
            .collect::<Vec<Expr>>()
    };
    let of_v4 = of_tags("ipv4", [12, 20], 9);
    let of_v6 = of_tags("ipv6", [8, 40], 6);
    let pair = m.select_in("port_pair", &words, Scope::ALL.layer4_words(), |words| {
        bytes(layer4_offset(words), 4)
    });
    let pair = m.delayed("ports_found", Reset::None, pair);
    let ports = ports & !more_fragments(&mut m, &window, &tags, &ipv6);
    let about = m.delayed("about", Reset::None, concat([tags, ipv6, ports]));
    let (tags, ipv6, ports) = (about.slice(0, 2), about.bit(2), about.bit(3));

    let mut chosen = |name: &str, of: &[Expr]| {
        let least = *Scope::ALL.tags().start();
        m.select_in(name, &tags, Scope::ALL.tags(), |tags| {
            of[tags - least].clone()
        })
    };
    let (of_v4, of_v6) = (chosen("of_ipv4", &of_v4), chosen("of_ipv6", &of_v6));
    let of_layer3 = m.delayed("of_layer3", Reset::None, ipv6.mux(&of_v6, &of_v4));
    let of_ports = pair.slice(0, 16) ^ pair.slice(16, 16);
    let of_ports = m.delayed("of_ports", Reset::None, of_ports.gated_by(&ports));
    let hash = m.delayed("hash_found", Reset::None, of_layer3 ^ of_ports);
    m.output_of("hash", &hash);
    m.build()
}
