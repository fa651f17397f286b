//! What is compiled, and what is played through the behavioural model.

/// A configuration, a chip and a pattern.
pub struct Case {
    /// The configuration in words.
    pub name: &'static str,
    /// The flags that give it to `seqnic`.
    pub config: &'static [&'static str],
    pub chip: &'static str,
    /// The pattern, or [`NO_PATTERN`].
    pub pattern: &'static str,
}

/// An INT node holds no history.
pub const NO_PATTERN: &str = "int";

impl Case {
    /// A folder of its own.
    pub fn folder(&self) -> String {
        let words: Vec<&str> = self.name.split([' ', ',']).collect();
        let name: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        format!("{}-{}-{}", self.chip, self.pattern, name.join("-"))
    }

    /// What `seqnic` is told: configuration, chip and pattern.
    pub fn flags(&self) -> Vec<&'static str> {
        let chip = self.config.iter().copied().chain(["--chip", self.chip]);
        match self.pattern {
            NO_PATTERN => chip.collect(),
            pattern => chip.chain(["--pattern", pattern]).collect(),
        }
    }
}

const DDOS_44: &[&str] = &["--config", "examples/ddos-44.toml"];
const DDOS_47: &[&str] = &["--row", "ddos-mitigator", "--rows", "47", "--cores", "48"];
const DDOS_76: &[&str] = &["--row", "ddos-mitigator", "--rows", "76", "--cores", "77"];
const DDOS_79: &[&str] = &["--row", "ddos-mitigator", "--rows", "79", "--cores", "80"];
const DDOS_94: &[&str] = &["--row", "ddos-mitigator", "--rows", "94", "--cores", "95"];
const DDOS_95: &[&str] = &["--row", "ddos-mitigator", "--rows", "95", "--cores", "96"];
/// The longest prefix that the switch can put in front of a packet: 512 bytes.
const DDOS_124: &[&str] = &["--row", "ddos-mitigator", "--rows", "124", "--cores", "125"];
const DDOS_176: &[&str] = &["--row", "ddos-mitigator", "--rows", "176", "--cores", "177"];
const SHIFT_48: &[&str] = &["--config", "examples/shift-48.toml"];
const SHIFT_80: &[&str] = &["--config", "examples/shift-48.toml", "--rows", "20"];
const SHIFT_96: &[&str] = &["--config", "examples/shift-48.toml", "--rows", "24"];
const KNOCK_22: &[&str] = &["--config", "examples/portknock-22.toml"];
const HEAVY: &[&str] = &["--config", "examples/heavy-hitter.toml"];
const TOKENS: &[&str] = &["--config", "examples/token-bucket.toml"];
const BALANCER: &[&str] = &["--config", "examples/load-balancer.toml"];
const VLAN: &[&str] = &["--config", "examples/vlan-steering.toml"];
const TABLE_2: &[&str] = &["--config", "examples/table2-16.toml"];
const NONE: &[&str] = &["--config", "examples/none.toml"];
const FLOWRADAR: &[&str] = &["--config", "examples/flowradar-tofino.toml"];
const INT_SOURCE: &[&str] = &["--config", "examples/int-source.toml"];
const INT_TRANSIT: &[&str] = &["--config", "examples/int-transit.toml"];
const INT_SINK: &[&str] = &["--config", "examples/int-sink-tofino.toml"];
const NUMBERED: &[&str] = &["--config", "examples/bpf-profile-conntrack-numbered.toml"];

macro_rules! cases {
    ($($chip:literal $pattern:literal $name:literal $config:ident;)*) => {
        &[$(Case { name: $name, config: $config, chip: $chip, pattern: $pattern }),*]
    };
}

/// What is compiled: on both chips the patterns at their largest, and examples that need what those do not.
pub const PROGRAMS: &[Case] = cases! {
    "tofino1" "paper" "ddos-44" DDOS_44;
    "tofino1" "private" "ddos-44" DDOS_44;
    "tofino1" "private" "47 rows" DDOS_47;
    "tofino1" "shift" "shift-48" SHIFT_48;
    "tofino1" "two-pipe" "95 rows" DDOS_95;
    "tofino1" "paper" "portknock-22" KNOCK_22;
    "tofino1" "private" "heavy-hitter" HEAVY;
    "tofino1" "paper" "token-bucket" TOKENS;
    "tofino1" "paper" "vlan-steering" VLAN;
    "tofino1" "private" "load-balancer" BALANCER;
    "tofino1" "two-pipe" "table2-16" TABLE_2;
    "tofino1" "two-pipe" "24 rows of 4 words" SHIFT_96;
    "tofino1" "shift" "bpf-profile-conntrack-numbered" NUMBERED;
    "tofino1" "paper" "none" NONE;
    "tofino1" "paper" "flowradar-tofino" FLOWRADAR;
    "tofino1" "int" "int-source" INT_SOURCE;
    "tofino1" "int" "int-transit" INT_TRANSIT;
    "tofino1" "int" "int-sink-tofino" INT_SINK;
    "tofino2" "paper" "76 rows" DDOS_76;
    "tofino2" "private" "79 rows" DDOS_79;
    "tofino2" "shift" "20 rows of 4 words" SHIFT_80;
    "tofino2" "pairs" "94 rows" DDOS_94;
    "tofino2" "two-pipe" "176 rows" DDOS_176;
    "tofino2" "paper" "flowradar-tofino" FLOWRADAR;
    "tofino2" "int" "int-source" INT_SOURCE;
    "tofino2" "int" "int-transit" INT_TRANSIT;
    "tofino2" "int" "int-sink-tofino" INT_SINK;
};

/// What is played through the behavioural model: every pattern, with rows that hold no time, because the model's time
/// is the capture's and the switch's its own.
pub const TWINS: &[Case] = cases! {
    "tofino1" "paper" "ddos-44" DDOS_44;
    "tofino1" "private" "47 rows" DDOS_47;
    "tofino1" "shift" "shift-48" SHIFT_48;
    "tofino1" "two-pipe" "95 rows" DDOS_95;
    "tofino1" "paper" "portknock-22" KNOCK_22;
    "tofino1" "private" "heavy-hitter" HEAVY;
    "tofino1" "paper" "vlan-steering" VLAN;
    "tofino2" "pairs" "94 rows" DDOS_94;
    "tofino2" "two-pipe" "124 rows" DDOS_124;
};

/// The captures that are played.
pub const CAPTURES: &[&str] = &[
    "examples/captures/tcp-loss.pcap",
    "examples/captures/mixed.pcapng",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::command::root;

    #[test]
    fn each_case_has_a_folder_of_its_own_and_a_configuration_that_is_there() {
        for cases in [PROGRAMS, TWINS] {
            let folders: HashSet<String> = cases.iter().map(Case::folder).collect();
            assert_eq!(folders.len(), cases.len());
            for case in cases {
                if let ["--config", file] = case.config {
                    assert!(root().join(file).is_file(), "{file}");
                }
            }
        }
        assert_eq!(PROGRAMS[2].folder(), "tofino1-private-47-rows");
        let flags = "--row ddos-mitigator --rows 47 --cores 48 --chip tofino1 --pattern private";
        assert_eq!(PROGRAMS[2].flags().join(" "), flags);
        let node = PROGRAMS.iter().find(|case| case.pattern == NO_PATTERN);
        let flags = node.expect("one").flags().join(" ");
        assert_eq!(flags, "--config examples/int-source.toml --chip tofino1");
    }

    #[test]
    fn every_pattern_is_compiled_and_played() {
        for pattern in ["paper", "private", "shift", "pairs", "two-pipe"] {
            for cases in [PROGRAMS, TWINS] {
                assert!(
                    cases.iter().any(|case| case.pattern == pattern),
                    "{pattern}"
                );
            }
        }
    }
}
