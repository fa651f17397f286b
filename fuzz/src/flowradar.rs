//! FlowRadar exports: the bytes damage an export, which is then decoded.

use std::sync::LazyLock;

use seqnic_sim::host::collector::{Assembler, Count, Switch, payload};
use seqnic_sim::model::flowradar::{FlowKey, FlowRadarEncoder};
use seqnic_spec::Config;
use seqnic_spec::flowradar::{CHECKSUM_BYTES, ExportHeader, Fragment, write_fragment};

use super::bytes::Bytes;

const FLOWS: u64 = 40;

/// The fragments of a small encoder.
static EXPORT: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let text = "flowradar = { flows = 40, filter_hashes = 2, export.fragment_bytes = 200 }";
    let config = Config::from_toml_str(text, "fuzz").expect("valid");
    let mut encoder = FlowRadarEncoder::new(config.flowradar().expect("the table stands"));
    for flow in 0..FLOWS {
        encoder.record(&key(flow), packets(flow), 0);
    }
    encoder.request_swap();
    encoder.fragments().collect()
});

fn key(flow: u64) -> FlowKey {
    FlowKey::from_words(&[(flow + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15), flow])
}

fn packets(flow: u64) -> u32 {
    1 + flow as u32
}

/// Bytes are refused as a fragment, or read back as they were. What is decoded of a damaged export is what was recorded,
/// as long as nobody makes a checksum right again; then it is anything, but it ends.
pub fn check(bytes: &[u8]) {
    check_fragment(bytes);
    check_frame(bytes);
    let mut bytes = Bytes(bytes);
    let mut fragments = EXPORT.clone();
    let mut is_forged = false;
    while !bytes.is_empty() && !fragments.is_empty() {
        let kind = bytes.byte() % 6;
        let at = usize::from(bytes.byte()) % fragments.len();
        let place = bytes.number(2) as usize % fragments[at].len().max(1);
        let value = bytes.byte();
        match kind {
            0 => drop(fragments.remove(at)),
            1 => fragments.swap(at, 0),
            2 => fragments.push(fragments[at].clone()),
            3 => fragments[at].truncate(place),
            4 => {
                if let Some(byte) = fragments[at].get_mut(place) {
                    *byte ^= value;
                }
            }
            _ => {
                is_forged = true;
                forge(&mut fragments[at], place, value);
            }
        }
    }
    let mut assembler = Assembler::default();
    for fragment in &fragments {
        if let Err(refused) = assembler.add(fragment) {
            assert!(!refused.to_string().is_empty());
        }
    }
    for image in assembler.finish() {
        match image.geometry.key.bytes() {
            13 => check_decoded(Switch::<2>::new(&image).ok(), is_forged),
            _ => check_decoded(Switch::<5>::new(&image).ok(), is_forged),
        }
    }
}

/// Changes a byte, and makes the checksum right again.
fn forge(fragment: &mut Vec<u8>, place: usize, value: u8) {
    let covered = fragment.len().saturating_sub(CHECKSUM_BYTES);
    let mut bytes = fragment[..covered].to_vec();
    if let Some(byte) = bytes.get_mut(place) {
        *byte ^= value;
    }
    if let Some((header, words)) = bytes.split_first_chunk() {
        fragment.clear();
        write_fragment(&ExportHeader::read(header), words, fragment);
    }
}

fn check_decoded<const W: usize>(switch: Option<Switch<W>>, is_forged: bool) {
    let Some(mut switch) = switch else {
        return;
    };
    switch.decode();
    let report = switch.report();
    assert_eq!(switch.flows().count(), report.flows_decoded);
    if is_forged {
        return;
    }
    for (decoded, count) in switch.flows() {
        let flow = (0..FLOWS)
            .find(|&flow| key(flow) == decoded)
            .expect("it was recorded");
        if let Count::Proven {
            packets: counted, ..
        } = count
        {
            assert_eq!(counted, packets(flow));
        }
    }
}

fn check_fragment(bytes: &[u8]) {
    if let Ok((fragment, length)) = Fragment::read(bytes) {
        let mut again = Vec::new();
        write_fragment(&fragment.header, fragment.words, &mut again);
        assert_eq!(again, bytes[..length]);
    }
}

fn check_frame(bytes: &[u8]) {
    if let Some(payload) = payload(bytes) {
        assert!(payload.len() < bytes.len());
    }
}
