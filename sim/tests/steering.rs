//! What stands beside the data, and what is left behind the prefix.

use seqnic_sim::model::{Sideband, SidebandModel, Stripper};
use seqnic_spec::Config;

fn config(text: &str) -> Config {
    Config::from_toml_str(text, "test").expect("the configuration is legal")
}

#[test]
fn tdest_is_the_core_and_tuser_passes() {
    let model = SidebandModel::new(&config(
        "bus.tuser_bits = 16\n[spray]\ncores = 5\nsteering = \"tdest\"",
    ));
    let expected = Sideband {
        tdest: Some(4),
        tuser: vec![0x12, 0x34],
    };
    assert_eq!(model.steer(4, &[0x12, 0x34]), expected);

    let model = SidebandModel::new(&config("bus.tuser_bits = 16"));
    let expected = Sideband {
        tdest: None,
        tuser: vec![0x12, 0x34],
    };
    assert_eq!(model.steer(4, &[0x12, 0x34]), expected);
}

#[test]
fn tuser_holds_the_core_among_its_other_bits() {
    let steer = |encoding: &str, bits: usize, core: usize| {
        let text = format!(
            "bus.tuser_bits = 32\n[spray]\ncores = 6\nsteering = \"tuser\"\n\
             tuser_offset_bits = 12\ntuser_core_bits = {bits}\ntuser_encoding = \"{encoding}\""
        );
        SidebandModel::new(&config(&text))
            .steer(core, &[0xff, 0xff, 0xff, 0xff])
            .tuser
    };
    // Bits 12 to 19 are the high half of byte 1 and the low half of byte 2.
    assert_eq!(steer("binary", 8, 0), [0xff, 0x0f, 0xf0, 0xff]);
    assert_eq!(steer("binary", 8, 5), [0xff, 0x5f, 0xf0, 0xff]);
    assert_eq!(steer("binary", 3, 5), [0xff, 0xdf, 0xff, 0xff]);
    assert_eq!(steer("one-hot", 8, 0), [0xff, 0x1f, 0xf0, 0xff]);
    assert_eq!(steer("one-hot", 8, 5), [0xff, 0x0f, 0xf2, 0xff]);
}

#[test]
fn the_stripper_returns_the_original_and_drops_what_has_none() {
    let config = config("[history]\nrow = \"none\"");
    let mut stripper = Stripper::new(&config);
    assert_eq!(stripper.strip(&[7; 15]), Some(&[7][..]));
    assert_eq!(stripper.strip(&[7; 14]), None);
    assert_eq!(stripper.strip(&[7; 3]), None);
    assert_eq!(stripper.strip(&[]), None);
    assert_eq!(stripper.dropped(), 3);
}
