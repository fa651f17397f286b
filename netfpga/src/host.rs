//! What a host must say of itself to be run by `seqnic cosim --host`.

use std::sync::Arc;

use seqnic_hdl::rtl::{ClockDomain, Design, Direction, Port, RtlError, Verilog, VerilogFile};
use seqnic_spec::Config;

/// A configuration in the datapath of a host: hardware to run, and what it does beside what a sequencer does.
///
/// The golden model of the sequencer says which bytes come out, and which core's bits of `tuser` and `tdest` are set.
/// A host adds what it has in `tuser` itself. It must be written from the host's documents, not from its Verilog.
///
/// To add a host: implement this, and add a line to the list of hosts in `src/args/host.rs`.
pub trait Host {
    /// The configuration, with the side band of the host.
    fn config(&self) -> &Config;

    /// The sequencer behind the side band of the host, without neighbours: for the engine in this process. Its ports
    /// are those of the sequencer of [`config`](Self::config), and perhaps others, which are in
    /// [`constants`](Self::constants).
    fn stream(&self) -> Result<Arc<Design>, RtlError>;

    /// The wrapped core as the host gets it.
    fn wrapped(&self) -> Result<Verilog, RtlError>;

    /// The wrapped core among stand-ins of its neighbours: for Verilator. [`datapath`] makes it of a top module with
    /// the ports that are listed there.
    ///
    /// No stand-in may lose or reorder a frame that the host would take, whatever the pauses at `s_axis` and
    /// `m_axis`: those that drop are kept from it by another in front that holds back. And nothing may delay a beat
    /// between `s_axis` and the core when the sequencer counts time: the time of a frame is the cycle in which its
    /// first beat is taken.
    fn datapath(&self) -> Result<Verilog, RtlError>;

    /// Inputs of [`stream`](Self::stream) that a sequencer does not have, and what is on them.
    fn constants(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// The longest frame at the input with which nothing behind the core is overrun.
    fn largest_frame_bytes(&self) -> usize;

    /// `tuser` of a frame that comes in, of so many bytes and captured at this time. The bits are random before, and
    /// those that the host gives no meaning stay so.
    fn tuser_in(&self, random: u128, frame_bytes: usize, timestamp_ns: u64) -> u128;

    /// `tuser` of the frame at the output of [`stream`](Self::stream), where `tuser` is that of the input with the
    /// core's bits set, as a sequencer alone would put it out, and `frame_bytes` are those at the input.
    fn tuser_of_stream(&self, tuser: u128, frame_bytes: usize) -> u128;

    /// The same at the output of [`datapath`](Self::datapath).
    fn tuser_of_datapath(&self, tuser: u128, frame_bytes: usize) -> u128 {
        self.tuser_of_stream(tuser, frame_bytes)
    }
}

/// The module that plays accesses to the registers of a core in a datapath; its port list says how it is asked.
pub const REGISTER_MASTER: &str = include_str!("../templates/register_master.v");

/// Names, widths and directions of the ports that ask a register master.
const REGISTER_PORTS: [(&str, usize, Direction); 6] = [
    ("register_request", 1, Direction::Input),
    ("register_write", 1, Direction::Input),
    ("register_address", 12, Direction::Input),
    ("register_wdata", 32, Direction::Input),
    ("register_done", 1, Direction::Output),
    ("register_rdata", 32, Direction::Output),
];

/// A datapath for Verilator. Its top module has the ports
///
/// - `axis_aclk` and `axis_resetn`: the clock of the streams, and the reset, active low, for two cycles or more;
/// - `s_axis_*` and `m_axis_*`: those of the sequencer of `config`, and a port `timestamp` if that has one;
/// - `register_request`, `register_write`, `register_address` \[12\], `register_wdata` \[32\] in, `register_done`,
///   `register_rdata` \[32\] out: those of a `seqnic_register_master` in it ([`REGISTER_MASTER`] is among the files),
///   which is on the core's AXI4-Lite port, on a clock that the top module makes.
pub fn datapath(
    config: &Config,
    top: &str,
    mut files: Vec<VerilogFile>,
) -> Result<Verilog, RtlError> {
    let sequencer = seqnic_hdl::tops::sequencer(config)?;
    let streams = sequencer
        .ports()
        .filter(|port| !port.name.starts_with("s_axi_"));
    let of_registers = REGISTER_PORTS.map(|(name, width, direction)| Port {
        name: name.to_owned(),
        direction,
        width,
    });
    files.push(VerilogFile {
        name: "seqnic_register_master.v".to_owned(),
        text: REGISTER_MASTER.to_owned(),
    });
    Ok(Verilog {
        top: top.to_owned(),
        files,
        ports: streams.chain(of_registers).collect(),
        domains: vec![ClockDomain::Datapath],
    })
}
