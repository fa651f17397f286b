//! What is printed says what it was made from, and stays as it is.

mod common;

use common::{array, by_age, config, example};
use seqnic_spec::Config;
use seqnic_tofino::ir::Program;
use seqnic_tofino::{Chip, Design, Pattern, p4};

/// All programs of a design: as they are loaded, whole, the twin and the strippers.
fn programs(config: &Config, design: &Design) -> Vec<Program> {
    let mut programs: Vec<Program> = design
        .programs
        .iter()
        .map(|loaded| loaded.program.clone())
        .collect();
    programs.push(design.built.program.clone());
    programs.push(design.twin(config).expect("as the design").program);
    programs.push(design.stripper(config));
    programs.push(Design::stripper_twin(config));
    programs
}

#[test]
fn every_printed_program_is_read_back_as_it_was() {
    let mut texts = 0;
    for config in common::configurations() {
        for chip in Chip::ALL {
            for pattern in Pattern::ALL {
                let Ok(design) = Design::new(&config, chip, Some(pattern)) else {
                    continue;
                };
                for program in programs(&config, &design) {
                    let text = p4::print(&program, &config.to_toml());
                    let again = p4::read(&text);
                    let again = again.unwrap_or_else(|error| panic!("{error}\n{text}"));
                    assert!(
                        again == program,
                        "{} {}\n{text}",
                        chip.name(),
                        pattern.name()
                    );
                    texts += 1;
                }
            }
        }
    }
    assert!(texts > 300, "{texts}");
}

#[test]
fn what_is_not_printed_here_is_refused_with_its_line() {
    let config = config(&array("ddos-mitigator", 2, 2));
    let design = Design::new(&config, Chip::Tofino1, Some(Pattern::Paper)).expect("fits");
    let text = p4::print(&design.built.program, "");
    for (from, to, message) in [
        (
            "struct metadata_t",
            "struct other_t",
            "expected `metadata_t` of `} struct metadata_t {`, found other_t",
        ),
        (
            "default: accept;",
            "default accept;",
            "expected `:`, found accept",
        ),
        (
            "md.index == 1",
            "md.index ? 1",
            "expected a token of P4, found             if (md.index ? 1) {",
        ),
        (
            "pkt.emit(hdr.history);",
            "pkt.emit(history);",
            "expected `hdr` of `pkt.emit(hdr.`, found history",
        ),
        ("Switch(pipe) main;", "", "expected `Switch` of"),
        (
            "size = 1;",
            "size = 1; size = 2;",
            "expected `}`, found size",
        ),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = p4::read(&changed).expect_err(from);
        let line = text[..text.find(from).expect("is there")]
            .matches('\n')
            .count()
            + 1;
        assert!(error.to_string().contains(message), "{error}");
        assert!(
            error.line.abs_diff(line) <= 2,
            "{error}, not in line {line}"
        );
    }
}

#[test]
fn a_changed_number_or_name_gives_another_program() {
    let config = config(&array("port-knocking", 4, 4));
    let design = Design::new(&config, Chip::Tofino1, Some(Pattern::Private)).expect("fits");
    let text = p4::print(&design.built.program, "");
    for (from, to) in [
        ("{0, 3}", "{0, 2}"),
        ("@stage(1)", "@stage(2)"),
        ("value.hi - 1", "value.hi - 2"),
        ("result = value.lo;", "result = value.hi;"),
        ("0x45: ", "0x46: "),
        ("[7:0]", "[15:8]"),
        (
            "const default_action = spray_missed();",
            "const default_action = to_core();",
        ),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert_ne!(
            p4::read(&changed).as_ref(),
            Ok(&design.built.program),
            "{from}"
        );
    }
}

/// The programs of configurations in `examples`, one for each pattern, chip and architecture.
#[test]
fn printed_programs_stay_as_they_are() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        for (name, chip, pattern) in [
            ("ddos-44", Chip::Tofino1, Pattern::Paper),
            ("heavy-hitter", Chip::Tofino1, Pattern::Private),
            (
                "bpf-profile-conntrack-numbered",
                Chip::Tofino1,
                Pattern::Shift,
            ),
            ("token-bucket", Chip::Tofino2, Pattern::Pairs),
        ] {
            let config = example(name);
            let design = Design::new(&config, chip, Some(pattern)).expect("fits");
            let text = p4::print(&design.built.program, config.name());
            insta::assert_snapshot!(format!("{name}-{}", pattern.name()), text);
        }
        let config = example("port-knocking");
        let design = Design::new(&config, Chip::Tofino1, Some(Pattern::Private)).expect("fits");
        let twin = design.twin(&config).expect("as the design");
        let text = p4::print(&twin.program, config.name());
        insta::assert_snapshot!("port-knocking-twin", text);
        let text = p4::print(&design.stripper(&config), config.name());
        insta::assert_snapshot!("port-knocking-stripper", text);
        let two = Design::new(
            &common::config(&by_age("ddos-mitigator", 4, 5)),
            Chip::Tofino2,
            Some(Pattern::TwoPipe),
        );
        for loaded in two.expect("fits").programs {
            let text = p4::print(&loaded.program, loaded.suffix);
            insta::assert_snapshot!(format!("two-pipe-{}", loaded.suffix), text);
        }
    });
}
