//! Runs mutants of the design through the in-process tests: `cargo xtask mutate` starts it and reports.
//!
//! `mutate COUNT SEED FOLDER`: how many mutants, which sample of all, and where `mutants.json` goes: what became of each.
//! Beside it each survivor has a folder with the Verilog of the design (`gold`) and its own (`gate`).

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use rayon::prelude::*;
use seqnic_hdl::rtl::mutate::{mutant, scopes};
use seqnic_hdl::rtl::{Design, Direction, emit};
use seqnic_testbench::mutation::{Subject, Verdict, sample, subjects};
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [count, seed, folder] = &arguments[..] else {
        return Err("usage: mutate COUNT SEED FOLDER".into());
    };
    let (count, seed, folder) = (count.parse()?, seed.parse()?, Path::new(folder));

    let subjects = subjects()?;
    for subject in &subjects {
        subject.passes().map_err(|said| {
            format!(
                "the design itself fails: {said}\n{}",
                subject.config.to_toml()
            )
        })?;
    }
    let (all, possible) = sample(&subjects, count, seed);
    println!("{} of {possible} possible mutants, seed {seed}", all.len());
    // A mutant that panics is killed; what it says on the way is of no use.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let verdicts: Vec<(&Subject, Verdict)> = all
        .par_iter()
        .map(|(subject, mutation)| (*subject, subject.judge(mutation)))
        .collect();
    std::panic::set_hook(hook);

    fs::create_dir_all(folder)?;
    let mut listed = Vec::new();
    for (number, (subject, verdict)) in verdicts.iter().enumerate() {
        let survivor = match &verdict.killed_by {
            Some(_) => Value::Null,
            None => write(subject, verdict, folder, &format!("{number:05}"))?,
        };
        let mutation = &verdict.mutation;
        listed.push(json!({
            "subject": subject.name(),
            "place": format!("{}.{}", mutation.module, mutation.signal),
            "change": format!("{:?}", mutation.change),
            "was": mutation.was,
            "killed_by": verdict.killed_by,
            "survivor": survivor,
        }));
    }
    let text = serde_json::to_string_pretty(&listed)?;
    Ok(fs::write(folder.join("mutants.json"), text + "\n")?)
}

/// Writes the Verilog of a survivor, and says which modules of it may be compared with those of the design.
fn write(subject: &Subject, verdict: &Verdict, folder: &Path, name: &str) -> Result<Value> {
    let design = &subject.design;
    let mutant = mutant(design, &verdict.mutation);
    for (version, design) in [("gold", design), ("gate", &mutant)] {
        let folder = folder.join(name).join(version);
        fs::create_dir_all(&folder)?;
        for file in emit(design, "") {
            fs::write(folder.join(file.name), file.text)?;
        }
    }
    let scopes = scopes(design, &verdict.mutation);
    let scopes: Vec<Value> = scopes.iter().map(|scope| interface(scope)).collect();
    Ok(json!({ "folder": name, "scopes": scopes }))
}

fn interface(design: &Design) -> Value {
    let ports = design.ports().map(|port| {
        let is_input = port.direction == Direction::Input;
        json!({ "name": port.name, "bits": port.width, "input": is_input })
    });
    json!({
        "module": design.name(),
        "clocked": design.domains().next().is_some(),
        "state_bits": design.state_bits(),
        "ports": ports.collect::<Vec<_>>(),
    })
}
