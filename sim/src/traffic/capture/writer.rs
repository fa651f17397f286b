//! Writes captures.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use pcap_file::pcap::{PcapHeader, PcapWriter, RawPcapPacket};
use pcap_file::{DataLink, Endianness, PcapError, TsResolution};

use super::pcap::HEADER_BYTES;
use crate::traffic::TrafficError;
use crate::traffic::packet::{MAX_FRAME_BYTES, Packet};

/// Bytes of the header of a packet record.
const RECORD_HEADER_BYTES: u64 = 16;

/// Writes a nanosecond pcap of Ethernet frames, little-endian on every machine.
///
/// The packets go to a temporary file beside the destination, which takes its name only in
/// [`Self::finish`]. A writer that is dropped before leaves nothing behind.
pub struct CaptureWriter {
    path: PathBuf,
    // Before the temporary file, so that the file is closed when it is removed.
    pcap: PcapWriter<BufWriter<File>>,
    temporary: Temporary,
    packets: u64,
    offset: u64,
}

impl CaptureWriter {
    /// Starts a capture that will be at `path`.
    ///
    /// # Errors
    /// When the folder of `path` cannot be written to.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, TrafficError> {
        let path = path.as_ref().to_owned();
        let header = PcapHeader {
            // MAX_FRAME_BYTES is below 2^32.
            snaplen: MAX_FRAME_BYTES as u32,
            datalink: DataLink::ETHERNET,
            ts_resolution: TsResolution::NanoSecond,
            endianness: Endianness::Little,
            ..PcapHeader::default()
        };
        let started = Temporary::beside(&path).and_then(|(temporary, file)| {
            let pcap = PcapWriter::with_header(BufWriter::new(file), header).map_err(into_io)?;
            Ok((temporary, pcap))
        });
        match started {
            Ok((temporary, pcap)) => Ok(Self {
                path,
                temporary,
                pcap,
                packets: 0,
                offset: HEADER_BYTES as u64,
            }),
            Err(source) => Err(TrafficError::Write { path, source }),
        }
    }

    /// Appends a packet.
    ///
    /// # Errors
    /// When the frame is empty or longer than [`MAX_FRAME_BYTES`], the time is beyond what a pcap
    /// can hold, or the file cannot be written.
    pub fn write(&mut self, packet: &Packet) -> Result<(), TrafficError> {
        let number = self.packets + 1;
        let bytes = packet.data.len();
        if bytes == 0 || bytes > MAX_FRAME_BYTES {
            let (path, offset) = (self.path.clone(), self.offset);
            return Err(TrafficError::FrameLength {
                path,
                packet: number,
                offset,
                bytes,
            });
        }
        let Ok(ts_sec) = u32::try_from(packet.timestamp_ns / 1_000_000_000) else {
            let timestamp_ns = packet.timestamp_ns;
            return Err(TrafficError::Timestamp {
                path: self.path.clone(),
                packet: number,
                timestamp_ns,
            });
        };
        let record = RawPcapPacket {
            ts_sec,
            ts_frac: (packet.timestamp_ns % 1_000_000_000) as u32,
            incl_len: bytes as u32,
            orig_len: bytes as u32,
            data: packet.data.as_slice().into(),
        };
        self.pcap
            .write_raw_packet(&record)
            .map_err(|error| self.unwritable(into_io(error)))?;
        self.packets = number;
        self.offset += RECORD_HEADER_BYTES + bytes as u64;
        Ok(())
    }

    /// Completes the file and gives it its name; a file of that name is replaced.
    ///
    /// # Errors
    /// When the last bytes cannot be written or the file cannot be renamed.
    pub fn finish(self) -> Result<(), TrafficError> {
        let Self {
            path,
            mut temporary,
            pcap,
            ..
        } = self;
        let mut file = pcap.into_writer();
        let done = file.flush().and_then(|()| {
            drop(file);
            temporary.rename(&path)
        });
        done.map_err(|source| TrafficError::Write { path, source })
    }

    fn unwritable(&self, source: io::Error) -> TrafficError {
        TrafficError::Write {
            path: self.path.clone(),
            source,
        }
    }
}

/// A file that is removed when it is dropped, unless it was renamed.
struct Temporary {
    path: PathBuf,
    kept: bool,
}

impl Temporary {
    /// Creates a file of a free name in the folder of `path`.
    fn beside(path: &Path) -> io::Result<(Self, File)> {
        let name = path
            .file_name()
            .ok_or_else(|| io::Error::other("the path does not end in a file name"))?;
        for attempt in 0_u32.. {
            let mut hidden = std::ffi::OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".{}-{attempt}.part", std::process::id()));
            let path = path.with_file_name(hidden);
            match File::create_new(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                result => return result.map(|file| (Self { path, kept: false }, file)),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn rename(&mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done in a destructor about a file that cannot be removed.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn into_io(error: PcapError) -> io::Error {
    match error {
        PcapError::IoError(source) => source,
        error => io::Error::other(error),
    }
}
