//! What is printed says what it was made from.

use seqnic_spec::Config;
use seqnic_tofino::{Chip, Design, Pattern, p4};

#[test]
fn quick() {
    for (toml, chip, pattern) in [
        (
            "history={row='port-knocking',rows=4}\nspray.cores=4",
            Chip::Tofino1,
            Some(Pattern::Paper),
        ),
        (
            "history={row='port-knocking',rows=23}\nspray.cores=24",
            Chip::Tofino1,
            None,
        ),
        (
            "history={row='ddos-mitigator',rows=44}\nspray.cores=44",
            Chip::Tofino1,
            Some(Pattern::Paper),
        ),
        (
            "history={row='ddos-mitigator',rows=45}\nspray.cores=44",
            Chip::Tofino1,
            Some(Pattern::Paper),
        ),
        (
            "history={row='ddos-mitigator',rows=47}\nspray.cores=48",
            Chip::Tofino1,
            None,
        ),
        (
            "history={row='ddos-mitigator',rows=94}\nspray.cores=94",
            Chip::Tofino2,
            None,
        ),
        (
            "history={row='ddos-mitigator',rows=96}\nspray.cores=94",
            Chip::Tofino2,
            None,
        ),
        (
            "history={row='ddos-mitigator',rows=90}\nspray.cores=90",
            Chip::Tofino1,
            None,
        ),
        (
            "history={row='ddos-mitigator',rows=95}\nspray.cores=90",
            Chip::Tofino1,
            None,
        ),
        (
            "history={row='heavy-hitter',rows=11}\nspray.cores=12",
            Chip::Tofino1,
            None,
        ),
        (
            "history={row='token-bucket',rows=9}\nspray.cores=10",
            Chip::Tofino1,
            None,
        ),
        (
            "history={row='connection-tracker',rows=6}\nspray.cores=6",
            Chip::Tofino1,
            None,
        ),
        (
            "history={row='connection-tracker',rows=6}\nspray.cores=6\nprefix.layout='bpf-profile'",
            Chip::Tofino1,
            None,
        ),
    ] {
        let config = Config::from_toml_str(toml, "t").unwrap();
        match Design::new(&config, chip, pattern) {
            Ok(design) => {
                println!(
                    "{toml}: {} {} words, {} stages, {:?}",
                    design.pattern.name(),
                    design.words(),
                    design.built.program.ingress.stages(),
                    design.built.rows_held
                );
                let text = p4::print(&design.built.program, "note");
                assert!(p4::read(&text).unwrap() == design.built.program);
            }
            Err(refusal) => println!("{toml}: {refusal}"),
        }
    }
}
