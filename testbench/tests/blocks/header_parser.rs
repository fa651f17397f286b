use seqnic_hdl::blocks::header_parser::header_parser;
use seqnic_hdl::blocks::header_window::WINDOW_BYTES;
use seqnic_sim::model::Headers;
use seqnic_spec::Layer;

use super::bench::{Bench, frames};

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

#[test]
fn finds_the_headers_that_the_model_finds() {
    let mut bench = Bench::new(header_parser("parser"));
    let mut seen = Vec::new();
    for (number, frame) in frames(20_000, 11).iter().enumerate() {
        show(&mut bench, frame, 0xff);
        let model = Headers::parse(frame);
        let expected: Vec<_> = Layer::ALL
            .iter()
            .filter(|&&layer| model.start_of(layer).is_some())
            .copied()
            .collect();
        assert_eq!(
            layers(&bench),
            expected,
            "frame {number}: {:02x?}",
            &frame[..frame.len().min(80)]
        );
        if let Some(start) = model.start_of(Layer::Ports) {
            assert_eq!(
                34 + 4 * bench.get("layer4_words"),
                start as u64,
                "frame {number}"
            );
        }
        if !seen.contains(&expected) {
            seen.push(expected);
        }
    }
    // No header, Ethernet alone, one and two tags, IPv4 and IPv6, each with TCP, UDP and neither.
    assert!(seen.len() > 15, "the traffic is too uniform: {seen:?}");
}

#[test]
fn a_frame_cut_at_any_byte_has_the_headers_that_are_whole() {
    let mut bench = Bench::new(header_parser("parser"));
    for frame in frames(400, 5)
        .iter()
        .filter(|frame| frame.len() > WINDOW_BYTES)
    {
        for length in 1..WINDOW_BYTES {
            let model = Headers::parse(&frame[..length]);
            show(&mut bench, &frame[..length], frame[length]);
            for layer in layers(&bench) {
                assert!(
                    model.start_of(layer).is_some(),
                    "{layer:?} in {length} bytes of {frame:02x?}"
                );
            }
            let count = Layer::ALL
                .iter()
                .filter(|&&layer| model.start_of(layer).is_some())
                .count();
            assert_eq!(
                layers(&bench).len(),
                count,
                "{length} bytes of {frame:02x?}"
            );
        }
    }
}
