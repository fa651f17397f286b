//! Reads captures, packet by packet.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use pcap_file::PcapError;
use pcap_file::pcap::PcapParser;
use pcap_file::pcapng::PcapNgParser;

use super::window::Window;
use super::{ETHERNET, Fault, Parsed, Record, pcap, pcapng};
use crate::traffic::TrafficError;
use crate::traffic::packet::{MAX_FRAME_BYTES, Packet};

/// A record longer than this is taken for a broken length, so that memory stays bounded.
const MAX_RECORD_BYTES: usize = 1 << 24;

/// Streams the packets of a pcap or pcapng file of Ethernet frames.
///
/// The iterator ends after the first error. A capture without packets yields one error.
pub struct CaptureReader<R = File> {
    path: PathBuf,
    window: Window<R>,
    format: Format,
    packets: u64,
    finished: bool,
    pads_truncated: bool,
}

/// The parser that the start of the file calls for.
enum Format {
    Pcap(PcapParser),
    PcapNg(PcapNgParser),
}

impl Format {
    fn parse(&mut self, bytes: &[u8]) -> Parsed {
        match self {
            Self::Pcap(parser) => pcap::parse(parser, bytes),
            Self::PcapNg(parser) => pcapng::parse(parser, bytes),
        }
    }
}

impl CaptureReader {
    /// Opens a capture and reads its header.
    ///
    /// # Errors
    /// When the file cannot be read, is empty, is no capture, or is a pcap of another link type
    /// than Ethernet.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TrafficError> {
        let path = path.as_ref().to_owned();
        match File::open(&path) {
            Ok(file) => Self::from_reader(path, file),
            Err(source) => Err(TrafficError::Open { path, source }),
        }
    }

    /// Reads a whole capture into memory.
    ///
    /// # Errors
    /// When the file cannot be opened, holds no packet, or any packet of it cannot be used.
    pub fn read_all(path: impl AsRef<Path>) -> Result<Vec<Packet>, TrafficError> {
        Self::open(path)?.collect()
    }
}

impl<R: Read> CaptureReader<R> {
    /// Reads the header of a capture that comes from anywhere; `path` is what errors name.
    ///
    /// # Errors
    /// As those of [`open`](CaptureReader::open).
    pub fn from_reader(path: impl Into<PathBuf>, input: R) -> Result<Self, TrafficError> {
        let path = path.into();
        let mut window = Window::new(input);
        // A folder can be opened and not be read, so an error here is one of opening.
        if let Err(source) = window.require(pcap::HEADER_BYTES) {
            return Err(TrafficError::Open { path, source });
        }
        if window.bytes().is_empty() {
            return Err(TrafficError::Empty { path });
        }
        let format = match first_parser(&mut window) {
            Ok(Some(format)) => format,
            Ok(None) => return Err(not_capture(path, window.bytes())),
            Err(Fault::Incomplete) => {
                return Err(TrafficError::Truncated {
                    path,
                    offset: 0,
                    packets: 0,
                });
            }
            Err(Fault::Malformed(reason)) => {
                return Err(TrafficError::Malformed {
                    path,
                    offset: 0,
                    packets: 0,
                    reason,
                });
            }
        };
        if let Format::Pcap(parser) = &format {
            check_link_type(&path, || "the capture".into(), pcap::link_type(parser))?;
        }
        Ok(Self {
            path,
            window,
            format,
            packets: 0,
            finished: false,
            pads_truncated: false,
        })
    }

    /// Whether frames that a snap length has cut are filled up with zeros to their length; otherwise they are an error.
    pub fn pad_truncated(self, pads_truncated: bool) -> Self {
        Self {
            pads_truncated,
            ..self
        }
    }

    /// The next packet, or `None` at the end of the file.
    fn next_packet(&mut self) -> Result<Option<Packet>, TrafficError> {
        loop {
            let offset = self.window.offset();
            if self.window.bytes().is_empty() && !self.fill()? {
                return Ok(None);
            }
            match self.format.parse(self.window.bytes()) {
                Ok((consumed, record)) => {
                    self.window.consume(consumed);
                    if let Some(record) = record {
                        self.packets += 1;
                        return self.check(record, offset).map(Some);
                    }
                }
                Err(Fault::Incomplete) => {
                    if self.window.bytes().len() >= MAX_RECORD_BYTES {
                        return Err(
                            self.malformed(format!("it claims more than {MAX_RECORD_BYTES} bytes"))
                        );
                    }
                    if !self.fill()? {
                        return Err(TrafficError::Truncated {
                            path: self.path.clone(),
                            offset,
                            packets: self.packets,
                        });
                    }
                }
                Err(Fault::Malformed(reason)) => return Err(self.malformed(reason)),
            }
        }
    }

    /// Accepts whole Ethernet frames of a possible length.
    fn check(&self, mut record: Record, offset: u64) -> Result<Packet, TrafficError> {
        let (path, packet) = (&self.path, self.packets);
        let original_bytes = record.original_bytes as usize;
        if self.pads_truncated && original_bytes <= MAX_FRAME_BYTES {
            let padded_bytes = original_bytes.max(record.data.len());
            record.data.resize(padded_bytes, 0);
        }
        let bytes = record.data.len();
        check_link_type(
            path,
            || format!("packet {packet} at byte {offset}"),
            record.link_type,
        )?;
        if bytes < record.original_bytes as usize {
            // The format stores the captured length in 32 bits.
            let captured = bytes as u32;
            let original = record.original_bytes;
            return Err(TrafficError::SnapLength {
                path: path.clone(),
                packet,
                offset,
                captured,
                original,
            });
        }
        if bytes > record.original_bytes as usize {
            let reason = format!(
                "it holds {bytes} bytes of a frame of {} bytes",
                record.original_bytes
            );
            return Err(TrafficError::Malformed {
                path: path.clone(),
                offset,
                packets: packet - 1,
                reason,
            });
        }
        if bytes == 0 || bytes > MAX_FRAME_BYTES {
            return Err(TrafficError::FrameLength {
                path: path.clone(),
                packet,
                offset,
                bytes,
            });
        }
        Ok(Packet {
            timestamp_ns: record.timestamp_ns,
            data: record.data,
        })
    }

    fn fill(&mut self) -> Result<bool, TrafficError> {
        let offset = self.window.offset();
        self.window
            .fill()
            .map_err(|source: io::Error| TrafficError::Read {
                path: self.path.clone(),
                offset,
                packets: self.packets,
                source,
            })
    }

    fn malformed(&self, reason: String) -> TrafficError {
        TrafficError::Malformed {
            path: self.path.clone(),
            offset: self.window.offset(),
            packets: self.packets,
            reason,
        }
    }
}

impl<R: Read> Iterator for CaptureReader<R> {
    type Item = Result<Packet, TrafficError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let item = match self.next_packet() {
            Ok(None) if self.packets == 0 => Some(Err(TrafficError::NoPacket {
                path: self.path.clone(),
            })),
            result => result.transpose(),
        };
        self.finished = !matches!(item, Some(Ok(_)));
        item
    }
}

/// Reads the header of the file; `None` when its first bytes are those of no capture.
fn first_parser(window: &mut Window<impl Read>) -> Result<Option<Format>, Fault> {
    let (consumed, format) = match window.bytes().first_chunk() {
        Some(
            [0xa1, 0xb2, 0xc3, 0xd4]
            | [0xd4, 0xc3, 0xb2, 0xa1]
            | [0xa1, 0xb2, 0x3c, 0x4d]
            | [0x4d, 0x3c, 0xb2, 0xa1],
        ) => {
            let (rest, parser) = PcapParser::new(window.bytes())?;
            (window.bytes().len() - rest.len(), Format::Pcap(parser))
        }
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => {
            // A section header that goes beyond the first chunk of the file has a very long
            // comment.
            while matches!(
                PcapNgParser::new(window.bytes()),
                Err(PcapError::IncompleteBuffer)
            ) && window.bytes().len() < MAX_RECORD_BYTES
                && window.fill().unwrap_or(false)
            {}
            let (rest, parser) = PcapNgParser::new(window.bytes())?;
            (window.bytes().len() - rest.len(), Format::PcapNg(parser))
        }
        _ => return Ok(None),
    };
    window.consume(consumed);
    Ok(Some(format))
}

/// Accepts Ethernet only: no other link layer has the headers that a sequencer parses.
fn check_link_type(
    path: &Path,
    place: impl Fn() -> String,
    link_type: u32,
) -> Result<(), TrafficError> {
    if link_type == ETHERNET {
        return Ok(());
    }
    Err(TrafficError::LinkType {
        path: path.to_owned(),
        place: place(),
        link_type,
    })
}

fn not_capture(path: PathBuf, bytes: &[u8]) -> TrafficError {
    let start = bytes
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ");
    let fix = match bytes {
        [0x1f, 0x8b, ..] => "it is compressed: decompress it with `gunzip`",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is compressed: decompress it with `unzstd`",
        _ => "give a file written by tcpdump, Wireshark or `seqnic trace`",
    };
    TrafficError::NotCapture { path, start, fix }
}
