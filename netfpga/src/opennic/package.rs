//! The files of a plugin.

use seqnic_hdl::blocks::skid_buffer::skid_buffer;
use seqnic_hdl::rtl::{self, RtlError, VerilogFile};

use super::host::{Plugin, Ports};
use super::stream::SHAPE;
use super::{DATA_BITS, ROOM_BYTES, TUSER_BITS, rx_stream, tx_stream};
use crate::exchange::{beats, hex_beats, time_mask};
use crate::template::Template;
use crate::{Exchange, File, Refused, register_responder};

/// The folder that the build script is pointed at.
const PLUGIN: &str = "plugin";
/// The ways of the frames, and what else is the same for all configurations, behind the modules that are not.
pub(super) const LANES: (&str, &str) = (
    "history_sequencer_lanes.v",
    include_str!("../../templates/opennic/history_sequencer_lanes.v"),
);
pub(super) const WRAPPERS: [(&str, &str); 3] = [
    LANES,
    (
        "history_sequencer_reset.v",
        include_str!("../../templates/opennic/history_sequencer_reset.v"),
    ),
    (
        "history_sequencer_250mhz.v",
        include_str!("../../templates/opennic/history_sequencer_250mhz.v"),
    ),
];
/// The longest frame that the shell can be built for, with its frame check sequence.
const MOST_MAX_PKT_LEN: usize = 9600;
const FRAME_CHECK_BYTES: usize = 4;

/// The templates, and where they go.
const TEMPLATES: [(&str, &str); 9] = [
    (
        "plugin/box_250mhz/user_plugin_250mhz_inst.vh",
        include_str!("../../templates/opennic/user_plugin_250mhz_inst.vh"),
    ),
    (
        "plugin/box_250mhz/box_250mhz_address_map_inst.vh",
        include_str!("../../templates/opennic/box_250mhz_address_map_inst.vh"),
    ),
    (
        "plugin/box_250mhz/box_250mhz_address_map.v",
        include_str!("../../templates/opennic/box_250mhz_address_map.v"),
    ),
    (
        "plugin/box_250mhz/box_250mhz_axi_crossbar.tcl",
        include_str!("../../templates/opennic/box_250mhz_axi_crossbar.tcl"),
    ),
    (
        "plugin/build_box_250mhz.tcl",
        include_str!("../../templates/opennic/build_box_250mhz.tcl"),
    ),
    ("steer.py", include_str!("../../templates/opennic/steer.py")),
    (
        "check/bench.v",
        include_str!("../../templates/opennic/bench.v"),
    ),
    (
        "check/vivado_stub.tcl",
        concat!(
            include_str!("../../templates/common/vivado_stub.tcl"),
            include_str!("../../templates/opennic/vivado_run.tcl")
        ),
    ),
    (
        "README.md",
        include_str!("../../templates/opennic/README.md"),
    ),
];

/// The stand-ins of the neighbours, each module in front of those that use it.
const NEIGHBOURS: [(&str, &str); 6] = [
    (
        "frame_source.v",
        include_str!("../../templates/common/frame_source.v"),
    ),
    (
        "frame_sink.v",
        include_str!("../../templates/common/frame_sink.v"),
    ),
    (
        "box_250mhz_axi_crossbar.v",
        include_str!("../../templates/opennic/neighbours/box_250mhz_axi_crossbar.v"),
    ),
    (
        "box_250mhz.v",
        include_str!("../../templates/opennic/neighbours/box_250mhz.v"),
    ),
    (
        "packet_adapter.v",
        include_str!("../../templates/opennic/neighbours/packet_adapter.v"),
    ),
    (
        "qdma_function.v",
        include_str!("../../templates/opennic/neighbours/qdma_function.v"),
    ),
];

impl Plugin {
    /// All files, with `generator` as the name of what made them. The exchanges are what the bench plays.
    pub fn package(&self, generator: &str, exchanges: &[Exchange]) -> Result<Vec<File>, Refused> {
        let modules = self.modules(generator)?;
        let names = modules.iter().map(|module| module.name.as_str());
        let names: Vec<&str> = names.chain(WRAPPERS.map(|(name, _)| name)).collect();
        let list = |prefix: &str| {
            let lines = names.iter().map(|name| format!("{prefix}{name}\n"));
            lines.collect::<String>()
        };
        let fill = self.template(generator, exchanges, list("    ").trim_end().to_owned());

        let mut files: Vec<File> = TEMPLATES
            .iter()
            .map(|(path, template)| (*path, fill.text(template)))
            .chain([
                ("plugin/configuration.toml", self.config.to_toml()),
                (
                    "check/files.f",
                    format!("+incdir+../{PLUGIN}/box_250mhz\n{}../{PLUGIN}/box_250mhz/box_250mhz_address_map.v\n",
                        list(&format!("../{PLUGIN}/rtl/"))),
                ),
            ])
            .chain(self.streams(exchanges))
            .map(|(path, text)| File {
                path: path.to_owned(),
                text,
            })
            .collect();
        let neighbours = NEIGHBOURS.map(|(name, _)| format!("neighbours/{name}\n"));
        files.push(File {
            path: "check/neighbours.f".to_owned(),
            text: neighbours.concat(),
        });
        files.extend(NEIGHBOURS.map(|(name, template)| File {
            path: format!("check/neighbours/{name}"),
            text: fill.text(template),
        }));
        files.extend(WRAPPERS.map(|(name, template)| File {
            path: format!("{PLUGIN}/rtl/{name}"),
            text: fill.text(template),
        }));
        files.extend(modules.into_iter().map(|module| File {
            path: format!("{PLUGIN}/rtl/{}", module.name),
            text: module.text,
        }));
        Ok(files)
    }

    /// The modules below the plugin, children before parents.
    pub(super) fn modules(&self, generator: &str) -> Result<Vec<VerilogFile>, RtlError> {
        let header = format!(
            "Generated by {generator} from this configuration; do not edit.\n\n{}",
            self.config.to_toml()
        );
        let name = self.config.name();
        let tops = [
            skid_buffer(&format!("{name}_slice"), SHAPE)?,
            rx_stream(self)?,
            tx_stream(self)?,
            register_responder(name)?,
        ];
        Ok(tops
            .iter()
            .flat_map(|top| rtl::emit(top, &header))
            .collect())
    }

    /// What the ports send, what the host gets behind the sequencer, what the ports get back, and the indirection table.
    fn streams(&self, exchanges: &[Exchange]) -> [(&'static str, String); 4] {
        let size_and = |upper: usize, frame: &[u8]| (upper as u128) << 16 | frame.len() as u128;
        let hex = |frames: Vec<(&[u8], u128)>| hex_beats(frames, DATA_BITS / 8, TUSER_BITS);
        let sent = |upper: &dyn Fn(&[u8]) -> usize| {
            let frames = exchanges.iter().map(|exchange| exchange.sent.as_slice());
            hex(frames
                .map(|frame| (frame, size_and(upper(frame), frame)))
                .collect())
        };
        let expected = exchanges.iter().map(|exchange| {
            let frame = exchange.expected.as_slice();
            (frame, size_and(exchange.core, frame))
        });
        let queues = self.queues();
        let table = (0..128).map(|hash| format!("{:04x}\n", queues.get(&hash).unwrap_or(&0)));
        [
            ("check/stimulus.hex", sent(&|frame| self.queue_of(frame))),
            ("check/expected.hex", hex(expected.collect())),
            // The source is the first function; the bench shifts that of the second.
            ("check/returned.hex", sent(&|_| 1)),
            ("check/steering.hex", table.collect()),
        ]
    }

    /// What stands in the templates.
    pub(super) fn template(
        &self,
        generator: &str,
        exchanges: &[Exchange],
        sources: String,
    ) -> Template {
        let config = &self.config;
        let prefix_bytes = config.prefix_bytes();
        let largest = prefix_bytes + self.safe_frame_bytes();
        let (size, max_pkt_len) = match self.oversize() {
            None => (
                format!(
                    "The longest frame to the host has {largest} bytes, and the driver has room for {ROOM_BYTES}."
                ),
                ROOM_BYTES - prefix_bytes + FRAME_CHECK_BYTES,
            ),
            Some(refused) => (
                format!(
                    "**Warning: {refused}** This folder was made with `--allow-oversize`: frames at the ports must \
                     have at most {} bytes, or the driver must have larger buffers.",
                    self.safe_frame_bytes()
                ),
                MOST_MAX_PKT_LEN,
            ),
        };
        let queues = self.queues();
        let queue_list: Vec<String> = queues
            .iter()
            .map(|(hash, queue)| format!("{hash}: {queue}"))
            .collect();
        let two_beats = match self.has_frames_of_two_beats() {
            true => {
                "\n- **Frames of 65 to 128 bytes to the host, which this configuration makes, can shift the queues of \
                 those behind\n  them:** the shell's hash counts such a frame twice when its second beat has to wait."
            }
            false => "",
        };
        let stream = |module: &str, instance: &str| lane(config.name(), module, instance);
        let steer = |function: &u8| {
            format!("python3 steer.py --function {function} /sys/bus/pci/devices/$BDF/resource2")
        };
        let (interfaces, functions, least_ports): (_, &[u8], _) = match self.ports {
            Ports::First => ("interface 0", &[0], "1"),
            Ports::Second => ("interface 1", &[1], "2"),
            Ports::Both => (
                "interfaces 0 and 1, each with a history of its own",
                &[0, 1],
                "2",
            ),
        };
        let functions: Vec<String> = functions.iter().map(steer).collect();
        let way_back = match self.has_stripper {
            true => "the stripper takes the prefix off",
            false => "frames pass as they are; `--stripper` puts a stripper there",
        };
        let beats =
            |side: fn(&Exchange) -> &Vec<u8>| beats(exchanges.iter().map(side), DATA_BITS / 8);
        Template::new(vec![
            ("RX_SEQUENCER", stream("rx_stream", "rx")),
            ("RX_SLICE", stream("slice", "rx")),
            ("TX_STRIPPER", stream("tx_stream", "tx")),
            ("TX_SLICE", stream("slice", "tx")),
            ("NAME", config.name().to_owned()),
            ("GENERATOR", generator.to_owned()),
            ("SOURCES", sources),
            ("PORTS", self.ports.bits().to_string()),
            ("INTERFACES", interfaces.to_owned()),
            ("FUNCTIONS", functions.join("\n")),
            (
                "COSIM_INTERFACE",
                u8::from(self.ports == Ports::Second).to_string(),
            ),
            ("LEAST_PORTS", least_ports.to_owned()),
            ("STRIPPER", u8::from(self.has_stripper).to_string()),
            ("RETURN", way_back.to_owned()),
            ("PREFIX_BYTES", prefix_bytes.to_string()),
            ("PREFIX_BEATS", config.prefix_beats().to_string()),
            (
                "PREFIX_BITS",
                (config.prefix_beats() * DATA_BITS).to_string(),
            ),
            ("TIME_MASK", time_mask(config)),
            ("SIZE", size),
            ("TWO_BEATS", two_beats.to_owned()),
            ("MAX_PKT_LEN", max_pkt_len.min(MOST_MAX_PKT_LEN).to_string()),
            ("SAFE_BYTES", self.safe_frame_bytes().to_string()),
            ("LEAST_MTU", (largest - 14).to_string()),
            ("ROOM_BYTES", ROOM_BYTES.to_string()),
            ("QUEUES", queue_list.join(", ")),
            ("FRAMES", exchanges.len().to_string()),
            ("STIMULUS_BEATS", beats(|exchange| &exchange.sent)),
            ("EXPECTED_BEATS", beats(|exchange| &exchange.expected)),
            ("CORES", config.cores().to_string()),
            ("ROWS", config.rows().to_string()),
        ])
    }
}

/// An instance in the way of interface `i`: `rx` from the adapter to the host, `tx` back.
fn lane(name: &str, module: &str, instance: &str) -> String {
    let (from, to) = match instance {
        "rx" => ("s_axis_adap_rx_250mhz", "m_axis_qdma_c2h"),
        _ => ("s_axis_qdma_h2c", "m_axis_adap_tx_250mhz"),
    };
    let mut ports = vec![
        "axis_aclk (axis_aclk)".to_owned(),
        "axis_resetn (axis_aresetn)".to_owned(),
    ];
    for (side, stream) in [("s_axis", from), ("m_axis", to)] {
        for (signal, bits) in [("tdata", 512), ("tkeep", 64)] {
            ports.push(format!(
                "{side}_{signal} ({stream}_{signal}[{bits}*i +: {bits}])"
            ));
        }
        ports.push(format!(
            "{side}_tuser ({{{stream}_tuser_src[16*i +: 16], {stream}_tuser_size[16*i +: 16]}})"
        ));
        for signal in ["tvalid", "tlast", "tready"] {
            ports.push(format!("{side}_{signal} ({stream}_{signal}[i])"));
        }
    }
    let ports: Vec<String> = ports
        .iter()
        .map(|port| format!("                    .{port}"))
        .collect();
    format!(
        "                {name}_{module} {instance} (\n{}\n                );",
        ports.join(",\n")
    )
}
