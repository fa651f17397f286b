//! The sink: takes out the header, and restores what the source has written over (`docs/packet-format.md`, "INT sink").

use seqnic_spec::int::{Encapsulation, Int, npt};

use super::header::{DISCARD, Embedded};
use super::packet::Editor;

const UDP_BYTES: usize = 8;

/// What becomes of a frame with an INT header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extracted {
    /// The frame as the source got it, unless it is to be dropped.
    pub(super) frame: Option<Vec<u8>>,
    /// What the packet asks for.
    pub(super) instructions: u16,
    /// The domain of the packet.
    pub(super) domain_id: u16,
}

/// Takes the header out of a frame that has one, and all of it.
pub(super) fn sink(frame: &[u8], node: &Int) -> Option<Extracted> {
    let int = Embedded::find(frame, node)?;
    let mut range = int.shim_at..int.shim_at + int.bytes();
    if range.end > frame.len() {
        return None;
    }
    let mut editor = Editor::new(frame, int.packet);
    let has_own_udp = int.shim.npt == npt::PROTOCOL;
    if has_own_udp {
        range.start -= UDP_BYTES;
        editor.keep_checksum();
        editor.set_protocol(int.shim.original as u8);
    }
    editor.resize(-(range.len() as isize), !has_own_udp);
    editor.transport.remove(&frame[range.clone()]);
    match node.encapsulation() {
        Some(Encapsulation::Dscp(mark)) => {
            let original = (int.shim.original >> 2) as u8 & 0x3f;
            let dscp = int.packet.dscp(frame);
            editor.set_dscp(dscp & !mark.mask | original & mark.mask);
        }
        _ if !has_own_udp => editor.set_transport(int.packet.ip_end + 2, int.shim.original),
        _ => {}
    }
    editor.frame.drain(range);
    Some(Extracted {
        frame: (int.flags & DISCARD == 0).then(|| editor.finish()),
        instructions: int.instructions,
        domain_id: int.domain_id,
    })
}
