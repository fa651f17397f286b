//! The transit hop of INT-MD: pushes its metadata, or says why not (`docs/packet-format.md`, "INT transit hop").

use seqnic_spec::int::{ChecksumMode, Int, UnknownDomain};

use super::header::{Embedded, FIXED_BYTES, HOPS_EXCEEDED, MTU_EXCEEDED};
use super::hop::HopMetadata;
use super::packet::Editor;
use super::source::finish;

/// What a hop does with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Flag(u16),
    Skip,
    Push,
}

/// The frame as it leaves.
pub(super) fn transit(frame: &[u8], node: &Int, hop: &HopMetadata) -> Option<Vec<u8>> {
    let int = Embedded::find(frame, node)?;
    // The first word of the INT header is in front of the hop metadata length.
    let flags_at = int.shim_at + 4;
    let mut editor = Editor::new(frame, int.packet);
    match action(&int, node) {
        Action::Skip => None,
        Action::Flag(flag) => {
            editor.set_transport(flags_at, int.flags | flag);
            Some(editor.finish())
        }
        Action::Push => {
            let block = hop.block(int.instructions, int.hop_words, &[]);
            editor.resize(block.len() as isize, true);
            let be16 = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
            let length = be16(int.shim_at) + int.hop_words as u16;
            editor.set_transport(int.shim_at, length);
            editor.set_transport(flags_at + 2, be16(flags_at + 2) - 1);
            let may_complement =
                int.instructions & 1 == 1 && node.checksum() == ChecksumMode::Complement;
            Some(finish(
                editor,
                int.shim_at + FIXED_BYTES,
                block,
                may_complement,
            ))
        }
    }
}

fn action(int: &Embedded, node: &Int) -> Action {
    if int.remaining_hops == 0 {
        return Action::Flag(HOPS_EXCEEDED);
    }
    let skips = node.unknown_domain() == UnknownDomain::Skip && !node.knows_domain(int.domain_id);
    let asked = HopMetadata::words_asked(int.instructions);
    if int.hop_words == 0 || int.hop_words < asked || skips {
        return Action::Skip;
    }
    let words = usize::from(int.shim.length_words) + int.hop_words;
    if words > 255 || int.packet.ip_length + 4 * int.hop_words > node.mtu_bytes() {
        return Action::Flag(MTU_EXCEEDED);
    }
    Action::Push
}
