//! The committed figures as people read them.

use super::figures::{Figures, HEADER_BITS, Program, Resource, STAGES};

/// The columns: what they are called, and what the figures call them.
const COLUMNS: [(&str, &str); 10] = [
    ("stages", STAGES),
    ("crossbar bytes", "exact match crossbar, bytes"),
    ("VLIW", "VLIW instructions"),
    ("SALUs", "stateful ALUs"),
    ("logical tables", "logical tables"),
    ("SRAM", "SRAM blocks"),
    ("map RAM", "map RAMs"),
    ("gateways", "gateways"),
    ("TCAM", "TCAM blocks"),
    ("header vector bits", HEADER_BITS),
];

const CHIPS: [(&str, &str); 2] = [("tofino1", "Tofino 1"), ("tofino2", "Tofino 2")];

/// A page with all of them.
pub fn markdown(figures: &Figures) -> String {
    let mut text = format!(
        "# What the programs for Tofino take\n\nMade by `cargo xtask check-p4 --update`; do not edit. All of these were \
         compiled and assembled by the open-source compiler of p4lang/p4c, which calls itself\n\n    {}\n\nA cell has \
         the compiler's figure, over all stages of both directions, and behind it in brackets, where it is another one, \
         what `seqnic report --tofino` computes without a compiler. Cycles are those from parser to deparser, of the \
         ingress and of the egress. No program ran on a chip.\n",
        figures.compiler.replace('\n', "\n    ")
    );
    let blind = figures.programs.iter();
    let blind = blind.filter(|program| !program.parser_matches).count();
    if blind > 0 {
        text += &format!(
            "\n**Not the parsers.** In what this build of the compiler gives to its assembler, the parsers of {blind} of {} \
             programs look at nothing that they have read, though each program selects by it. So their binaries are of no \
             use; the figures are those of tables, stages and header vector.\n",
            figures.programs.len()
        );
    }
    for (chip, title) in CHIPS {
        let programs = figures.programs.iter();
        let of_chip = |program: &&Program| program.chip == chip;
        let sequencers: Vec<&Program> = programs
            .filter(of_chip)
            .filter(|program| !program.resources.is_empty())
            .collect();
        if sequencers.is_empty() {
            continue;
        }
        text += &format!("\n## {title}\n\n| configuration | pattern | program | words |");
        for (name, _) in COLUMNS {
            text += &format!(" {name} |");
        }
        text += " cycles | warnings |\n|---|---|---|---:|";
        text += &"---:|".repeat(COLUMNS.len() + 2);
        text += "\n";
        for program in sequencers {
            text += &row(program);
        }
        let available = figures.programs.iter().filter(of_chip);
        text += &has(title, available);
        let strippers = figures.programs.iter().filter(of_chip);
        let strippers = strippers.filter(|program| program.resources.is_empty());
        text += &format!("Their {} strippers compile too.\n", strippers.count());
    }
    text + &twins(figures)
}

fn row(program: &Program) -> String {
    let Program {
        case,
        pattern,
        program: name,
        words,
        warnings,
        ..
    } = program;
    let mut text = format!("| {case} | {pattern} | {name} | {words} |");
    for (_, resource) in COLUMNS {
        let cell = program.resources.get(resource).map(cell);
        text += &format!(" {} |", cell.unwrap_or_default());
    }
    let cycles = ["ingress", "egress"].map(|direction| {
        let cycles = program.latency_cycles.get(direction);
        cycles.map_or("-".to_owned(), ToString::to_string)
    });
    text + &format!(" {} | {warnings} |\n", cycles.join(", "))
}

fn cell(resource: &Resource) -> String {
    let Resource {
        compiled,
        estimated,
        ..
    } = resource;
    match compiled == estimated {
        true => compiled.to_string(),
        false => format!("{compiled} ({estimated})"),
    }
}

/// What a chip has.
fn has<'a>(title: &str, mut programs: impl Iterator<Item = &'a Program>) -> String {
    let program = programs.find(|program| !program.resources.is_empty());
    let kinds = COLUMNS.iter().filter_map(|(name, resource)| {
        let available = program?.resources.get(*resource)?.available?;
        Some(format!("{available} {name}"))
    });
    let kinds: Vec<String> = kinds.collect();
    format!("\n{title} has, over all stages: {}. ", kinds.join(", "))
}

fn twins(figures: &Figures) -> String {
    let Some(switch) = &figures.switch else {
        return String::new();
    };
    let mut text = format!(
        "\n## BMv2\n\nCaptures through `simple_switch` {switch} with the twins, every frame that came out against the \
         golden model's.\n\n| configuration | pattern | chip that it is a twin for | capture | frames | equal |\n\
         |---|---|---|---|---:|---:|\n"
    );
    for twin in &figures.twins {
        let title = CHIPS.iter().find(|(chip, _)| *chip == twin.chip);
        let title = title.map_or(&*twin.chip, |(_, title)| title);
        text += &format!(
            "| {} | {} | {title} | {} | {} | {} |\n",
            twin.case, twin.pattern, twin.capture, twin.frames, twin.equal
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::figures::Twin;
    use super::*;

    #[test]
    fn a_page_has_the_compilers_figures_and_the_estimate_where_it_differs() {
        let resource = |compiled, estimated, available| Resource {
            compiled,
            estimated,
            available,
        };
        let sequencer = Program {
            case: "ddos-44".to_owned(),
            program: "sequencer".to_owned(),
            chip: "tofino1".to_owned(),
            pattern: "paper".to_owned(),
            words: 44,
            warnings: 2,
            parser_matches: true,
            latency_cycles: BTreeMap::from([("ingress".to_owned(), 91)]),
            resources: BTreeMap::from([
                (STAGES.to_owned(), resource(12, 12, None)),
                ("stateful ALUs".to_owned(), resource(46, 46, Some(48))),
                ("SRAM blocks".to_owned(), resource(96, 94, Some(960))),
            ]),
        };
        let stripper = Program {
            program: "stripper".to_owned(),
            resources: BTreeMap::new(),
            ..sequencer.clone()
        };
        let twin = Twin {
            case: "ddos-44".to_owned(),
            chip: "tofino1".to_owned(),
            pattern: "paper".to_owned(),
            capture: "a.pcap".to_owned(),
            frames: 10,
            equal: 10,
        };
        let figures = Figures {
            compiler: "p4c 9.13.4".to_owned(),
            programs: vec![sequencer, stripper],
            switch: Some("1.15".to_owned()),
            twins: vec![twin],
        };
        let page = markdown(&figures);
        for wanted in [
            "\n\n    p4c 9.13.4\n\n",
            "## Tofino 1\n",
            "| ddos-44 | paper | sequencer | 44 | 12 |  |  | 46 |  | 96 (94) |  |  |  |  | 91, - | 2 |\n",
            "\nTofino 1 has, over all stages: 48 SALUs, 960 SRAM. Their 1 strippers compile too.\n",
            "`simple_switch` 1.15 with",
            "| ddos-44 | paper | Tofino 1 | a.pcap | 10 | 10 |\n",
        ] {
            assert!(page.contains(wanted), "{wanted:?} is not in\n{page}");
        }
        assert!(!page.contains("Tofino 2"));
        let without = Figures {
            switch: None,
            ..figures
        };
        assert!(!markdown(&without).contains("BMv2"));
    }
}
