//! The fuzz targets on their committed corpus, on a stable toolchain and without libFuzzer: each
//! file as it is, cut short, and damaged.

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// Damaged copies of each file.
const COPIES: u64 = 60;

/// What the committed corpora may hold together.
const MOST_BYTES: usize = 100_000;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz")
        .join(name)
}

/// The files of a folder by name, in order.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("a plain name");
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| name(entry.expect("it can be read")))
        .collect();
    names.sort();
    let read = |name: String| {
        let bytes = fs::read(folder.join(&name)).expect("a file");
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}

/// Runs a check, and says which bytes it fails on.
fn run(target: &str, check: fn(&[u8]), bytes: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| check(bytes))).is_err() {
        panic!("{target} fails on {what}: {bytes:02x?}");
    }
}

/// A few bytes changed, doubled or taken out.
fn damaged(bytes: &[u8], random: &mut Pcg64Mcg) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=bytes.len());
        let end = random.random_range(at..=bytes.len().min(at + 8));
        match random.random_range(0..5) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.extend_from_within(at..end),
            2 => bytes[at..end].fill(0xff),
            3 => bytes[at..end].fill(0),
            _ => bytes[at..end].iter_mut().for_each(|byte| {
                *byte ^= 1 << random.random_range(0..8);
            }),
        }
    }
    bytes
}

#[test]
fn every_target_accepts_its_corpus_and_what_is_near_it() {
    for (target, check) in fuzz::TARGETS {
        let corpus = files(&folder("corpus").join(target));
        assert!(!corpus.is_empty(), "{target} has no corpus");
        for (number, (name, bytes)) in corpus.iter().enumerate() {
            run(target, check, bytes, name);
            for cut in 0..bytes.len().min(300) {
                run(target, check, &bytes[..cut], &format!("{name}, cut short"));
            }
            let mut random = Pcg64Mcg::seed_from_u64(number as u64);
            for _ in 0..COPIES {
                let bytes = damaged(bytes, &mut random);
                run(target, check, &bytes, &format!("{name}, damaged"));
            }
        }
    }
}

#[test]
fn every_target_has_a_program_and_a_corpus_and_nothing_else_has() {
    let mut targets = fuzz::TARGETS.map(|(target, _)| target.to_owned());
    targets.sort();
    let programs = files(&folder("fuzz_targets"));
    assert!(
        programs.iter().map(|(name, _)| name).eq(targets
            .iter()
            .map(|target| format!("{target}.rs"))
            .collect::<Vec<_>>()
            .iter())
    );
    let mut corpora: Vec<String> = fs::read_dir(folder("corpus"))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name())
        .map(|name| name.into_string().expect("a plain name"))
        .collect();
    corpora.sort();
    assert_eq!(corpora, targets);
    let sizes = targets
        .iter()
        .flat_map(|target| files(&folder("corpus").join(target)));
    let bytes: usize = sizes.map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < MOST_BYTES, "the corpora hold {bytes} bytes");
}
