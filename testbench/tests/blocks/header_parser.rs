use seqnic_hdl::blocks::header_parser::{IpVersion, Scope, header_parser};
use seqnic_hdl::blocks::header_window::WINDOW_BYTES;
use seqnic_sim::model::Headers;
use seqnic_sim::traffic::TraceKind;
use seqnic_spec::Layer;

use super::bench::{Bench, frames, frames_of};

/// The window of a frame, with bytes of another frame behind its end.
fn show(bench: &mut Bench, frame: &[u8], behind: u8) {
    let mut window = vec![behind; WINDOW_BYTES];
    let present = frame.len().min(WINDOW_BYTES);
    window[..present].copy_from_slice(&frame[..present]);
    bench.set_bytes("window", &window);
    let keep = if present == WINDOW_BYTES {
        u128::MAX
    } else {
        (1 << present) - 1
    };
    bench.set_words("window_keep", &[keep as u64, (keep >> 64) as u64]);
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
    for (ip, staged) in [
        (IpVersion::Either, false),
        (IpVersion::Either, true),
        (IpVersion::V4, true),
        (IpVersion::V6, false),
    ] {
        let scope = Scope { ip, ..Scope::ALL };
        let mut bench = Bench::new(header_parser("parser", scope, staged));
        let mut seen = Vec::new();
        let traffic =
            frames(10_000, 11)
                .into_iter()
                .chain(frames_of(TraceKind::Headers, 2 * 4368, 3));
        for (number, frame) in traffic.enumerate() {
            // Behind the end of a frame stand bytes of another.
            show(&mut bench, &frame, if number % 2 == 0 { 0xff } else { 0 });
            if staged {
                bench.clock();
                show(&mut bench, &[], 0x45);
            }
            let expected = expected(&frame, ip);
            let shown = &frame[..frame.len().min(110)];
            assert_eq!(
                layers(&bench),
                expected,
                "{ip:?}, frame {number}: {shown:02x?}"
            );
            if expected.contains(&Layer::Ports) {
                let start = Headers::parse(&frame).start_of(Layer::Ports);
                let words = bench.get("layer4_words") as usize;
                assert_eq!(
                    Some(34 + 4 * words),
                    start,
                    "{ip:?}, frame {number}: {shown:02x?}"
                );
            }
            if !seen.contains(&expected) {
                seen.push(expected);
            }
        }
        // No tag, one and two, with each version of IP that is looked for, each with TCP, UDP and neither.
        assert!(
            seen.len() >= 13,
            "{ip:?}: the traffic is too uniform: {seen:?}"
        );
    }
}
