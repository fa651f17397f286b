//! Running the program as a user does.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub mod emitted;

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Finished {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `seqnic` in a folder.
pub fn seqnic_in<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seqnic"));
    finish(command.current_dir(folder).args(arguments))
}

/// Runs `seqnic` in the root of the project, with the words of a line.
pub fn seqnic(line: &str) -> Finished {
    let words: Vec<&str> = line.split_whitespace().collect();
    seqnic_in(root(), &words)
}

/// Runs a command to its end.
pub fn finish(command: &mut Command) -> Finished {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().expect("the program starts");
    Finished {
        code: status.code().expect("the program is not killed"),
        stdout: String::from_utf8(stdout).expect("text"),
        stderr: String::from_utf8(stderr).expect("text"),
    }
}

impl Finished {
    /// The standard output of a run that succeeded without a word on standard error.
    #[track_caller]
    pub fn success(self) -> String {
        assert_eq!(
            (self.code, self.stderr.as_str()),
            (0, ""),
            "{}",
            self.stdout
        );
        self.stdout
    }

    /// The one JSON object of a run that succeeded.
    #[track_caller]
    pub fn json(self) -> Value {
        let text = self.success();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).expect("a JSON object")
    }

    /// The one line on standard error of a run that refused its input.
    #[track_caller]
    pub fn refusal(self) -> String {
        assert_eq!(
            (self.code, self.stdout.as_str()),
            (2, ""),
            "{}",
            self.stderr
        );
        let line = self.stderr.strip_suffix('\n').expect("a line").to_owned();
        assert!(!line.contains('\n'), "{line}");
        line
    }
}

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The configurations of sequencers in `examples`, sorted.
pub fn examples() -> Vec<PathBuf> {
    let entries = root()
        .join("examples")
        .read_dir()
        .expect("there are examples");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    let is_int = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().starts_with("int-")
    };
    paths.retain(|path| !is_int(path));
    paths.sort();
    assert!(paths.len() >= 13, "{paths:?}");
    paths
}

/// The names of everything in a folder, sorted.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().expect("can be listed");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("can be listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

/// A pcap file, little-endian with microseconds, of packets of (microseconds, frame).
pub fn pcap(packets: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1] {
        file.extend(word.to_le_bytes());
    }
    for (time, frame) in packets {
        let bytes = frame.len() as u32;
        for word in [time / 1_000_000, time % 1_000_000, bytes, bytes] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
    }
    file
}

/// The (nanoseconds, frame) of a little-endian pcap file with nanoseconds.
pub fn read_pcap(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let word = |at: usize| {
        let bytes = file[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes)
    };
    assert_eq!((word(0), word(20)), (0xa1b2_3c4d, 1));
    let mut packets = Vec::new();
    let mut at = 24;
    while at < file.len() {
        let time = u64::from(word(at)) * 1_000_000_000 + u64::from(word(at + 4));
        let bytes = word(at + 8) as usize;
        assert_eq!(word(at + 12) as usize, bytes);
        packets.push((time, file[at + 16..at + 16 + bytes].to_vec()));
        at += 16 + bytes;
    }
    packets
}
