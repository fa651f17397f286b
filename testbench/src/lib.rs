//! Engines, AXI4-Stream drivers and monitors, and the scoreboard of seqnic.
//!
//! A [`Cosim`] plays packets into a design that runs in an [`Engine`], checks both of its streams cycle by cycle
//! against the protocol, and every output frame, byte for byte, against an [`Oracle`] made of a golden model.
//! Everything random in it follows from one seed, so a [`Failure`] can be run again, and be looked at in a
//! waveform ([`wave`]).
//!
//! The engine runs one [`Batch`](axis::Batch) of cycles at a time: what goes in and what comes out are flat
//! arrays of words. That is where the boundary to an engine in another language lies.
//!
//! ```
//! use seqnic_hdl::{rtl::Simulator, tops};
//! use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
//! use seqnic_spec::Config;
//! use seqnic_testbench::{Cosim, Options, axis::Pause};
//!
//! let config = Config::from_toml_str("spray.cores = 4", "example.toml")?;
//! let engine = Simulator::new(&tops::sequencer(&config)?, 1);
//! let options = Options { stall: Pause::Percent(30), seed: 7, ..Options::default() };
//!
//! let packets = Trace::new(&TraceSpec::new(TraceKind::Dctcp, 100, 7))?;
//! let report = Cosim::new(engine, &config, options)?.run(packets)?;
//! assert_eq!((report.frames_in, report.frames_out), (100, 100));
//! assert_eq!(report.frames_per_core, [25, 25, 25, 25]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod axis;
pub mod bench;
pub mod engine;
pub mod mutation;
pub mod wave;

mod clocks;
mod cosim;
mod failure;
mod flowradar;
mod int_hop;
mod oracle;
mod place;
mod report;
mod round_trip;
mod scoreboard;

pub use clocks::Clocks;
pub use cosim::{Cosim, Options, OutputFrame, RegisterWrite};
pub use engine::{Engine, Observe};
pub use failure::{Difference, Failure, ReportFault, Violation};
pub use flowradar::{EncoderFigures, FlowRadarOracle};
pub use int_hop::IntHardware;
pub use oracle::{Expected, IntOracle, NodeFigures, Oracle, ReportFrame, SequencerOracle};
pub use place::place_of_byte;
pub use report::Report;
pub use round_trip::{RoundTrip, RoundTripError};
