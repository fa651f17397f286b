//! Finds the INT headers of a frame, and the words of the headers in front that change with them.

use std::ops::RangeInclusive;
use std::sync::Arc;

use seqnic_spec::int::{self, Encapsulation};

use super::header_parser::{HEADERS, Scope, Stage, header_parser};
use super::header_window::WINDOW_BYTES;
use super::timed::{Timed, valid_after};
use crate::rtl::{Design, Expr, Module, RtlError, all_of, concat, lit, zeros};

const DOC: &str = "\
INT parser: the words of layer 3 and 4 that a node changes, and the shim and INT header behind them.

    window --> [ header parser ] --> [ words of layer 3, 4 ] --> [ place of the shim ] --> [ its words ] --> [ checks ]
      cycle 0                    1                           2                         3                 4            6

A word is 4 bytes at 2 mod 4: word w is bytes 4w+2 to 4w+5 of the frame. A fragment of IPv4 has no transport header, the first
one included. A frame holds INT when it is marked, by DSCP or by UDP port; has shim and INT header whole in the frame and in
the window; and says nothing impossible: TCP or UDP agree with the length of IP, kind, NPT and version are known, and the
packet holds as much as the shim says.
Latency: 2 cycles to `found`, 6 to `parsed`. Throughput: a frame a cycle. Backpressure: none. Reset: no frame is looked at.
Storage: the window, three times, and the words. Source: P4.org INT dataplane specification v2.1, section 5.";

/// Cycles from `header_valid` to `parsed`.
pub const LATENCY_CYCLES: usize = 6;
/// Cycles from `header_valid` to `found`.
pub const FOUND_CYCLES: usize = 2;
/// The places that a shim can have: behind the shortest headers, and so that the window holds the INT header.
pub const SHIM_PLACES: RangeInclusive<usize> = 10..=(WINDOW_BYTES - 2 - INT_BYTES) / 4;
/// Word of layer 3 without tags, and of layer 4 without tags and options.
pub const LAYER3_PLACE: usize = 3;
/// See [`LAYER3_PLACE`].
pub const LAYER4_PLACE: usize = 8;
/// Bytes of shim and INT header.
const INT_BYTES: usize = 4 + int::INT_HEADER_BYTES;

/// The words that are looked at: name, whether they are of layer 4, words behind the begin of the layer.
const WORDS: [(&str, bool, usize); 7] = [
    ("layer3_word0", false, 0),
    ("layer3_word1", false, 1),
    ("layer3_word2", false, 2),
    ("layer4_word0", true, 0),
    ("layer4_word1", true, 1),
    ("layer4_word3", true, 3),
    ("layer4_word4", true, 4),
];

/// 16 bits of a word in network order, as a number.
pub fn half(word: &Expr, index: usize) -> Expr {
    word.slice(16 * index, 16).swap_bytes()
}

/// A parser of frames that are marked so, with a shim of this kind. Inputs `header_valid`, `window`, `window_keep`.
///
/// Outputs 2 cycles later: `found`, `found_window`, `found_<header>` for all of [`HEADERS`], `found_tags`, `found_words`, as a
/// header parser has them. Outputs when `parsed` is 1: `tags`, `layer4_words`, `ipv4`, `ipv6`, `tcp`, `udp`, `fragment`, `marked`;
/// the words `layer3_word0` to `2`, `layer4_word0`, `1`, `3` and `4`; `ip_bytes` (17 bits), the length of the IP packet;
/// `payload_bytes`: without its header, unless that is `negative`; `agrees`: TCP or UDP is whole in the frame and agrees with it; `holds_int`; and
/// the shim's `place`, of use if it is below 32 (`place_fits`), with `int_word0` to `3`.
pub fn int_parser(
    name: &str,
    encapsulation: Encapsulation,
    kind: u8,
) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let window = m.input("window", 8 * WINDOW_BYTES);
    let keep = m.input("window_keep", WINDOW_BYTES);
    let valid = m.input("header_valid", 1);

    // Cycle 1: which headers there are.
    let parser = header_parser(&format!("{name}_headers"), Scope::ALL, Stage::Delayed)?;
    let parser = m.instance("headers", &parser);
    m.connect(parser, "window", &window);
    m.connect(parser, "window_keep", &keep);
    let mut windows = Timed::new("window", 0, &window);
    let keeps = Timed::new("keep", 0, &keep);

    // Cycle 2: their words.
    let tags = m.output_from(parser, "tags");
    let words = m.output_from(parser, "layer4_words");
    let window = windows.at(&mut m, 1);
    let chosen = WORDS.map(|(name, of_layer4, offset)| {
        let (index, range, begin) = match of_layer4 {
            true => (&words, Scope::ALL.layer4_words(), LAYER4_PLACE),
            false => (&tags, Scope::ALL.tags(), LAYER3_PLACE),
        };
        let at = |behind| word_at(&window, begin + behind + offset);
        let word = m.select_in(&format!("{name}_found"), index, range, at);
        Timed::staged(&mut m, name, 2, word)
    });
    let tags = Timed::staged(&mut m, "tags", 2, tags);
    let words = Timed::staged(&mut m, "layer4_words", 2, words);
    let headers = HEADERS.map(|header| {
        let here = m.output_from(parser, header);
        Timed::staged(&mut m, &format!("has_{header}"), 2, here)
    });
    let found = Found {
        windows,
        keeps,
        tags,
        words,
        headers,
        chosen,
    };
    let found_valid = valid_after(&mut m, "found_valid", &valid, FOUND_CYCLES);
    let parsed = valid_after(
        &mut m,
        "parsed_valid",
        &found_valid,
        LATENCY_CYCLES - FOUND_CYCLES,
    );
    m.output_of("found", &found_valid);
    m.output_of("parsed", &parsed);
    found.drive(&mut m, encapsulation, kind);
    m.build()
}

/// What is known in cycle 2.
struct Found {
    windows: Timed,
    keeps: Timed,
    tags: Timed,
    words: Timed,
    headers: [Timed; 8],
    chosen: [Timed; 7],
}

impl Found {
    /// Drives all outputs.
    fn drive(mut self, m: &mut Module, encapsulation: Encapsulation, kind: u8) {
        let [_, _, _, ipv4, ipv6, tcp, udp, _] = &mut self.headers;
        let [ipv4, ipv6, tcp, udp] = [ipv4, ipv6, tcp, udp].map(|header| header.at(m, 2));
        let [l3_0, l3_1, _, l4_0, l4_1, l4_3, _] = &mut self.chosen;
        let [first, second, ports, lengths, offsets] =
            [l3_0, l3_1, l4_0, l4_1, l4_3].map(|word| word.at(m, 2));

        // More fragments, or an offset.
        let fragment = m.wire("is_fragment", &ipv4 & half(&second, 1).slice(0, 14).any());
        let tcp = m.wire("whole_tcp", tcp & !&fragment);
        let udp = m.wire("whole_udp", udp & !&fragment);
        for (header, found) in HEADERS.iter().zip(&mut self.headers) {
            let value = match *header {
                "tcp" => tcp.clone(),
                "udp" => udp.clone(),
                "ports" => &tcp | &udp,
                _ => found.at(m, 2),
            };
            m.output_of(&format!("found_{header}"), value);
        }
        let windows = self.windows.at(m, 2);
        m.output_of("found_window", windows);
        let tags = self.tags.at(m, 2);
        m.output_of("found_tags", tags);
        let words = self.words.at(m, 2);
        m.output_of("found_words", words);

        // Cycle 3: what they say, and where the shim is.
        let first_half = half(&first, 0);
        let class = m.wire(
            "traffic_class",
            ipv6.mux(&first_half.slice(4, 8), &first_half.slice(0, 8)),
        );
        let says = match encapsulation {
            Encapsulation::Dscp(masked) => {
                let bits = class.slice(2, 6) & lit(6, masked.mask.into());
                bits.is(masked.value.into()) & (&tcp | &udp)
            }
            Encapsulation::Port(port) | Encapsulation::Protocol(port) => {
                half(&ports, 1).is(port.into()) & &udp
            }
        };
        let mut marked = Timed::staged(m, "marked", 3, says);
        let data_offset = half(&offsets, 0).slice(12, 4);
        let layer4 = m.wire("layer4_length", udp.mux(&lit(4, 2), &data_offset));
        let place = self.words.at(m, 2).zero_extend(6) + layer4.zero_extend(6);
        let mut place = Timed::staged(m, "place", 3, place.plus(LAYER4_PLACE as u64));
        let is_long = &udp | (&tcp & data_offset.at_least(&lit(4, 5)));
        let is_long = Timed::staged(m, "has_transport", 3, is_long).at(m, 3);
        let layer4 = Timed::staged(m, "layer4_length", 3, &layer4).at(m, 3);
        let ip_says = m.wire("ip_says", ipv4.mux(&half(&first, 1), &half(&second, 0)));
        let ip_header = concat([zeros(2), first_half.slice(8, 4).gated_by(&ipv4)]);
        let payload = ip_says.zero_extend(17) - ip_header.zero_extend(17);
        let mut payload = Timed::staged(m, "payload", 3, payload);
        let ipv6_header = ipv6.mux(&lit(17, 40), &zeros(17));
        let mut ip_bytes = Timed::staged(m, "ip_bytes", 3, ip_says.zero_extend(17) + ipv6_header);
        let udp_bytes = Timed::staged(m, "udp_bytes", 3, half(&lengths, 0)).at(m, 3);
        let mut is_udp = Timed::staged(m, "is_udp", 3, &udp);
        let fragment = Timed::staged(m, "fragment", 3, &fragment);

        // Cycle 4: its words, and whether they are there.
        let (window, keep) = (self.windows.at(m, 3), self.keeps.at(m, 3));
        let (full_place, udp_3, inside) = (place.at(m, 3), is_udp.at(m, 3), payload.at(m, 3));
        let short_place = full_place.slice(0, 5);
        let int_words: Vec<Timed> = (0..4)
            .map(|index| {
                let at = |place| word_at(&window, place + index);
                let name = format!("int_word{index}");
                let word = m.select_in(&format!("{name}_found"), &short_place, SHIM_PLACES, at);
                Timed::staged(m, &name, 4, word)
            })
            .collect();
        let mut kept = |name: &str, behind: usize| {
            let at = |place: usize| keep.bit(4 * place + 2 + behind - 1);
            m.select_in(name, &short_place, SHIM_PLACES, at)
        };
        let (int_kept, header_kept) = (kept("int_kept", INT_BYTES), kept("header_kept", 0));
        let fits = short_place.less_than(&lit(5, *SHIM_PLACES.end() as u64 + 1));
        let fits = m.wire("fits", !full_place.bit(5) & fits);
        let int_kept = Timed::staged(m, "int_is_kept", 4, int_kept & &fits).at(m, 4);
        let header_kept = Timed::staged(m, "header_is_kept", 4, header_kept & &is_long).at(m, 4);
        let mut fits = Timed::staged(m, "place_fits", 4, fits);
        let behind = &inside - concat([zeros(2), layer4]).zero_extend(17);
        let behind = Timed::staged(m, "behind", 4, behind).at(m, 4);
        // UDP says itself how long it is.
        let as_long = !udp_3 | udp_bytes.equals(&inside.slice(0, 16));
        let as_long = Timed::staged(m, "as_long", 4, as_long & !inside.bit(16)).at(m, 4);

        // Cycles 5 and 6: whether they make sense.
        let mut int_words = int_words;
        let shim = half(&int_words[0].at(m, 4), 0);
        let npt = shim.slice(10, 2);
        let npt = match encapsulation {
            Encapsulation::Dscp(_) => npt.is(int::npt::DSCP.into()),
            _ => npt.is(int::npt::PORT.into()) | npt.is(int::npt::PROTOCOL.into()),
        };
        let version = half(&int_words[1].at(m, 4), 0).slice(12, 4);
        let known = shim.slice(12, 4).is(kind.into()) & npt & version.is(int::VERSION.into());
        let length = shim.slice(0, 8);
        let least = lit(8, int::INT_HEADER_BYTES as u64 / 4);
        let known = Timed::staged(m, "known", 5, known & length.at_least(&least)).at(m, 5);
        let needed = m.wire("needed", concat([zeros(2), length, zeros(7)]).plus(4));
        let enough = !behind.bit(16) & behind.slice(0, 16).at_least(&needed.slice(0, 16));
        let enough = Timed::staged(m, "enough", 5, enough).at(m, 5);
        let agrees = all_of([header_kept, as_long, !behind.bit(16)]);
        let mut agrees = Timed::staged(m, "agrees", 5, agrees);
        let int_kept = int_kept & marked.at(m, 4);
        let int_kept = Timed::staged(m, "whole", 5, int_kept).at(m, 5);
        let holds = all_of([known, enough, int_kept, agrees.at(m, 5)]);
        let mut holds = Timed::staged(m, "holds", 6, holds);

        let mut negative = Timed::new("negative", 3, &inside.bit(16));
        let mut payload_bytes = Timed::new("payload_bytes", 3, &inside.slice(0, 16));
        let mut tcp = Timed::new("is_tcp", 2, &tcp);
        let mut fragment = fragment;
        let mut short_place = Timed::new("short_place", 3, &short_place);
        let mut outputs: Vec<(String, &mut Timed)> = vec![
            ("marked".into(), &mut marked),
            ("fragment".into(), &mut fragment),
            ("ip_bytes".into(), &mut ip_bytes),
            ("negative".into(), &mut negative),
            ("payload_bytes".into(), &mut payload_bytes),
            ("agrees".into(), &mut agrees),
            ("holds_int".into(), &mut holds),
            ("place".into(), &mut short_place),
            ("place_fits".into(), &mut fits),
            ("tags".into(), &mut self.tags),
            ("layer4_words".into(), &mut self.words),
            ("tcp".into(), &mut tcp),
            ("udp".into(), &mut is_udp),
        ];
        let [_, _, _, ipv4, ipv6, ..] = &mut self.headers;
        outputs.push(("ipv4".into(), ipv4));
        outputs.push(("ipv6".into(), ipv6));
        for ((name, ..), word) in WORDS.iter().zip(&mut self.chosen) {
            outputs.push(((*name).into(), word));
        }
        for (index, word) in int_words.iter_mut().enumerate() {
            outputs.push((format!("int_word{index}"), word));
        }
        for (name, value) in outputs {
            let value = value.at(m, LATENCY_CYCLES);
            m.output_of(&name, value);
        }
    }
}

/// A word of the window.
fn word_at(window: &Expr, place: usize) -> Expr {
    window.slice(8 * (4 * place + 2), 32)
}
