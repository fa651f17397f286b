use seqnic_hdl::blocks::header_parser::{FRONT_BYTES, IpVersion, Scope, Stage, header_parser};
use seqnic_hdl::blocks::header_window::WINDOW_BYTES;
use seqnic_sim::model::Headers;
use seqnic_sim::traffic::TraceKind;
use seqnic_spec::Layer;

use super::bench::{Bench, frames, frames_of};

/// The window of a frame, with bytes of another frame behind its end.
fn window(frame: &[u8], behind: u8) -> ([u8; WINDOW_BYTES], u128) {
    let mut window = [behind; WINDOW_BYTES];
    let present = frame.len().min(WINDOW_BYTES);
    window[..present].copy_from_slice(&frame[..present]);
    let keep = u128::MAX.checked_shr((WINDOW_BYTES - present) as u32);
    (window, keep.unwrap_or(0))
}

fn set_keep(bench: &mut Bench, keep: u128) {
    bench.set_words("window_keep", &[keep as u64, (keep >> 64) as u64]);
}

/// Shows a frame as a parser of a stage is shown it, until its outputs are those of the frame.
fn show(bench: &mut Bench, stage: Stage, frame: &[u8], behind: u8) {
    let (bytes, keep) = window(frame, behind);
    match stage {
        Stage::None | Stage::Delayed => {
            bench.set_bytes("window", &bytes);
            set_keep(bench, keep);
        }
        Stage::FirstBeat => {
            bench.set("first", 1);
            bench.set_bytes("front", &bytes[..FRONT_BYTES]);
            bench.set("front_keep", keep as u64 & u64::from(u32::MAX));
            // The window still shows the frame before.
            set_keep(bench, !keep);
        }
    }
    bench.eval();
    if stage == Stage::None {
        return;
    }
    // The bus goes on to something else.
    bench.clock();
    let (bytes, other_keep) = window(&[], 0x45);
    match stage {
        Stage::FirstBeat => {
            bench.set("first", 0);
            bench.set_bytes("front", &bytes[..FRONT_BYTES]);
            bench.set("front_keep", 0);
            set_keep(bench, keep);
            bench.clock();
        }
        _ => {
            bench.set_bytes("window", &bytes);
            set_keep(bench, other_keep);
        }
    }
    bench.eval();
}

fn layers(bench: &Bench) -> Vec<Layer> {
    let port = |layer: &&Layer| bench.get(&layer.name().replace('-', "_")) == 1;
    Layer::ALL.iter().filter(port).copied().collect()
}

/// The layers of a frame that a parser for one version of IP finds.
fn expected(frame: &[u8], ip: IpVersion) -> Vec<Layer> {
    let model = Headers::parse(frame);
    let other = match ip {
        IpVersion::Either => None,
        IpVersion::V4 => model.start_of(Layer::Ipv6),
        IpVersion::V6 => model.start_of(Layer::Ipv4),
    };
    let below = [Layer::Ethernet, Layer::Vlan, Layer::InnerVlan];
    let found = |layer: &&Layer| {
        model.start_of(**layer).is_some() && (other.is_none() || below.contains(layer))
    };
    Layer::ALL.iter().filter(found).copied().collect()
}

#[test]
fn finds_the_headers_that_the_model_finds() {
    for (ip, stage) in [
        (IpVersion::Either, Stage::None),
        (IpVersion::Either, Stage::Delayed),
        (IpVersion::Either, Stage::FirstBeat),
        (IpVersion::V4, Stage::Delayed),
        (IpVersion::V4, Stage::FirstBeat),
        (IpVersion::V6, Stage::None),
    ] {
        let scope = Scope { ip, ..Scope::ALL };
        let mut bench = Bench::new(header_parser("parser", scope, stage));
        let mut seen = Vec::new();
        let traffic =
            frames(10_000, 11)
                .into_iter()
                .chain(frames_of(TraceKind::Headers, 2 * 4368, 3));
        for (number, frame) in traffic.enumerate() {
            // Behind the end of a frame stand bytes of another.
            let behind = if number % 2 == 0 { 0xff } else { 0 };
            show(&mut bench, stage, &frame, behind);
            let expected = expected(&frame, ip);
            let shown = &frame[..frame.len().min(110)];
            assert_eq!(
                layers(&bench),
                expected,
                "{ip:?}, {stage:?}, frame {number}: {shown:02x?}"
            );
            if expected.contains(&Layer::Ports) {
                let start = Headers::parse(&frame).start_of(Layer::Ports);
                let words = bench.get("layer4_words") as usize;
                assert_eq!(
                    Some(34 + 4 * words),
                    start,
                    "{ip:?}, {stage:?}, frame {number}: {shown:02x?}"
                );
            }
            if !seen.contains(&expected) {
                seen.push(expected);
            }
        }
        // No tag, one and two, with each version of IP that is looked for, each with TCP, UDP and neither.
        assert!(
            seen.len() >= 13,
            "{ip:?}, {stage:?}: the traffic is too uniform: {seen:?}"
        );
    }
}
