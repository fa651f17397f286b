//! The kernel's own way to run a program on a frame.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use crate::Said;

/// The exit code of the runner where programs cannot be loaded.
const SKIPPED: i32 = 77;

/// What the program says of each frame; nothing, with a note, where the kernel does not let it be loaded.
pub fn run(object: &Path, frames: &[Vec<u8>]) -> Option<Vec<Said>> {
    let runner = runner()?;
    let mut child = Command::new(runner)
        .arg(object)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it was compiled");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut bytes = Vec::new();
    for frame in frames {
        bytes.extend((frame.len() as u32).to_ne_bytes());
        bytes.extend(frame);
    }
    // It does not read when it skips.
    let writer = thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join().expect("no panic");
    if output.status.code() == Some(SKIPPED) {
        println!("skipped: the kernel does not let programs be loaded");
        return None;
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", object.display());
    let text = String::from_utf8(output.stdout).expect("text");
    let line = |line: &str| {
        let (action, bytes) = line.split_once(' ').expect("two numbers");
        Said {
            action: action.parse().expect("a number"),
            bytes: bytes.parse().expect("a number"),
        }
    };
    Some(text.lines().map(line).collect())
}

/// The program that loads and runs, compiled once.
fn runner() -> Option<&'static PathBuf> {
    static RUNNER: OnceLock<Option<PathBuf>> = OnceLock::new();
    RUNNER
        .get_or_init(|| {
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/xdp/runner.c");
            let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("xdp-runner");
            let mut compiler = Command::new("cc");
            compiler
                .args(["-O1", "-Wall", "-o"])
                .arg(&program)
                .args([source, "-lbpf"]);
            match compiler.output() {
                Ok(output) if output.status.success() => Some(program),
                Ok(output) => {
                    println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
                    None
                }
                Err(error) => {
                    println!("skipped: cc: {error}");
                    None
                }
            }
        })
        .as_ref()
}
