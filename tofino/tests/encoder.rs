//! The FlowRadar encoder as a program.

mod common;

use common::config;
use seqnic_tofino::{Chip, EncoderDesign, p4};

fn design(toml: &str, chip: Chip) -> EncoderDesign {
    let design = EncoderDesign::new(&config(toml), chip).expect("it has an encoder");
    design.unwrap_or_else(|refusal| panic!("{toml}: {refusal}"))
}

#[test]
fn scratch() {
    let toml = "flowradar = { flows = 9400, filter_bits_per_flow = 55, cells_percent = 130 }";
    for chip in Chip::ALL {
        let d = design(toml, chip);
        for program in [&d.loaded.program, &d.twin] {
            let text = p4::print(program, "x");
            std::fs::write(
                format!("/tmp/fr_{}_{:?}.p4", chip.name(), program.arch),
                &text,
            )
            .unwrap();
            let again = p4::read(&text).unwrap_or_else(|e| panic!("{e}"));
            assert!(again == *program);
        }
        println!(
            "{} registers {} stages {}",
            chip.name(),
            d.loaded.program.ingress.registers.len(),
            d.loaded.program.ingress.stages()
        );
    }
}
