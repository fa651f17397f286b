//! The files of a core.

use seqnic_hdl::rtl::{self, RtlError, VerilogFile};
use seqnic_spec::registers::{Register, UNMAPPED, map};

use super::axi::{self, Frame};
use super::host::{Core, MODULE, QUEUE_BEATS};
use super::{DATA_BITS, DestinationPort, TUSER_BITS, datapath, host_stream};
use crate::exchange::{beats, time_bytes, time_mask};
use crate::template::Template;
use crate::{Exchange, File, Refused, register_responder};

/// The folder of the core in the tree.
const CORE: &str = "hw/lib/contrib/history_sequencer_v1_0_0";
/// The project, and its test.
const PROJECT: &str = "reference_switch_seqnic";
const TEST: &str = "both_seqnic_prefix";
/// Frames come in at the first Ethernet port, and a lookup that knows no destination sends them to the second.
pub(super) const SOURCE_PORT: u8 = 0x01;
pub(super) const UNKNOWN_PORT: u8 = 0x04;
/// The wrapper of the core.
pub(super) const WRAPPER: &str = include_str!("../../templates/netfpga_plus/history_sequencer.v");
/// The header that an MTU does not count.
const ETHERNET_BYTES: usize = 14;
/// How many frames the test in the tree plays: its simulations run for 10 us.
pub const TREE_FRAMES: usize = 12;

impl Core {
    /// All files, with `generator` as the name of what made them. The exchanges are what the tests play.
    pub fn package(&self, generator: &str, exchanges: &[Exchange]) -> Result<Vec<File>, Refused> {
        let fill = template(self, generator, exchanges);
        let modules = self.modules(generator)?;
        let mut names: Vec<&str> = modules.iter().map(|module| module.name.as_str()).collect();
        let wrapper = format!("{MODULE}.v");
        names.push(&wrapper);
        let list = |prefix: &str| {
            let lines = names.iter().map(|name| format!("{prefix}{name}\n"));
            lines.collect::<String>()
        };
        let sources = list("    ");

        let mut files = Vec::new();
        let mut add = |path: String, text: String| files.push(File { path, text });
        for module in &modules {
            add(format!("{CORE}/hdl/{}", module.name), module.text.clone());
        }
        let text = |template| fill.text(template).replace("@SOURCES@\n", &sources);
        for (path, template) in [
            (format!("{CORE}/hdl/{wrapper}"), WRAPPER),
            (
                format!("{CORE}/{MODULE}.tcl"),
                include_str!("../../templates/netfpga_plus/history_sequencer.tcl"),
            ),
            (
                format!("{CORE}/Makefile"),
                include_str!("../../templates/netfpga_plus/Makefile"),
            ),
            (
                "check/bench.v".into(),
                include_str!("../../templates/netfpga_plus/bench.v"),
            ),
            (
                "check/vivado_stub.tcl".into(),
                concat!(
                    include_str!("../../templates/common/vivado_stub.tcl"),
                    include_str!("../../templates/netfpga_plus/vivado_run.tcl")
                ),
            ),
            (
                "check/nftest_stub.py".into(),
                include_str!("../../templates/netfpga_plus/nftest_stub.py"),
            ),
            (
                format!("hw/projects/{PROJECT}/test/{TEST}/run.py"),
                include_str!("../../templates/netfpga_plus/run.py"),
            ),
            (
                format!("hw/projects/{PROJECT}/test/{TEST}/reconcile.py"),
                include_str!("../../templates/netfpga_plus/reconcile.py"),
            ),
            (
                "install.py".into(),
                include_str!("../../templates/netfpga_plus/install.py"),
            ),
            (
                "README.md".into(),
                include_str!("../../templates/netfpga_plus/README.md"),
            ),
        ] {
            add(path, text(template));
        }
        if self.config.has_control() {
            let block = MODULE.to_uppercase();
            for (form, text) in [
                ("txt", Register::defines_txt(&self.config, &block)),
                ("h", Register::defines_h(&self.config, &block)),
                ("tcl", Register::defines_tcl(&self.config, &block)),
            ] {
                add(format!("{CORE}/data/{MODULE}_regs_defines.{form}"), text);
            }
        }
        add(
            format!("{CORE}/data/configuration.toml"),
            self.config.to_toml(),
        );
        add("check/files.f".into(), list(&format!("../{CORE}/hdl/")));
        let neighbours = datapath::neighbours(&fill);
        let list = neighbours
            .iter()
            .map(|file| format!("neighbours/{}\n", file.name));
        add("check/datapath.f".into(), list.collect());
        for file in neighbours {
            add(format!("check/neighbours/{}", file.name), file.text);
        }
        let (stimulus, expected) = self.streams(exchanges);
        let folder = format!("hw/projects/{PROJECT}/test/{TEST}");
        add(format!("{folder}/stimulus.axi"), stimulus);
        add(format!("{folder}/expected.axi"), expected);
        Ok(files)
    }

    /// The modules below the wrapper, children before parents.
    pub(super) fn modules(&self, generator: &str) -> Result<Vec<VerilogFile>, RtlError> {
        let header = format!(
            "Generated by {generator} from this configuration; do not edit.\n\n{}",
            self.config.to_toml()
        );
        let mut tops = vec![host_stream(self)?];
        if !self.config.has_control() {
            tops.push(register_responder(self.config.name())?);
        }
        Ok(tops
            .iter()
            .flat_map(|top| rtl::emit(top, &header))
            .collect())
    }

    /// What goes into the core and what comes out of it.
    fn streams(&self, exchanges: &[Exchange]) -> (String, String) {
        let port = match self.port {
            DestinationPort::Keep => UNKNOWN_PORT,
            fixed => fixed.bits(),
        };
        let stimulus: Vec<Frame> = exchanges
            .iter()
            .map(|exchange| Frame::new(exchange.sent.clone(), SOURCE_PORT, UNKNOWN_PORT))
            .collect();
        let expected: Vec<Frame> = exchanges
            .iter()
            .map(|exchange| {
                let mut frame = Frame::new(exchange.expected.clone(), SOURCE_PORT, port);
                frame.tuser |= exchange.core_tuser;
                frame
            })
            .collect();
        (
            axi::write(
                "What the output port lookup sends to history_sequencer.",
                &stimulus,
            ),
            axi::write(
                "What history_sequencer sends to the output queues; bytes of the time are 0.",
                &expected,
            ),
        )
    }
}

/// What the templates have in common.
pub(super) fn template(core: &Core, generator: &str, exchanges: &[Exchange]) -> Template {
    let config = &core.config;
    let largest_in = core.safe_frame_bytes();
    let largest = config.prefix_bytes() + largest_in;
    let size = match core.oversize() {
        None => format!(
            "The largest frame that comes out has {largest} bytes; the output queues always have room for it."
        ),
        Some(refused) => format!(
            "**Warning: {refused}** This folder was made with `--allow-oversize`. Frames at the ports must have at most {} \
                 bytes: set the MTU of every sender accordingly.",
            core.safe_frame_bytes()
        ),
    };
    let time_list: String = time_bytes(config)
        .iter()
        .map(|(first, bytes)| format!("({first}, {bytes}), "))
        .collect();
    let beats = |side: fn(&Exchange) -> &Vec<u8>| beats(exchanges.iter().map(side), DATA_BITS / 8);
    let log = match core.port {
        DestinationPort::Cmac0 => "nf_interface_0_log.axi",
        DestinationPort::Keep | DestinationPort::Cmac1 => "nf_interface_1_log.axi",
        DestinationPort::Qdma0 | DestinationPort::Qdma1 => "dma_0_log.axi",
    };
    let (registers, of_stream, doc, read_data) = match config.has_control() {
        true => (
            include_str!("../../templates/netfpga_plus/registers.v"),
            include_str!("../../templates/netfpga_plus/registers_of_stream.v"),
            "Its registers are those of the defines in `data`; only the low 12 bits of an address count.",
            map::ID.initial_word(config, 0),
        ),
        false => (
            include_str!("../../templates/netfpga_plus/no_registers.v"),
            "",
            "There are no registers: every read gives 0xDEADBEEF, writes change nothing, all answer OKAY.",
            UNMAPPED,
        ),
    };
    let values = vec![
        // What stands in these has places of its own.
        ("REGISTERS", registers.to_owned()),
        ("REGISTERS_OF_STREAM", of_stream.to_owned()),
        ("REGISTERS_DOC", doc.to_owned()),
        ("READ_DATA", format!("{read_data:08x}")),
        ("NAME", config.name().to_owned()),
        ("GENERATOR", generator.to_owned()),
        ("DATA_BITS", DATA_BITS.to_string()),
        ("KEEP_BITS", (DATA_BITS / 8).to_string()),
        ("TUSER_BITS", TUSER_BITS.to_string()),
        ("PREFIX_BYTES", config.prefix_bytes().to_string()),
        ("PREFIX_BEATS", config.prefix_beats().to_string()),
        ("TIME_MASK", time_mask(config)),
        (
            "TIME_BYTES",
            format!("[{}]", time_list.trim_end_matches(", ")),
        ),
        ("PORT", core.port.bits().to_string()),
        ("PORT_NAME", core.port.name().to_owned()),
        ("SIZE", size),
        ("QUEUE_BEATS", QUEUE_BEATS.to_string()),
        ("SAFE_BYTES", core.safe_frame_bytes().to_string()),
        ("SENDER_MTU", (largest_in - ETHERNET_BYTES).to_string()),
        ("RECEIVER_MTU", (largest - ETHERNET_BYTES).to_string()),
        ("FRAMES", exchanges.len().to_string()),
        ("TREE_FRAMES", exchanges.len().min(TREE_FRAMES).to_string()),
        ("STIMULUS_BEATS", beats(|exchange| &exchange.sent)),
        ("EXPECTED_BEATS", beats(|exchange| &exchange.expected)),
        (
            "PREFIX_BITS",
            (config.prefix_beats() * DATA_BITS).to_string(),
        ),
        ("LOG", log.to_owned()),
        ("CORES", config.cores().to_string()),
        ("ROWS", config.rows().to_string()),
        ("CORE", CORE.to_owned()),
        ("PROJECT", PROJECT.to_owned()),
        ("TEST", TEST.to_owned()),
    ];
    Template::new(values)
}
