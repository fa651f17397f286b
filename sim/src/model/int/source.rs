//! The source: embeds a header into packets on its watchlist (`docs/packet-format.md`, "INT source").

use seqnic_spec::int::{
    ChecksumMode, Embedding, Encapsulation, Int, IntMode, MdHeader, MxHeader, Shim, VERSION, kind,
    npt,
};

use super::header::{FIXED_BYTES, is_marked};
use super::hop::HopMetadata;
use super::packet::{Editor, Packet};
use super::watchlist::Watchlist;

const UDP: u8 = 17;
const UDP_BYTES: usize = 8;

/// A source of INT-MD or INT-MX.
#[derive(Debug, Clone)]
pub(super) struct Source {
    node: Int,
    embedding: Embedding,
    watchlist: Watchlist,
}

impl Source {
    pub(super) fn new(node: &Int, embedding: &Embedding) -> Self {
        Self {
            node: node.clone(),
            embedding: embedding.clone(),
            watchlist: Watchlist::new(node),
        }
    }

    /// The frame with a header, if it gets one.
    pub(super) fn process(&mut self, frame: &[u8], hop: &HopMetadata) -> Option<Vec<u8>> {
        let packet = Packet::parse(frame)?;
        let (shim_at, udp_bytes) = self.place(frame, &packet)?;
        let is_candidate = !is_marked(frame, &packet, &self.node)
            && Packet::is_in_window(shim_at + udp_bytes + FIXED_BYTES)
            && self.watchlist.matches(frame, &packet);
        if !is_candidate || !self.watchlist.take() {
            return None;
        }
        let (stack, exceeded) = self.stack(hop, packet.ip_length + udp_bytes)?;
        Some(self.embed(frame, packet, shim_at, udp_bytes, &stack, exceeded))
    }

    /// Where the header goes, and the bytes of a UDP header in front of it.
    fn place(&self, frame: &[u8], packet: &Packet) -> Option<(usize, usize)> {
        match self.node.encapsulation()? {
            Encapsulation::Dscp(_) => Some((packet.transport_end(frame)?, 0)),
            Encapsulation::Port(_) => {
                let at = packet.transport_end(frame)?;
                packet.is_udp.then_some((at, 0))
            }
            Encapsulation::Protocol(_) => Some((packet.network_end()?, UDP_BYTES)),
        }
    }

    /// What follows the INT header, and whether it was too much; nothing when not even the header fits.
    fn stack(&self, hop: &HopMetadata, ip_length: usize) -> Option<(Vec<u8>, bool)> {
        let embedding = &self.embedding;
        let source_only = &embedding.source_only;
        let left = self.node.mtu_bytes().checked_sub(ip_length + FIXED_BYTES)?;
        if self.node.mode() == IntMode::Mx {
            let words: Vec<u8> = source_only
                .iter()
                .flat_map(|word| word.to_be_bytes())
                .collect();
            return (words.len() <= left).then_some((words, false));
        }
        if !embedding.push {
            return Some((Vec::new(), false));
        }
        let block = hop.block(
            self.node.instructions().0,
            self.node.hop_words(),
            source_only,
        );
        Some(match block.len() <= left {
            true => (block, false),
            false => (Vec::new(), true),
        })
    }

    fn embed(
        &self,
        frame: &[u8],
        packet: Packet,
        shim_at: usize,
        udp_bytes: usize,
        stack: &[u8],
        exceeded: bool,
    ) -> Vec<u8> {
        let bytes = udp_bytes + FIXED_BYTES + stack.len();
        let mut editor = Editor::new(frame, packet);
        editor.resize(bytes as isize, udp_bytes == 0);
        let mut inserted = Vec::with_capacity(bytes);
        let (npt, original) = match self.node.encapsulation() {
            Some(Encapsulation::Port(port)) => {
                let original = packet.ports(frame).unwrap_or_default().1;
                editor.set_transport(packet.ip_end + 2, port);
                (npt::PORT, original)
            }
            Some(Encapsulation::Protocol(port)) => {
                editor.set_protocol(UDP);
                editor.keep_checksum();
                // The lengths were compared with the MTU, which has 16 bits.
                let length = (packet.ip_length + bytes - (packet.ip_end - packet.ip)) as u16;
                let entropy = 0xc000 | packet.flow_hash(frame) & 0x3fff;
                for word in [entropy, port, length, 0] {
                    inserted.extend_from_slice(&word.to_be_bytes());
                }
                (npt::PROTOCOL, packet.protocol.into())
            }
            Some(Encapsulation::Dscp(mark)) => {
                let dscp = packet.dscp(frame);
                editor.set_dscp(dscp & !mark.mask | mark.value);
                (npt::DSCP, u16::from(dscp) << 2)
            }
            None => (0, 0),
        };
        let is_md = self.node.mode() == IntMode::Md;
        let shim = Shim {
            kind: if is_md { kind::MD } else { kind::MX },
            npt,
            // The configuration keeps the stack within the 8 bits.
            length_words: (3 + stack.len() / 4) as u8,
            original,
            ..Shim::default()
        };
        shim.write(&mut inserted);
        self.write_header(is_md && !stack.is_empty(), exceeded, &mut inserted);
        inserted.extend_from_slice(stack);
        let has_complement = is_md && !stack.is_empty() && self.node.instructions().0 & 1 == 1;
        finish(
            editor,
            shim_at,
            inserted,
            has_complement && udp_bytes == 0 && self.node.checksum() == ChecksumMode::Complement,
        )
    }

    fn write_header(&self, pushed: bool, exceeded: bool, out: &mut Vec<u8>) {
        let embedding = &self.embedding;
        let instructions = self.node.instructions().0;
        let domain_id = self.node.domain_id();
        let (ds_instruction, ds_flags) = (embedding.ds_instruction, embedding.ds_flags);
        let discard = embedding.discard.into();
        match self.node.mode() {
            IntMode::Md => MdHeader {
                version: VERSION,
                discard,
                mtu_exceeded: exceeded.into(),
                hop_words: self.node.hop_words() as u8,
                remaining_hops: embedding.max_hops - u8::from(pushed),
                instructions,
                domain_id,
                ds_instruction,
                ds_flags,
                ..MdHeader::default()
            }
            .write(out),
            _ => MxHeader {
                version: VERSION,
                discard,
                instructions,
                domain_id,
                ds_instruction,
                ds_flags,
                ..MxHeader::default()
            }
            .write(out),
        }
    }
}

/// Inserts bytes, whose last word becomes the checksum complement if it may and there is a checksum.
pub(super) fn finish(
    mut editor: Editor,
    at: usize,
    mut inserted: Vec<u8>,
    may_complement: bool,
) -> Vec<u8> {
    if may_complement && editor.has_checksum() {
        let word = inserted.len() - 4;
        inserted[word..].fill(0);
        editor.transport.insert(&inserted);
        let complement = editor.transport.complement();
        inserted[word + 2..].copy_from_slice(&complement.to_be_bytes());
        editor.keep_checksum();
    } else {
        editor.transport.insert(&inserted);
    }
    editor.frame.splice(at..at, inserted);
    editor.finish()
}
