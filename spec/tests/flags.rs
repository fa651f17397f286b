//! Command-line flags over a file.

use seqnic_spec::{Config, RawConfig, Steering, Storage, TimestampSource, VlanTag};

/// The file with the flags over it, both as TOML.
fn merged(file: &str, flags: &str) -> Config {
    let read = |text| RawConfig::from_toml_str(text, "test").unwrap();
    Config::try_from(read(file).merge(read(flags))).unwrap()
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let config = merged(
        "name = \"a\"\nhistory.rows = 20\nbus.data_bits = 512\npipeline.output_skid = true",
        "history.rows = 32\npipeline.input_skid = true",
    );
    assert_eq!(
        (config.name(), config.rows(), config.data_bits()),
        ("a", 32, 512)
    );
    assert!(config.pipeline().input_skid && config.pipeline().output_skid);
    assert_eq!(config.cores(), 16);
}

#[test]
fn the_choices_of_the_file_stay_unless_they_are_made_anew() {
    let config = merged(
        r#"
        history.row = "port-knocking"
        prefix.layout = "bpf-profile"
        spray = { cores = 4, steering = "vlan", first_vid = 9, vid_step = 2 }
        timestamp.source = "port"
        "#,
        "bus.data_bits = 512\nspray.cores = 5",
    );
    assert_eq!(
        (config.row().name(), config.prefix().name(), config.cores()),
        ("port-knocking", "bpf-profile", 5)
    );
    assert_eq!(
        config.steering(),
        Steering::Vlan(VlanTag {
            first_vid: 9,
            vid_step: 2
        })
    );
    assert_eq!(config.timestamp(), TimestampSource::Port);
}

#[test]
fn another_row_drops_the_fields_and_their_requirements() {
    let file =
        "history = { rows = 20, requires = [\"udp\"], field = [{ source = \"timestamp\" }] }";
    let config = merged(file, "history.row = \"table2\"");
    assert_eq!((config.row().name(), config.rows()), ("table2", 20));
    assert!(!config.row().requires().udp);
}

#[test]
fn listed_fields_drop_the_row_and_keep_rows_and_storage() {
    let config = merged(
        "history = { row = \"table2\", rows = 20, storage = \"block\", requires = [\"tcp\"] }",
        "history.field = [{ source = \"udp.length\" }]",
    );
    assert_eq!((config.row().name(), config.row().bytes()), ("custom", 2));
    assert_eq!((config.rows(), config.storage()), (20, Storage::Block));
}

#[test]
fn the_same_row_keeps_its_requirements() {
    let file = "history = { row = \"table2\", requires = [\"vlan\"] }";
    assert!(
        merged(file, "history.row = \"table2\"")
            .row()
            .requires()
            .vlan
    );
}

#[test]
fn another_layout_drops_the_sections_and_keeps_the_addresses() {
    let file = "prefix = { destination = \"02:00:00:00:00:09\", index_bytes = 4 }";
    let config = merged(file, "prefix.layout = \"bpf-profile\"");
    assert_eq!(config.prefix().name(), "bpf-profile");
    assert!(
        config
            .to_toml()
            .contains("destination = \"02:00:00:00:00:09\"")
    );

    let file = "prefix.section = [{ kind = \"ethernet\" }, { kind = \"rows\" }]";
    assert_eq!(
        merged(file, "prefix.layout = \"paper\"").prefix().name(),
        "paper"
    );
}

#[test]
fn listed_sections_drop_the_layout_and_keep_the_addresses() {
    let config = merged(
        "prefix = { layout = \"paper\", index_bytes = 4, ethertype = 0x88b5 }",
        "prefix.section = [{ kind = \"ethernet\" }, { kind = \"rows\" }]",
    );
    assert_eq!(config.prefix().name(), "custom");
    assert_eq!(config.prefix_bytes(), 14 + 16 * 14);
    assert!(config.to_toml().contains("ethertype = 0x88b5"));
}

#[test]
fn the_same_layout_keeps_the_width_of_the_index() {
    let config = merged(
        "prefix = { layout = \"paper\", index_bytes = 4 }",
        "prefix.layout = \"paper\"",
    );
    assert_eq!(config.prefix_bytes(), 14 + 16 * 14 + 4);
}

#[test]
fn another_steering_and_another_clock_drop_the_numbers_of_the_old_ones() {
    let config = merged(
        "spray = { cores = 4, steering = \"vlan\", first_vid = 9, control = true, max_weight = 3, heartbeat = true }\n\
         timestamp.increment = 3",
        "spray.steering = \"tdest\"\ntimestamp.source = \"port\"",
    );
    assert_eq!((config.cores(), config.steering()), (4, Steering::Tdest));
    assert_eq!((config.has_heartbeat(), config.max_weight()), (true, 3));
    assert_eq!(config.timestamp(), TimestampSource::Port);
}

#[test]
fn a_raw_configuration_can_be_written_and_read() {
    let text = "history.field = [{ source = \"timestamp\" }]\nprefix.section = [{ kind = \"padding\", align_bytes = \"bus\" }]";
    let raw = RawConfig::from_toml_str(text, "test").unwrap();
    let written = toml::to_string(&raw).unwrap();
    assert_eq!(RawConfig::from_toml_str(&written, "written"), Ok(raw));
}
