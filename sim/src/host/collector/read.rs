//! Where fragments come from: captures, files of fragments one after the other, and sockets.

use std::io;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seqnic_spec::flowradar::{Fragment, MAGIC};
use thiserror::Error;

use super::assemble::{Assembler, Refused};
use crate::model::Headers;
use crate::traffic::{CaptureReader, TrafficError};

/// Why nothing can be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The capture cannot be read.
    #[error(transparent)]
    Capture(#[from] TrafficError),
    /// The file cannot be read.
    #[error("{}: cannot be opened: {source}; check the path and that you may read it", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The socket gives nothing.
    #[error("the socket cannot be read: {0}")]
    Socket(io::Error),
}

/// What was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// What arrived.
    pub assembler: Assembler,
    /// Fragments that were taken.
    pub fragments: u64,
    /// Frames of a capture that are no exports.
    pub others: u64,
    /// Fragments that were not taken: where they were, and why.
    pub refused: Vec<(String, Refused)>,
}

/// No datagram is longer.
const MOST_DATAGRAM_BYTES: usize = 1 << 16;

/// How long the socket is waited for at once.
const POLL: Duration = Duration::from_millis(100);

impl Reading {
    fn add(&mut self, payload: &[u8], place: impl FnOnce() -> String) {
        match self.assembler.add(payload) {
            Ok(()) => self.fragments += 1,
            Err(refused) => self.refused.push((place(), refused)),
        }
    }

    /// Reads a file: a capture, or fragments one after the other.
    ///
    /// # Errors
    /// When it cannot be read. A damaged fragment is no error.
    pub fn file(&mut self, path: &Path) -> Result<(), ReadError> {
        let open = |source| ReadError::Open {
            path: path.to_owned(),
            source,
        };
        let mut file = std::fs::File::open(path).map_err(open)?;
        let mut start = [0; 4];
        let is_export =
            io::Read::read_exact(&mut file, &mut start).is_ok() && start == MAGIC.to_be_bytes();
        if is_export {
            self.fragments(&std::fs::read(path).map_err(open)?, path);
            return Ok(());
        }
        for (number, packet) in (1..).zip(CaptureReader::open(path)?) {
            match payload(&packet?.data) {
                Some(payload) => {
                    self.add(payload, || format!("{}: packet {number}", path.display()))
                }
                None => self.others += 1,
            }
        }
        Ok(())
    }

    /// Reads fragments one after the other. Behind a damaged one it goes on with the next that begins as one does.
    fn fragments(&mut self, bytes: &[u8], path: &Path) {
        let mut at = 0;
        while at < bytes.len() {
            let place = || format!("{}: byte {at}", path.display());
            let taken = Fragment::read(&bytes[at..])
                .map_err(Refused::from)
                .and_then(|(fragment, length)| {
                    self.assembler.add_fragment(&fragment).map(|()| length)
                });
            at += match taken {
                Ok(length) => {
                    self.fragments += 1;
                    length
                }
                Err(refused) => {
                    self.refused.push((place(), refused));
                    let rest = bytes[at + 1..].windows(4);
                    let next = rest
                        .into_iter()
                        .position(|start| start == MAGIC.to_be_bytes());
                    next.map_or(bytes.len(), |next| next + 1)
                }
            };
        }
    }

    /// Takes datagrams until all epochs that have begun to arrive are whole, or the time is over.
    ///
    /// # Errors
    /// When the socket cannot be read.
    pub fn socket(&mut self, socket: &UdpSocket, time: Duration) -> Result<(), ReadError> {
        socket
            .set_read_timeout(Some(POLL))
            .map_err(ReadError::Socket)?;
        let (end, mut bytes) = (Instant::now() + time, vec![0; MOST_DATAGRAM_BYTES]);
        while Instant::now() < end {
            match socket.recv_from(&mut bytes) {
                Ok((length, sender)) => {
                    self.add(&bytes[..length], || format!("a datagram from {sender}"))
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    if self.assembler.is_whole() {
                        break;
                    }
                }
                Err(error) => return Err(ReadError::Socket(error)),
            }
        }
        Ok(())
    }
}

/// The payload of a frame that is an export: UDP over IPv4 that begins as a fragment does.
pub fn payload(frame: &[u8]) -> Option<&[u8]> {
    let headers = Headers::parse(frame);
    let udp = headers.udp.filter(|_| headers.ipv4.is_some())?;
    let length = u16::from_be_bytes(*frame.get(udp + 4..)?.first_chunk()?);
    // Short frames are padded behind the datagram. One that is cut short is for the reader of fragments to refuse.
    let end = frame.len().min(udp + usize::from(length));
    let payload = frame.get(udp + 8..end)?;
    payload.starts_with(&MAGIC.to_be_bytes()).then_some(payload)
}
