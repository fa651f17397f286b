//! Writes what `cargo xtask prove` proves: `cargo run -p seqnic-hdl --example properties -- FOLDER`.
//!
//! Each proof gets a folder with a block's Verilog, as it is emitted, and the properties of `hdl/properties` around it;
//! `proofs.json` lists the proofs. Those of broken blocks must fail.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};

use seqnic_hdl::blocks::axis::Shape;
use seqnic_hdl::blocks::fifo::{FifoSpec, fifo};
use seqnic_hdl::blocks::prefix_inserter::prefix_inserter;
use seqnic_hdl::blocks::skid_buffer::skid_buffer;
use seqnic_hdl::blocks::sprayer::sprayer;
use seqnic_hdl::blocks::stripper::stripper;
use seqnic_hdl::rtl::mutate::{Change, mutant, mutations};
use seqnic_hdl::rtl::{Design, MemoryStyle, RtlError, emit};
use seqnic_hdl::tops::sequencer;
use seqnic_spec::Config;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

macro_rules! properties {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../properties/", $name)))),*]
    };
}

/// What every proof reads, and the proof of each block.
const COMMON: &[(&str, &str)] =
    properties!["started.sv" "offer.sv" "word_tracker.sv" "frame_tracker.sv"];
const OF_BLOCKS: &[(&str, &str)] = properties!["skid_buffer.sv" "fifo.sv" "sprayer.sv" "stripper.sv" "prefix_inserter.sv" "sequencer.sv"];

/// Cycles that are checked of a block, and of a sequencer, where each more takes twice the time.
const CYCLES: usize = 8;
const SEQUENCER_CYCLES: usize = 10;

/// A block at some sizes.
struct Proof {
    /// Name of the block's module, and of the file of its properties.
    block: &'static str,
    /// The sizes, for people.
    sizes: String,
    /// The sizes, for the properties.
    defines: Vec<(&'static str, usize)>,
    design: Arc<Design>,
    /// Cycles from reset on that are checked in any case, and whether induction goes beyond them.
    cycles: usize,
    induction: bool,
    /// What is wrong with a block whose proof must fail.
    broken: Option<&'static str>,
}

fn main() -> Result<()> {
    let folder = env::args_os().nth(1).ok_or("usage: properties FOLDER")?;
    let folder = Path::new(&folder);
    let mut listed = Vec::new();
    for (number, proof) in proofs()?.iter().enumerate() {
        let name = format!("{:02}_{}", number + 1, proof.block);
        listed.push(write(proof, &name, &folder.join(&name))?);
    }
    let text = serde_json::to_string_pretty(&listed)?;
    Ok(fs::write(folder.join("proofs.json"), text + "\n")?)
}

/// Writes a proof into its folder, and gives its line of the list.
fn write(proof: &Proof, name: &str, folder: &Path) -> Result<Value> {
    fs::create_dir_all(folder)?;
    let file_of_block = format!("{}.sv", proof.block);
    let own = OF_BLOCKS.iter().filter(|(file, _)| *file == file_of_block);
    let mut files = Vec::new();
    for (file, text) in COMMON.iter().chain(own) {
        fs::write(folder.join(file), text)?;
        files.push((*file).to_owned());
    }
    for file in emit(&proof.design, "") {
        fs::write(folder.join(&file.name), file.text)?;
        files.push(file.name);
    }
    let defines: Vec<String> = proof
        .defines
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Ok(json!({
        "folder": name,
        "block": proof.block.replace('_', " "),
        "sizes": proof.sizes,
        "cycles": proof.cycles,
        "induction": proof.induction,
        "broken": proof.broken,
        "top": format!("{}_proof", proof.block),
        "files": files,
        "defines": defines,
    }))
}

/// All proofs, those of broken blocks last.
fn proofs() -> Result<Vec<Proof>> {
    // What takes longest is first, so that the others are proven beside it.
    let mut proofs = vec![sequencer_of()?, skid_buffer_of(2)?];
    for (latency_cycles, refuses) in [(1, true), (2, true), (1, false)] {
        proofs.push(fifo_of(MemoryStyle::Distributed, latency_cycles, refuses)?);
    }
    for refuses in [true, false] {
        proofs.push(fifo_of(MemoryStyle::Block, 2, refuses)?);
    }
    for cores in [2, 3, 14, 256] {
        proofs.push(sprayer_of(cores)?);
    }
    for (bytes, prefix_bytes) in [(2, 0), (2, 1), (2, 2), (2, 3), (4, 8), (4, 6), (4, 11)] {
        proofs.push(stripper_of(bytes, prefix_bytes)?);
    }
    for prefix_bytes in [3, 8, 11, 16, 20] {
        proofs.push(prefix_inserter_of(prefix_bytes)?);
    }
    let broken = [
        (
            skid_buffer_of(2)?,
            "out_valid",
            Change::EnableStuck,
            "tvalid is not held",
        ),
        (
            fifo_of(MemoryStyle::Distributed, 1, true)?,
            "push",
            Change::OperatorSwapped,
            "a word is taken when it is full",
        ),
        (
            sprayer_of(3)?,
            "turn",
            Change::ConstantOffByOne,
            "it turns at another core",
        ),
        (
            stripper_of(4, 6)?,
            "next_last",
            Change::OperandInverted,
            "tlast comes at another beat",
        ),
        (
            prefix_inserter_of(11)?,
            "flushing",
            Change::OperandInverted,
            "the rest is not sent",
        ),
    ];
    for (proof, signal, change, broken) in broken {
        let found = mutations(&proof.design)
            .into_iter()
            .find(|mutation| mutation.signal == signal && mutation.change == change);
        let mutation = found.ok_or_else(|| format!("no {change:?} of {signal}"))?;
        let design = mutant(&proof.design, &mutation);
        proofs.push(Proof {
            design,
            broken: Some(broken),
            ..proof
        });
    }
    Ok(proofs)
}

fn shape(bytes: usize) -> Shape {
    Shape {
        data_bits: 8 * bytes,
        user_bits: 1,
        dest_bits: 0,
    }
}

fn skid_buffer_of(bytes: usize) -> std::result::Result<Proof, RtlError> {
    Ok(Proof {
        block: "skid_buffer",
        sizes: format!("{} bits", 8 * bytes),
        defines: vec![("BYTES", bytes)],
        design: skid_buffer("skid_buffer", shape(bytes))?,
        cycles: CYCLES,
        induction: true,
        broken: None,
    })
}

fn fifo_of(
    style: MemoryStyle,
    latency_cycles: usize,
    refuses: bool,
) -> std::result::Result<Proof, RtlError> {
    let spec = FifoSpec {
        style,
        depth_words: 4,
        width_bits: 2,
        latency_cycles,
        refuses,
    };
    let mut defines = vec![("BITS", spec.width_bits), ("LATENCY", latency_cycles)];
    defines.extend(refuses.then_some(("REFUSES", 1)));
    let is_block = style == MemoryStyle::Block;
    defines.extend(is_block.then_some(("BLOCK", 1)));
    defines.extend((latency_cycles == 2 && !is_block).then_some(("LATE", 1)));
    let fills = if refuses { "" } else { ", no ready" };
    let kind = if is_block { ", block RAM" } else { "" };
    Ok(Proof {
        block: "fifo",
        sizes: format!("4 words of 2 bits, latency {latency_cycles}{kind}{fills}"),
        defines,
        design: fifo("fifo", spec)?,
        cycles: CYCLES,
        induction: true,
        broken: None,
    })
}

fn sprayer_of(cores: usize) -> std::result::Result<Proof, RtlError> {
    Ok(Proof {
        block: "sprayer",
        sizes: format!("{cores} cores"),
        defines: vec![
            ("CORES", cores),
            ("CORE_BITS", cores.next_power_of_two().ilog2() as usize),
        ],
        design: sprayer("sprayer", cores)?,
        cycles: CYCLES,
        induction: true,
        broken: None,
    })
}

fn stripper_of(bytes: usize, prefix_bytes: usize) -> std::result::Result<Proof, RtlError> {
    let over = prefix_bytes % bytes;
    let mut defines = vec![("BYTES", bytes), ("PREFIX", prefix_bytes)];
    defines.extend((over > 0).then_some(("OVER", over)));
    Ok(Proof {
        block: "stripper",
        sizes: format!("{} bits, prefix {prefix_bytes}", 8 * bytes),
        defines,
        design: stripper("stripper", shape(bytes), prefix_bytes, None)?,
        cycles: CYCLES,
        induction: true,
        broken: None,
    })
}

/// The narrowest bus that a configuration may have, one row of a byte, and zeros up to the size.
fn config_of(prefix_bytes: usize) -> Result<Config> {
    let padding = prefix_bytes - 1;
    let text = format!(
        "bus = {{ data_bits = 64, tuser_bits = 1 }}
        history = {{ rows = 1, field = [{{ source = 'tcp.syn' }}] }}
        spray = {{ cores = 2, steering = 'tdest' }}
        prefix.section = [{{ kind = 'padding', bytes = {padding} }}, {{ kind = 'rows' }}]
        pipeline = {{ fifo_beats = 4, output_skid = true }}"
    );
    Ok(Config::from_toml_str(&text, "the proof's configuration")?)
}

fn prefix_inserter_of(prefix_bytes: usize) -> Result<Proof> {
    let config = config_of(prefix_bytes)?;
    let over = config.prefix_bytes() % config.bus_bytes();
    let mut defines = vec![
        ("BYTES", config.bus_bytes()),
        ("PREFIX", config.prefix_bytes()),
    ];
    defines.extend((over > 0).then_some(("OVER", over)));
    defines.extend((config.prefix_beats() > 1).then_some(("MANY", 1)));
    Ok(Proof {
        block: "prefix_inserter",
        sizes: format!("64 bits, prefix {prefix_bytes}"),
        defines,
        design: prefix_inserter("prefix_inserter", &config)?,
        cycles: CYCLES,
        induction: true,
        broken: None,
    })
}

fn sequencer_of() -> Result<Proof> {
    let config = config_of(11)?;
    Ok(Proof {
        block: "sequencer",
        sizes: "64 bits, prefix 11, 1 row, 2 cores".to_owned(),
        defines: vec![
            ("BYTES", config.bus_bytes()),
            ("PREFIX", config.prefix_bytes()),
            ("CORES", config.cores()),
            ("CORE_BITS", config.core_bits()),
            ("IDLE", 6),
        ],
        design: sequencer(&config)?,
        // Of its state too much would have to be said for an induction.
        cycles: SEQUENCER_CYCLES,
        induction: false,
        broken: None,
    })
}
