//! What the sequencer makes of packets: by the model, or by the hardware.

use clap::ValueEnum;
use seqnic_hdl::rtl::Simulator;
use seqnic_hdl::tops;
use seqnic_sim::model::Sequencer;
use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Options, engine};
use seqnic_verilator::{Initial, Toolchain, VerilatorEngine};

use crate::error::Error;

/// The flags that say what makes the frames.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct FrameArgs {
    /// What makes the frames
    #[arg(long, value_enum, default_value_t = From::Model, help_heading = "Run")]
    pub(super) from: From,

    /// What runs the hardware
    #[arg(long, value_enum, default_value_t = Engine::Builtin, help_heading = "Run")]
    engine: Engine,
}

/// What makes the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum From {
    /// The golden model; its time of a packet is the packet's own
    Model,
    /// The hardware, run against the model; its time is that of its clock
    Rtl,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Engine {
    /// The simulator in this program
    Builtin,
    /// The emitted Verilog, compiled by Verilator (see `seqnic doctor`)
    Verilator,
}

/// Frames, each with the core that it is for.
pub(super) type Sent = Vec<(usize, Vec<u8>)>;

/// Makes a frame of each packet; the inner error is a difference between hardware and model.
pub(super) fn make(
    args: &FrameArgs,
    config: &Config,
    packets: &[Packet],
    again: String,
    seed: u64,
) -> Result<Result<Sent, String>, Error> {
    let options = Options {
        seed,
        arguments: again,
        ..Options::default()
    };
    match (args.from, args.engine) {
        (From::Model, _) => Ok(Ok(modelled(config, packets))),
        (From::Rtl, Engine::Builtin) => {
            let simulator = Simulator::new(&tops::sequencer(config)?, seed);
            simulated(simulator, config, packets, options)
        }
        (From::Rtl, Engine::Verilator) => {
            let design = tops::sequencer(config)?;
            let engine =
                VerilatorEngine::build(&Toolchain::find()?, &design, Initial::Random(seed))?;
            simulated(engine, config, packets, options)
        }
    }
}

fn modelled(config: &Config, packets: &[Packet]) -> Sent {
    let mut model = Sequencer::new(config);
    let send = |packet: &Packet| {
        let mut frame = Vec::with_capacity(config.prefix_bytes() + packet.data.len());
        let sprayed = model.process(&packet.data, packet.timestamp_ns, &mut frame);
        (sprayed.core, frame)
    };
    packets.iter().map(send).collect()
}

fn simulated<E: engine::Engine>(
    engine: E,
    config: &Config,
    packets: &[Packet],
    options: Options,
) -> Result<Result<Sent, String>, Error> {
    let mut sent = Sent::with_capacity(packets.len());
    let mut cosim = Cosim::new(engine, config, options)?;
    let run = cosim.run_with(packets.iter().cloned(), |frame| {
        // The sequencer sends every packet to a core.
        sent.push((frame.core.unwrap_or_default(), frame.bytes.to_vec()));
    });
    Ok(run.map(|_| sent).map_err(|failure| failure.to_string()))
}
