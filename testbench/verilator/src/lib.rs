//! Verilator as an engine of the testbench: what users sign off on, the emitted Verilog, runs in place of our own
//! netlist.
//!
//! A [`Model`] is the emitted Verilog of a design, made into C++ by Verilator and into a shared object by the C++
//! compiler, at run time, since the configuration is known no sooner. A [`VerilatorEngine`] is a running one. A
//! [`Lockstep`] runs it beside another engine and reports the first difference; an [`FstRecorder`] records it.
//!
//! ```no_run
//! use seqnic_hdl::tops;
//! use seqnic_spec::{Config, RawConfig};
//! use seqnic_testbench::{Cosim, Options};
//! use seqnic_verilator::{Initial, Toolchain, VerilatorEngine};
//!
//! let config = Config::try_from(RawConfig::default())?;
//! let design = tops::sequencer(&config)?;
//! let engine = VerilatorEngine::build(&Toolchain::find()?, &design, Initial::Random(1))?;
//! let mut cosim = Cosim::new(engine, &config, Options::default())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where the language boundary is
//!
//! ```text
//! Rust   Cosim: packets, model, monitors, scoreboard
//!          |  Engine::play, once for up to 2,048 cycles: flat arrays of words
//! cxx    --+-- src/bridge.rs ----------------------------------------------
//!          |
//! C++    Running (cpp/running.cpp): the loop over the cycles
//!          |  seqnic::Model (cpp/model.h), virtual calls: eval, tick, port table
//!        Adapter (cpp/adapter.h) over the class that Verilator made, in a shared object of its own
//! ```
//!
//! It runs between batches of cycles, not between cycles and not between signals. A cycle of a model takes about a
//! hundred nanoseconds, in which a wide beat is copied in and another out; a call across the boundary for each of a
//! dozen signals would cost as much again. Within C++ the words of a port are copied to and from the place where
//! Verilator keeps them. The crossings that remain take two slices and two lists of port numbers.
//!
//! cxx binds C++ that is known when this crate is compiled, and the class of a configuration is not. So one opaque
//! type stands for all models, over one C++ interface that the generated code implements.
//!
//! This is the one crate of the workspace that may hold `unsafe`, and all of it is in the bridge: cxx
//! checks the types on both sides, C++ checks every index and every length before its loop, and exceptions become
//! [`VerilatorError`]s. In long runs `Cosim` plays batches on another thread; why a model may move there is said in the
//! bridge, too. What is left to be trusted is the code that Verilator generates, and that a shared object in
//! the cache is what was put there.
//!
//! # What is built when
//!
//! Verilator's runtime and our interface are compiled once for each pair of Verilator and compiler, with a precompiled
//! header; a model is then one translation unit and takes a second or two. All of it is
//! [cached](Toolchain::find) by the hash of what it is made of, so that a change of any of it makes a new
//! entry. The cache grows until its folder is removed, which is safe at any time that nothing is being built.

mod bridge;
mod cache;
mod engine;
mod error;
mod generate;
mod lockstep;
mod model;
mod runtime;
mod toolchain;
mod wave;

pub use engine::{Initial, PinId, VerilatorEngine};
pub use error::VerilatorError;
pub use lockstep::{Compared, Lockstep, PairedPort, PortDifference};
pub use model::{Model, build_program};
pub use toolchain::Toolchain;
pub use wave::{FstRecorder, RecordError, record};
