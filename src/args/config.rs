//! The flags that give a configuration.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use seqnic_spec::{
    Config, RawBus, RawConfig, RawHistory, RawPipeline, RawPrefix, RawSpray, RawTimestamp,
    SpecError,
};

use super::number;
use crate::error::Error;

/// A configuration file, and flags that override its values.
///
/// A flag is named after the last part of its key, and a refusal names the flag or the file that
/// the value comes from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Configuration (any flag overrides the file)")]
pub struct ConfigArgs {
    /// The configuration as TOML; without it every value has its default
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The name of the generated modules: lower-case letters, digits and underscores
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// The width of tdata in bits: a power of two from 64 to 2048
    #[arg(long, value_name = "BITS")]
    data_bits: Option<u64>,

    /// The width of tuser in bits; 0 for none
    #[arg(long, value_name = "BITS")]
    tuser_bits: Option<u64>,

    /// The number of packets in the history, from 1 to 256
    #[arg(long, value_name = "ROWS")]
    rows: Option<u64>,

    /// What is remembered of a packet: ddos-mitigator, port-knocking, heavy-hitter, token-bucket,
    /// connection-tracker, load-balancer, table2 or none; for fields of your own see --set
    #[arg(long, value_name = "PRESET")]
    row: Option<String>,

    /// What rows are stored in: distributed, block or registers
    #[arg(long, value_name = "STYLE")]
    storage: Option<String>,

    /// What stands in front of a packet: paper, paper-padded, bpf-profile or bpf-profile-numbered;
    /// for sections of your own see --set
    #[arg(long, value_name = "PRESET")]
    prefix: Option<String>,

    /// The width of the index pointer of a preset in bytes: 1, 2 or 4
    #[arg(long, value_name = "BYTES")]
    index_bytes: Option<u64>,

    /// The width of the sequence number of a preset in bytes, 1 to 8; without it only
    /// bpf-profile-numbered has one
    #[arg(long, value_name = "BYTES")]
    sequence_bytes: Option<u64>,

    /// The width of the packet's own timestamp in a preset in bytes, 1 to 8; without it none has one
    #[arg(long, value_name = "BYTES")]
    timestamp_bytes: Option<u64>,

    /// The destination address of the dummy Ethernet header, as in 02:00:00:00:00:01
    #[arg(long, value_name = "MAC")]
    destination: Option<String>,

    /// The source address for core 0
    #[arg(long, value_name = "MAC")]
    source_base: Option<String>,

    /// The EtherType of the dummy Ethernet header, decimal or as in 0x88b5
    #[arg(long, value_name = "TYPE", value_parser = number)]
    ethertype: Option<u64>,

    /// The number of cores that packets are sprayed over, from 1 to 256
    #[arg(long, value_name = "CORES")]
    cores: Option<u64>,

    /// How a packet says which core it is for: source-mac, vlan, tdest or tuser
    #[arg(long, value_name = "WAY")]
    steering: Option<String>,

    /// The VLAN ID of core 0, with --steering vlan
    #[arg(long, value_name = "VID")]
    first_vid: Option<u64>,

    /// What each core adds to the VLAN ID, with --steering vlan: a power of two
    #[arg(long, value_name = "NUMBER")]
    vid_step: Option<u64>,

    /// The lowest bit of the core number in tuser, with --steering tuser
    #[arg(long, value_name = "BITS")]
    tuser_offset_bits: Option<u64>,

    /// The width of the core number in tuser
    #[arg(long, value_name = "BITS")]
    tuser_core_bits: Option<u64>,

    /// How the core number is written in tuser: binary or one-hot
    #[arg(long, value_name = "CODE")]
    tuser_encoding: Option<String>,

    /// Whether cores are taken out and in by registers while packets flow
    #[arg(long, value_name = "BOOL")]
    control: Option<bool>,

    /// The most frames that a core may get in a row, by registers, from 1 to 255
    #[arg(long, value_name = "FRAMES")]
    max_weight: Option<u64>,
    /// The clock of the port of these registers: datapath, or own for the input `s_axi_aclk`
    #[arg(long, value_name = "CLOCK")]
    control_clock: Option<String>,

    /// Whether cores from which nothing returns are taken out
    #[arg(long, value_name = "BOOL")]
    heartbeat: Option<bool>,

    /// Where the time comes from: counter, or port for the input port `timestamp`
    #[arg(long, value_name = "SOURCE")]
    timestamp: Option<String>,

    /// What the counter adds in each clock cycle, from 1 to 65535
    #[arg(long, value_name = "NUMBER")]
    increment: Option<u64>,

    /// Whether the input goes through a skid buffer
    #[arg(long, value_name = "BOOL")]
    input_skid: Option<bool>,

    /// Whether the output goes through a skid buffer
    #[arg(long, value_name = "BOOL")]
    output_skid: Option<bool>,

    /// The depth of the input FIFO in beats: a power of two from 2 to 512
    #[arg(long, value_name = "BEATS")]
    fifo_beats: Option<u64>,

    /// What the input FIFO is made of: distributed or block
    #[arg(long, value_name = "STYLE")]
    fifo_storage: Option<String>,

    /// Any key of the configuration in TOML, as in
    /// 'history.field=[{source="ipv4.source"}]'; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Refuses an INT node, for `what` is about the frames that a sequencer makes.
pub fn only_sequencer(config: Config, what: &str) -> Result<Config, Error> {
    match config.int() {
        None => Ok(config),
        Some(node) => Err(Error::new(format!(
            "int.role = \"{}\": {what}, and an INT node makes none; leave [int] out",
            node.role()
        ))),
    }
}

impl ConfigArgs {
    /// Reads the file, puts the flags over it and checks the result.
    pub fn load(&self) -> Result<Config, Error> {
        self.load_completed(|_, _| {})
    }

    /// The same with values that `complete` adds. It is told whether there is a file.
    pub fn load_completed(
        &self,
        complete: impl FnOnce(&mut RawConfig, bool),
    ) -> Result<Config, Error> {
        let set = self.set()?;
        let mut raw = self.file()?.merge(self.over(set.clone()));
        complete(&mut raw, self.config.is_some());
        Config::try_from(raw).map_err(|error| self.with_origin(error, &set).into())
    }

    /// The same for this many rows and a bus of this width. Where nothing says how many cores there are, there are as
    /// many as rows.
    pub fn sized(&self, rows: Option<u64>, data_bits: Option<u64>) -> Result<Self, Error> {
        let given = self.file()?.merge(self.over(self.set()?)).spray.cores;
        // Rows outside their limits are to be refused as rows.
        let cores = rows
            .map(|rows| rows.clamp(1, 256))
            .filter(|_| given.is_none());
        Ok(Self {
            rows: rows.or(self.rows),
            data_bits: data_bits.or(self.data_bits),
            cores: self.cores.or(cores),
            ..self.clone()
        })
    }

    fn file(&self) -> Result<RawConfig, Error> {
        let Some(path) = &self.config else {
            return Ok(RawConfig::default());
        };
        let bytes = fs::read(path).map_err(|error| Error::unreadable(path, error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let (path, at) = (path.display(), error.utf8_error().valid_up_to());
            Error::new(format!(
                "{path}: byte {at}: a configuration is text in UTF-8, and this is none; save it as UTF-8, or give another \
                 file for --config"
            ))
        })?;
        Ok(RawConfig::from_toml_str(
            &text,
            &path.display().to_string(),
        )?)
    }

    /// The values of all `--set`.
    fn set(&self) -> Result<RawConfig, SpecError> {
        // Each alone at first, so that an error names the one with the mistake.
        for value in &self.set {
            RawConfig::from_toml_str(value, &format!("--set {value}"))?;
        }
        RawConfig::from_toml_str(&self.set.join("\n"), "--set")
    }

    /// The flags over `set`.
    fn over(&self, set: RawConfig) -> RawConfig {
        RawConfig {
            name: self.name.clone().or(set.name),
            bus: RawBus {
                data_bits: self.data_bits.or(set.bus.data_bits),
                tuser_bits: self.tuser_bits.or(set.bus.tuser_bits),
            },
            history: RawHistory {
                rows: self.rows.or(set.history.rows),
                row: self.row.clone().or(set.history.row),
                storage: self.storage.clone().or(set.history.storage),
                ..set.history
            },
            prefix: RawPrefix {
                layout: self.prefix.clone().or(set.prefix.layout),
                index_bytes: self.index_bytes.or(set.prefix.index_bytes),
                sequence_bytes: self.sequence_bytes.or(set.prefix.sequence_bytes),
                timestamp_bytes: self.timestamp_bytes.or(set.prefix.timestamp_bytes),
                destination: self.destination.clone().or(set.prefix.destination),
                source_base: self.source_base.clone().or(set.prefix.source_base),
                ethertype: self.ethertype.or(set.prefix.ethertype),
                ..set.prefix
            },
            spray: RawSpray {
                cores: self.cores.or(set.spray.cores),
                steering: self.steering.clone().or(set.spray.steering),
                first_vid: self.first_vid.or(set.spray.first_vid),
                vid_step: self.vid_step.or(set.spray.vid_step),
                tuser_offset_bits: self.tuser_offset_bits.or(set.spray.tuser_offset_bits),
                tuser_core_bits: self.tuser_core_bits.or(set.spray.tuser_core_bits),
                tuser_encoding: self.tuser_encoding.clone().or(set.spray.tuser_encoding),
                control: self.control.or(set.spray.control),
                max_weight: self.max_weight.or(set.spray.max_weight),
                control_clock: self.control_clock.clone().or(set.spray.control_clock),
                heartbeat: self.heartbeat.or(set.spray.heartbeat),
            },
            timestamp: RawTimestamp {
                source: self.timestamp.clone().or(set.timestamp.source),
                increment: self.increment.or(set.timestamp.increment),
            },
            pipeline: RawPipeline {
                input_skid: self.input_skid.or(set.pipeline.input_skid),
                output_skid: self.output_skid.or(set.pipeline.output_skid),
                fifo_beats: self.fifo_beats.or(set.pipeline.fifo_beats),
                fifo_storage: self.fifo_storage.clone().or(set.pipeline.fifo_storage),
            },
            // Its keys would take flags of traffic, as --flows: they are given by --set alone.
            flowradar: set.flowradar,
            int: set.int,
        }
    }

    /// Names the flag or the file that a refused value comes from.
    fn with_origin(&self, error: SpecError, set: &RawConfig) -> SpecError {
        let Some(key) = error.refusal().map(|refusal| refusal.key.clone()) else {
            return error;
        };
        if gives(&self.over(RawConfig::default()), &key) {
            error.in_file(&flag_of(&key))
        } else if gives(set, &key) {
            error.in_file("--set")
        } else if let Some(path) = &self.config {
            error.in_file(&path.display().to_string())
        } else {
            error
        }
    }
}

/// Whether a configuration has a value for this key or for the list that it is in.
fn gives(raw: &RawConfig, key: &str) -> bool {
    let list = key.split('[').next().unwrap_or(key);
    let pointer = format!("/{}", list.replace('.', "/"));
    serde_json::to_value(raw)
        .ok()
        .and_then(|value| Some(!value.pointer(&pointer)?.is_null()))
        .unwrap_or(false)
}

/// The flag for a key.
fn flag_of(key: &str) -> String {
    match key {
        "prefix.layout" => "--prefix".to_owned(),
        "timestamp.source" => "--timestamp".to_owned(),
        _ => {
            let last = key.rsplit('.').next().unwrap_or(key);
            format!("--{}", last.replace('_', "-"))
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};
    use seqnic_spec::{PrefixPreset, RowPreset, Storage};

    use super::*;

    fn command() -> Command {
        ConfigArgs::augment_args(Command::new("test"))
    }

    fn load(flags: &[&str]) -> Result<Config, String> {
        let line = ["test"].iter().chain(flags);
        let matches = command()
            .try_get_matches_from(line)
            .map_err(|error| error.to_string())?;
        let args = ConfigArgs::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        args.load().map_err(|error| error.to_string())
    }

    /// One flag for each value that is not a list, with a value that is not its default.
    const FLAGS: &[(&str, &str, &str)] = &[
        ("name", "--name", "other"),
        ("bus.data_bits", "--data-bits", "256"),
        ("bus.tuser_bits", "--tuser-bits", "64"),
        ("history.rows", "--rows", "8"),
        ("history.row", "--row", "heavy-hitter"),
        ("history.storage", "--storage", "registers"),
        ("prefix.layout", "--prefix", "paper-padded"),
        ("prefix.index_bytes", "--index-bytes", "4"),
        ("prefix.sequence_bytes", "--sequence-bytes", "5"),
        ("prefix.timestamp_bytes", "--timestamp-bytes", "6"),
        ("prefix.destination", "--destination", "02:00:00:00:00:09"),
        ("prefix.source_base", "--source-base", "02:00:00:00:01:00"),
        ("prefix.ethertype", "--ethertype", "0x88b5"),
        ("spray.cores", "--cores", "3"),
        ("spray.steering", "--steering", "tuser"),
        ("spray.first_vid", "--first-vid", "5"),
        ("spray.vid_step", "--vid-step", "256"),
        ("spray.tuser_offset_bits", "--tuser-offset-bits", "2"),
        ("spray.tuser_core_bits", "--tuser-core-bits", "9"),
        ("spray.tuser_encoding", "--tuser-encoding", "one-hot"),
        ("spray.control", "--control", "true"),
        ("spray.max_weight", "--max-weight", "4"),
        ("spray.control_clock", "--control-clock", "own"),
        ("spray.heartbeat", "--heartbeat", "true"),
        ("timestamp.source", "--timestamp", "port"),
        ("timestamp.increment", "--increment", "5"),
        ("pipeline.input_skid", "--input-skid", "true"),
        ("pipeline.output_skid", "--output-skid", "true"),
        ("pipeline.fifo_beats", "--fifo-beats", "32"),
        ("pipeline.fifo_storage", "--fifo-storage", "distributed"),
    ];

    #[test]
    fn every_value_has_a_flag_that_gives_it() {
        for &(key, flag, value) in FLAGS {
            let matches = command().get_matches_from(["test", flag, value]);
            let args = ConfigArgs::from_arg_matches(&matches).expect("valid");
            let raw = args.over(RawConfig::default());
            assert!(gives(&raw, key), "{flag} does not give {key}");
            assert_eq!(flag_of(key), flag);
            let merged = args.over(RawConfig::default().merge(raw.clone()));
            assert_eq!(merged, raw);
        }
        let without_lists = |raw: &RawConfig| {
            let value = serde_json::to_value(raw).expect("plain data");
            let sections = value.as_object().into_iter().flatten();
            let keys = sections.map(|(_, value)| value.as_object().map_or(1, |keys| keys.len()));
            keys.sum::<usize>() - ["field", "requires", "section"].len()
        };
        assert_eq!(without_lists(&RawConfig::default()), FLAGS.len());
    }

    #[test]
    fn the_help_names_every_preset() {
        let help = command().render_help().to_string();
        let rows = RowPreset::ALL.iter().map(|preset| preset.name());
        let prefixes = PrefixPreset::ALL.iter().map(|preset| preset.name());
        let storages = Storage::ALL.iter().map(|storage| storage.name());
        for name in rows.chain(prefixes).chain(storages) {
            assert!(help.contains(name), "{name}");
        }
    }

    #[test]
    fn a_refusal_names_the_flag() {
        assert_eq!(
            load(&["--rows", "300"]).expect_err("too many"),
            "--rows: history.rows = 300: must be from 1 to 256; the nearest is 256"
        );
        assert_eq!(
            load(&["--set", "history.rows=0"]).expect_err("too few"),
            "--set: history.rows = 0: must be from 1 to 256; the nearest is 1"
        );
        let unknown = load(&["--set", "bus.data_bits=64", "--set", "bus.width=64"]);
        let text = unknown.expect_err("no such key");
        assert!(
            text.starts_with("--set bus.width=64:1:5: bus.width = 64: is not a known key"),
            "{text}"
        );
    }

    #[test]
    fn flags_and_set_are_one_layer() {
        let flags = ["--set", "spray.tuser_offset_bits=3", "--steering", "tuser"];
        let config = load(&[&flags[..], &["--tuser-bits", "32", "--cores", "4"]].concat());
        let toml = config.expect("valid").to_toml();
        assert!(toml.contains("tuser_offset_bits = 3"), "{toml}");

        let fields = r#"history.field=[{source="ipv4.source"},{source="tcp.syn"}]"#;
        let config = load(&["--rows", "20", "--set", fields]).expect("valid");
        assert_eq!((config.rows(), config.row().bytes()), (20, 5));
    }
}
