//! The register map, against addresses and lines by hand.

use std::collections::BTreeMap;
use std::convert::Infallible;

use seqnic_spec::Config;
use seqnic_spec::registers::{ADDRESS_BITS, Register, RegisterBus, Registers};

fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").expect("it is valid")
}

#[test]
fn no_two_registers_share_an_address() {
    let config = config(
        "history.row = \"none\"\nspray = { cores = 256, control = true, max_weight = 2, heartbeat = true }\nflowradar = {}",
    );
    let mut end = 0;
    for register in Register::ALL {
        assert!(register.offset_bytes >= end, "{}", register.name);
        assert_eq!(register.offset_bytes % 4, 0, "{}", register.name);
        assert_ne!(register.words(&config), 0, "{}", register.name);
        end = register.word_offset_bytes(register.words(&config));
    }
    assert!(end <= 1 << ADDRESS_BITS);
}

#[test]
fn the_first_registers_are_those_of_netfpga_plus() {
    let expected = [
        ("ID", 0x0),
        ("VERSION", 0x4),
        ("RESET", 0x8),
        ("FLIP", 0xc),
        ("DEBUG", 0x10),
        ("PKTIN", 0x14),
        ("PKTOUT", 0x18),
    ];
    let first = Register::ALL.iter().take(7);
    let first: Vec<_> = first
        .map(|register| (register.name, register.offset_bytes))
        .collect();
    assert_eq!(first, expected);
}

#[test]
fn defines_name_the_words_that_the_configuration_has() {
    let config = config("history = { row = \"table2\", rows = 40 }\nspray.cores = 35");
    let txt = Register::defines_txt(&config, "HISTORY_SEQUENCER");
    for line in [
        "#define NFPLUS HISTORY_SEQUENCER ID OFFSET 0x0",
        "#define NFPLUS HISTORY_SEQUENCER ID DEFAULT 0x534352",
        "#define NFPLUS HISTORY_SEQUENCER RESET WIDTH 16",
        "#define NFPLUS HISTORY_SEQUENCER ROWS DEFAULT 0x28",
        "#define NFPLUS HISTORY_SEQUENCER ROW_BYTES DEFAULT 0xe",
        "#define NFPLUS HISTORY_SEQUENCER PREFIX_BYTES DEFAULT 0x240",
        "#define NFPLUS HISTORY_SEQUENCER ACTIVE_0 DEFAULT 0xffffffff",
        "#define NFPLUS HISTORY_SEQUENCER ACTIVE_1 DEFAULT 0x7",
        "#define NFPLUS HISTORY_SEQUENCER ACTIVE_1 WIDTH 3",
        "#define NFPLUS HISTORY_SEQUENCER PACKETS_34 OFFSET 0x488",
    ] {
        assert!(txt.lines().any(|found| found == line), "{line}\n{txt}");
    }
    assert!(!txt.contains("ACTIVE_2 ") && !txt.contains("PACKETS_35 "));
    assert!(!txt.contains("WEIGHT"));
    let h = Register::defines_h(&config, "HISTORY_SEQUENCER");
    assert!(h.contains("#define NFPLUS_HISTORY_SEQUENCER_PKTOUT_0_OFFSET 0x18\n"));
    let tcl = Register::defines_tcl(&config, "HISTORY_SEQUENCER");
    assert!(tcl.contains("set HISTORY_SEQUENCER_REGS_FAILED_1_0_OFFSET 0xa4\n"));
    assert_eq!(txt.lines().count(), tcl.lines().count());
    assert_eq!(txt.lines().count(), h.lines().count());
}

/// Words by address; all others are 0.
#[derive(Default)]
struct Words(BTreeMap<usize, u32>);

impl RegisterBus for Words {
    type Error = Infallible;

    fn read(&mut self, offset_bytes: usize) -> Result<u32, Infallible> {
        Ok(self.0.get(&offset_bytes).copied().unwrap_or_default())
    }

    fn write(&mut self, offset_bytes: usize, value: u32) -> Result<(), Infallible> {
        self.0.insert(offset_bytes, value);
        Ok(())
    }
}

#[test]
fn the_accessor_reads_and_writes_the_words_of_the_map() {
    let mut registers = Registers(Words::default());
    registers.0.0.extend([(0x14, 7), (0x404, 9), (0x30, 1)]);
    assert_eq!(registers.take_packets_in(), Ok(7));
    assert_eq!(registers.packets(1), Ok(9));
    assert_eq!(registers.status(), Ok(1));
    assert_eq!(registers.set_active(2, 0xf0), Ok(()));
    assert_eq!(registers.set_failed(1, 3), Ok(()));
    assert_eq!(registers.set_cores_used(5), Ok(()));
    assert_eq!(registers.clear_status(1), Ok(()));
    let written = [
        (0x14, 7),
        (0x30, 1),
        (0x34, 5),
        (0x88, 0xf0),
        (0xa4, 3),
        (0x404, 9),
    ];
    assert_eq!(registers.0.0, written.into());
    assert_eq!(registers.active(2), Ok(0xf0));
}
