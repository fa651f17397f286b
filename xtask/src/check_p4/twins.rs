//! Captures through the twins on BMv2, beside the model.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Result, WrapErr, bail};

use super::capture;
use super::cases::{CAPTURES, Case, TWINS};
use super::figures::Twin;
use super::seqnic;
use super::tools::Switch;
use crate::command::{command, root};

/// How long the switch gets for a capture at most.
const WAIT_S: &str = "120";

/// Plays every capture through every twin, one after the other: the switch answers at one port.
pub fn all(switch: &Switch, work: &Path) -> Result<Vec<Twin>> {
    let mut found = Vec::new();
    for case in TWINS {
        let folder = work.join(format!("twin-{}", case.folder()));
        let out = folder.display().to_string();
        let emit = [&["emit", "bmv2", "--out", &out][..], &case.flags()].concat();
        seqnic(&emit)?;
        for &file in CAPTURES {
            let twin = play(switch, case, &folder, file)?;
            println!(
                "{} twin {}, {file}: {} of {} frames are those of the model",
                if twin.equal == twin.frames {
                    "ok   "
                } else {
                    "DIFFERS"
                },
                case.folder(),
                twin.equal,
                twin.frames
            );
            found.push(twin);
        }
    }
    Ok(found)
}

fn play(switch: &Switch, case: &Case, folder: &Path, file: &str) -> Result<Twin> {
    let plain = plain(file, folder)?;
    let input = plain.display().to_string();
    let expected = folder.join("model.pcap");
    let out = expected.display().to_string();
    let model = [&["model", "--pcap", &input, "--out", &out][..], case.config].concat();
    seqnic(&model)?;

    let played = folder.join("switch.pcap");
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = switch
        .folders
        .iter()
        .cloned()
        .chain(env::split_paths(&path));
    let mut run = command("sh");
    run.arg(folder.join("run.sh")).arg(&plain).arg(&played);
    run.env("PATH", env::join_paths(folders).into_diagnostic()?);
    let done = run.env("WAIT", WAIT_S).output().into_diagnostic()?;
    let said = [&done.stdout[..], &done.stderr].concat();
    let log = folder.join("run.log");
    fs::write(&log, &said).into_diagnostic()?;
    if !done.status.success() {
        bail!(
            help = format!("all it said is in {}", log.display()),
            "{}: run.sh failed, {}",
            folder.display(),
            done.status
        );
    }
    let (frames, equal) = equal(&capture::read(&expected)?, &capture::read(&played)?);
    Ok(Twin {
        case: case.name.to_owned(),
        chip: case.chip.to_owned(),
        pattern: case.pattern.to_owned(),
        capture: file.to_owned(),
        frames,
        equal,
    })
}

/// A capture in the classic format, which is all that the switch reads. A configuration without history puts a header
/// before each frame; what is behind it is the frame.
fn plain(file: &str, folder: &Path) -> Result<PathBuf> {
    let path = root().join(file);
    if path
        .extension()
        .is_some_and(|extension| extension == "pcap")
    {
        return Ok(path);
    }
    let framed = folder.join("framed.pcap");
    let out = framed.display().to_string();
    seqnic(&[
        "model",
        "--pcap",
        file,
        "--out",
        &out,
        "--config",
        "examples/none.toml",
    ])?;
    let frames = capture::read(&framed)?;
    let plain = folder.join("plain.pcap");
    let bytes = capture::write(&frames, HEADER_BYTES);
    fs::write(&plain, bytes)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot write {}", plain.display()))?;
    Ok(plain)
}

/// What `examples/none.toml` puts before a frame.
const HEADER_BYTES: usize = 14;

/// How many frames there should be, and how many are there as they should.
fn equal(expected: &[Vec<u8>], found: &[Vec<u8>]) -> (usize, usize) {
    let pairs = expected.iter().zip(found);
    let equal = pairs.filter(|(expected, found)| expected == found).count();
    // One frame too many is a difference too.
    (expected.len().max(found.len()), equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_are_missing_too_many_or_different_are_not_equal() {
        let frames =
            |bytes: &[u8]| -> Vec<Vec<u8>> { bytes.iter().map(|&byte| vec![byte]).collect() };
        assert_eq!(equal(&frames(&[1, 2, 3]), &frames(&[1, 2, 3])), (3, 3));
        assert_eq!(equal(&frames(&[1, 2, 3]), &frames(&[1, 9, 3])), (3, 2));
        assert_eq!(equal(&frames(&[1, 2, 3]), &frames(&[1, 2])), (3, 2));
        assert_eq!(equal(&frames(&[1, 2]), &frames(&[1, 2, 3])), (3, 2));
    }
}
