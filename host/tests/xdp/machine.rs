//! A machine in user space, for where the kernel lets no program be loaded.

use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget};
use rbpf::EbpfVmMbuff;

use crate::{Said, XDP_PASS};

/// The numbers that stand for maps, as in `machine/bpf/bpf_helpers.h`.
const MAPS: [(&str, u64); 2] = [("replicas", 1), ("progress", 2)];
/// The words of `memory`, as there: two, two for each of 256 cores, and 16 for each of 4096 slots.
const MEMORY_WORDS: usize = 2 + 2 * 256 + 16 * 4096;

/// Compiles the program in a folder with the helpers of this machine.
pub fn compile(folder: &Path, name: &str) -> PathBuf {
    let headers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/xdp/machine");
    let object = folder.join("machine.o");
    let mut clang = Command::new("clang");
    clang
        .current_dir(folder)
        .args(["-target", "bpf", "-O2", "-Wall", "-Wextra", "-Werror"]);
    clang.args(["-I", headers, "-c", &format!("{name}_xdp.c"), "-o"]);
    let output = clang.arg(&object).output().expect("clang starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    object
}

/// What the program says of each frame.
pub fn run(object: &Path, cores: usize, frames: &[Vec<u8>]) -> Vec<Said> {
    let mut memory = vec![0_u64; MEMORY_WORDS];
    memory[0] = cores as u64;
    let address = memory.as_mut_ptr() as u64;
    let program = load(object, address);
    let mut machine = EbpfVmMbuff::new(Some(&program)).expect("the program is valid");
    machine.register_allowed_memory(address..address + 8 * MEMORY_WORDS as u64);
    let mut said = Vec::new();
    for frame in frames {
        let start = frame.as_ptr() as u64;
        let context = [start, start + frame.len() as u64]
            .map(u64::to_le_bytes)
            .concat();
        let action = machine
            .execute_program(frame, &context)
            .expect("all accesses are allowed");
        said.push(action as u32);
    }
    drop(machine);
    let prefix_bytes = std::hint::black_box(&memory)[1] as usize;
    let bytes = |action, frame: &Vec<u8>| match action {
        XDP_PASS => frame.len() - prefix_bytes,
        _ => frame.len(),
    };
    said.into_iter()
        .zip(frames)
        .map(|(action, frame)| Said {
            action,
            bytes: bytes(action, frame),
        })
        .collect()
}

/// The instructions, with the addresses that they leave open.
fn load(object: &Path, memory: u64) -> Vec<u8> {
    let file = std::fs::read(object).expect("it was compiled");
    let file = object::File::parse(&*file).expect("an object");
    let section = file.section_by_name("xdp").expect("the program");
    let mut program = section.data().expect("it has instructions").to_vec();
    for (offset, relocation) in section.relocations() {
        let RelocationTarget::Symbol(symbol) = relocation.target() else {
            panic!("{relocation:?}");
        };
        let symbol = file.symbol_by_index(symbol).expect("it is there");
        let name = symbol.name().expect("it has a name");
        let address = match MAPS.iter().find(|(map, _)| *map == name) {
            Some((_, number)) => *number,
            None => {
                assert_eq!(name, "memory");
                memory
            }
        };
        // A number of 64 bits is in two instructions, each with half of it in its last 4 bytes; what is there is added.
        let at = offset as usize;
        let half = |at: usize| u32::from_le_bytes(*program[at..].first_chunk().expect("4 bytes"));
        let address = address + u64::from(half(at + 4)) + (u64::from(half(at + 12)) << 32);
        program[at + 4..at + 8].copy_from_slice(&(address as u32).to_le_bytes());
        program[at + 12..at + 16].copy_from_slice(&((address >> 32) as u32).to_le_bytes());
    }
    program
}
