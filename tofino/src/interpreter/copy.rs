//! Copies of packets, which go through the egress by themselves.

use std::sync::Arc;

use super::packet::Packet;
use super::{Fault, Interpreter, Intrinsics, Sent, Session};
use crate::ir::{Intrinsic, MIRROR_SESSION, MirrorHeader, Place};

impl Interpreter {
    /// What the copy of a frame becomes, if a pipe has asked for one: ingress 0, egress 1.
    pub(super) fn copy(
        &mut self,
        pipe: usize,
        frame: &[u8],
        packet: &Packet,
        intrinsics: &Intrinsics,
    ) -> Result<Option<Sent>, Fault> {
        if !packet.is_mirrored {
            return Ok(None);
        }
        let program = Arc::clone(&self.program);
        let mirror = program.pipes()[pipe].mirror.as_ref();
        let mirror = mirror.ok_or_else(|| Fault::Unknown("mirror".into()))?;
        let Session { port, most_bytes } = self.session;
        let mut intrinsics = intrinsics.clone();
        self.put(&mut intrinsics, Intrinsic::OutPort, port.into());
        let mut copy = match &mirror.header {
            None => {
                self.put(&mut intrinsics, Intrinsic::Instance, pipe as u64 + 1);
                for name in &mirror.fields {
                    let kept = self.read(packet, &[], &Place::md(name))?;
                    intrinsics.insert(Place::md(name), kept);
                }
                match pipe {
                    0 => self.parse(&program.ingress, frame, intrinsics)?,
                    _ => packet.with_other_metadata(intrinsics),
                }
            }
            Some(header) => {
                let mut copy = self.in_front(packet, header, &mirror.fields)?;
                // The chip counts what was not copied, too.
                self.put_length(&mut intrinsics, copy.len() + frame.len());
                copy.extend_from_slice(frame);
                copy.truncate(most_bytes);
                self.parse(&program.egress, &copy, intrinsics)?
            }
        };
        let (port, queue) = (port.into(), 0);
        let frame = self.leave(&mut copy)?;
        Ok(frame.map(|frame| Sent { frame, port, queue }))
    }

    /// The bytes of the header in front of a copy.
    fn in_front(
        &self,
        packet: &Packet,
        header: &MirrorHeader,
        fields: &[String],
    ) -> Result<Vec<u8>, Fault> {
        let session = self.read(packet, &[], &Place::md(&header.session))?;
        if session != MIRROR_SESSION.into() {
            return Err(Fault::Unknown(format!("session {session}")));
        }
        let mut bits = Vec::new();
        for name in fields {
            let place = Place::md(name);
            let width = self.program.bits_of(&place);
            let width = width.ok_or_else(|| Fault::Unknown(name.clone()))?;
            let value = self.read(packet, &[], &place)?;
            bits.extend((0..width).rev().map(|bit| (value >> bit & 1) as u8));
        }
        let bytes = bits.chunks(8);
        let byte = |bits: &[u8]| bits.iter().fold(0, |byte, bit| byte << 1 | bit);
        Ok(bytes.map(byte).collect())
    }
}
