use std::net::IpAddr;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::header_parser::{Scope, Stage, header_parser};
use seqnic_hdl::blocks::header_window::WINDOW_BYTES;
use seqnic_hdl::blocks::watchlist::{LATENCY_CYCLES, watchlist};
use seqnic_sim::model::Headers;
use seqnic_sim::traffic::TraceKind;
use seqnic_spec::Layer;
use seqnic_spec::int::Watch;

use super::bench::{Bench, chance, config, frames, frames_of, random};

/// The entries of a watchlist, each as the keys of its table.
fn entries(tables: &[String]) -> Vec<Watch> {
    let tables = tables.iter().map(|keys| format!("[[int.watch]]\n{keys}"));
    let toml = format!(
        "[int]\nmode = \"xd\"\nrole = \"mirror\"\n{}",
        tables.collect::<Vec<_>>().join("\n")
    );
    config(&toml)
        .int()
        .expect("there is a node")
        .watch()
        .to_vec()
}

/// What a watchlist looks at in a frame.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    dscp: u8,
    ports: Option<[u16; 2]>,
    flags: Option<u8>,
}

impl Key {
    /// From RFC 791, RFC 8200, RFC 9293 and RFC 768; none without an IP header.
    fn of(frame: &[u8]) -> Option<Self> {
        let headers = Headers::parse(frame);
        let start = |layer| headers.start_of(layer);
        let layer4 = start(Layer::Tcp).or(start(Layer::Udp));
        let port = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
        // A fragment, the first one included, has no layer 4.
        let is_fragment = start(Layer::Ipv4).is_some_and(|at| port(at + 6) & 0x3fff != 0);
        let ports = layer4
            .map(|at| [port(at), port(at + 2)])
            .filter(|_| !is_fragment);
        let flags = start(Layer::Tcp)
            .map(|at| frame[at + 13])
            .filter(|_| !is_fragment);
        if let Some(at) = start(Layer::Ipv4) {
            let address = |at: usize| <[u8; 4]>::try_from(&frame[at..at + 4]).expect("4 bytes");
            return Some(Self {
                source: address(at + 12).into(),
                destination: address(at + 16).into(),
                protocol: frame[at + 9],
                dscp: frame[at + 1] >> 2,
                ports,
                flags,
            });
        }
        let at = start(Layer::Ipv6)?;
        let address = |at: usize| <[u8; 16]>::try_from(&frame[at..at + 16]).expect("16 bytes");
        Some(Self {
            source: address(at + 8).into(),
            destination: address(at + 24).into(),
            protocol: frame[at + 6],
            dscp: (frame[at] & 15) << 2 | frame[at + 1] >> 6,
            ports,
            flags,
        })
    }

    fn matches(&self, entry: &Watch) -> bool {
        let in_range = |range: Option<(u16, u16)>, port: usize| {
            range.is_none_or(|(least, most)| {
                self.ports
                    .is_some_and(|ports| (least..=most).contains(&ports[port]))
            })
        };
        let version = |entry: &Watch| match entry.version {
            None => true,
            Some(version) => (version.name() == "6") == self.source.is_ipv6(),
        };
        version(entry)
            && entry
                .source
                .is_none_or(|prefix| prefix.contains(self.source))
            && entry
                .destination
                .is_none_or(|prefix| prefix.contains(self.destination))
            && entry
                .protocol
                .is_none_or(|protocol| protocol == self.protocol)
            && in_range(entry.source_ports, 0)
            && in_range(entry.destination_ports, 1)
            && entry.dscp.is_none_or(|dscp| dscp.matches(self.dscp))
            && entry
                .tcp_flags
                .is_none_or(|flags| self.flags.is_some_and(|of| flags.matches(of)))
    }

    /// An entry that this key matches, or nearly: some of its parts, each with a chance of being off.
    fn entry(&self, random: &mut Pcg64Mcg) -> String {
        let mut keys = Vec::new();
        let takes = |random: &mut Pcg64Mcg| chance(random, 40);
        let off = |random: &mut Pcg64Mcg| u16::from(chance(random, 10));
        for (name, address) in [("source", self.source), ("destination", self.destination)] {
            if takes(random) {
                let (bits, all) = match address {
                    IpAddr::V4(address) => (32, u128::from(address.to_bits()) << 96),
                    IpAddr::V6(address) => (128, address.to_bits()),
                };
                let kept = random.random_range(0..=bits);
                let cut = all & u128::MAX.checked_shl(128 - kept).unwrap_or(0);
                let address: IpAddr = match bits {
                    32 => ((cut >> 96) as u32).to_be_bytes().into(),
                    _ => cut.to_be_bytes().into(),
                };
                keys.push(format!("{name} = \"{address}/{kept}\""));
            }
        }
        // The wrong protocol is UDP for TCP: one without ports would be refused beside them, and so is UDP beside flags.
        let mut is_wrong = false;
        if takes(random) {
            is_wrong = off(random) == 1;
            let protocol = self.protocol ^ if is_wrong { 6 ^ 17 } else { 0 };
            keys.push(format!("protocol = {protocol}"));
        }
        if let Some(ports) = self.ports {
            for (name, port) in ["source_ports", "destination_ports"].iter().zip(ports) {
                if takes(random) {
                    let least = port.saturating_sub(random.random_range(0..3)) | off(random);
                    let most = port.saturating_add(random.random_range(0..3)).max(least);
                    keys.push(format!("{name} = [{least}, {most}]"));
                }
            }
        }
        if takes(random) {
            let mask = random.random_range(1..64);
            let value = (self.dscp ^ off(random) as u8) & mask;
            keys.push(format!("dscp = {value}\ndscp_mask = {mask}"));
        }
        if let Some(flags) = self.flags.filter(|_| !is_wrong && takes(random)) {
            let mask = random.random_range(1..=255);
            let value = (flags ^ off(random) as u8) & mask;
            keys.push(format!("tcp_flags = {value}\ntcp_flags_mask = {mask}"));
        }
        keys.join("\n")
    }
}

/// A parser and the watchlist behind it.
struct Run {
    parser: Bench,
    list: Bench,
}

impl Run {
    fn new(entries: &[Watch]) -> Self {
        Self {
            parser: Bench::new(header_parser("parser", Scope::ALL, Stage::None)),
            list: Bench::new(watchlist("list", entries)),
        }
    }

    /// Shows a frame, or nothing, for a cycle; what is known at its end of the frame that was shown some cycles before.
    fn cycle(&mut self, frame: Option<&[u8]>) -> Option<Option<u64>> {
        self.list.eval();
        let known = (self.list.get("looked") == 1)
            .then(|| (self.list.get("matched") == 1).then(|| self.list.get("entry")));
        // Behind the end of a frame, and between frames, stands anything.
        let mut window = [0xa5; WINDOW_BYTES];
        let bytes = frame.unwrap_or(&[]);
        let present = bytes.len().min(WINDOW_BYTES);
        window[..present].copy_from_slice(&bytes[..present]);
        let keep = u128::MAX
            .checked_shr((WINDOW_BYTES - present) as u32)
            .unwrap_or(0);
        self.parser.set_bytes("window", &window);
        self.parser
            .set_words("window_keep", &[keep as u64, (keep >> 64) as u64]);
        self.parser.eval();
        self.list.set_bytes("window", &window);
        for port in ["ipv4", "ipv6", "tcp", "ports", "tags", "layer4_words"] {
            self.list.set(port, self.parser.get(port));
        }
        self.list.set("valid", frame.is_some().into());
        self.list.eval();
        self.list.clock();
        known
    }

    /// For each frame the first entry that matches.
    fn look(&mut self, frames: &[Vec<u8>]) -> Vec<Option<u64>> {
        let shown = frames.iter().map(|frame| Some(&frame[..]));
        // A frame comes each cycle, and now and then none.
        let shown = shown
            .enumerate()
            .flat_map(|(index, frame)| match index % 7 {
                0 => vec![None, frame],
                _ => vec![frame],
            });
        let shown: Vec<_> = shown.chain([None; LATENCY_CYCLES]).collect();
        shown
            .into_iter()
            .filter_map(|frame| self.cycle(frame))
            .collect()
    }
}

fn check(entries: &[Watch], frames: &[Vec<u8>]) -> (usize, usize) {
    let known = Run::new(entries).look(frames);
    assert_eq!(known.len(), frames.len());
    let mut matched = 0;
    for (number, (frame, known)) in frames.iter().zip(known).enumerate() {
        let key = Key::of(frame);
        let first = key
            .as_ref()
            .and_then(|key| entries.iter().position(|entry| key.matches(entry)));
        let shown = &frame[..frame.len().min(110)];
        assert_eq!(
            known,
            first.map(|entry| entry as u64),
            "frame {number}, {key:?}, {entries:?}: {shown:02x?}"
        );
        matched += usize::from(first.is_some());
    }
    (matched, frames.len())
}

#[test]
fn finds_the_first_entry_of_which_all_parts_match() {
    let mut traffic = frames_of(TraceKind::Headers, 3_000, 3);
    traffic.extend(frames(500, 4));
    let keys: Vec<Key> = traffic.iter().filter_map(|frame| Key::of(frame)).collect();
    let mut random = random(17);
    for count in [1, 3, 64] {
        let mut seen = (0, 0);
        for _ in 0..4 {
            let tables: Vec<String> = (0..count)
                .map(|_| {
                    let key = &keys[random.random_range(0..keys.len())];
                    // An entry that asks for nothing would hide those behind it.
                    let keys = key.entry(&mut random);
                    if keys.is_empty() {
                        "protocol = 6".to_owned()
                    } else {
                        keys
                    }
                })
                .collect();
            let (matched, all) = check(&entries(&tables), &traffic);
            seen = (seen.0 + matched, seen.1 + all);
        }
        assert!(seen.0 > 20, "{count} entries: only {seen:?} match");
        assert!(seen.0 < seen.1, "{count} entries: all match");
    }
}

#[test]
fn an_entry_without_parts_matches_every_ip_packet() {
    let traffic = frames_of(TraceKind::Headers, 2_000, 5);
    let (matched, all) = check(&entries(&[String::new()]), &traffic);
    assert!(matched > 0 && matched < all);
}

#[test]
fn syn_fin_rst_a_debug_bit_and_a_protocol_are_told_from_all_else() {
    let tables = [
        "tcp_flags = 2\ntcp_flags_mask = 2",
        "tcp_flags = 1\ntcp_flags_mask = 1",
        "tcp_flags = 4\ntcp_flags_mask = 4",
        "dscp = 32\ndscp_mask = 32",
        "protocol = 1",
    ];
    let entries = entries(&tables.map(str::to_owned));
    let tcp = |flags: u8| {
        let mut frame = vec![0; 54];
        frame[12..14].copy_from_slice(&[0x08, 0x00]);
        (frame[14], frame[23], frame[46], frame[47]) = (0x45, 6, 0x50, flags);
        frame
    };
    let with = |mut frame: Vec<u8>, at: usize, byte: u8| {
        frame[at] = byte;
        frame
    };
    let frames = [
        tcp(0x10),
        tcp(0x02),
        tcp(0x12),
        tcp(0x11),
        tcp(0x14),
        with(tcp(0x10), 15, 0x80),
        with(tcp(0x02), 15, 0x80),
        with(tcp(0x10), 15, 0x7f),
        with(tcp(0x3f), 23, 1),
        // A later fragment has no flags.
        with(tcp(0x3f), 21, 1),
        // Nor has the first one.
        with(tcp(0x3f), 20, 0x20),
        // Not to be fragmented.
        with(tcp(0x3f), 20, 0x40),
        // No IP.
        with(tcp(0x3f), 12, 0x88),
    ];
    let known = Run::new(&entries).look(&frames);
    let expected = [
        None,
        Some(0),
        Some(0),
        Some(1),
        Some(2),
        Some(3),
        Some(0),
        None,
        Some(4),
        None,
        None,
        Some(0),
        None,
    ];
    assert_eq!(known, expected);
}
