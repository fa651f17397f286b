//! Golden models, traffic, captures and the host side of seqnic.
//!
//! - [`model`] says what every block of the hardware must do. It shares only the layout tables of
//!   `seqnic-spec` with the hardware, so that it cannot repeat a mistake of the design.
//! - [`traffic`] reads and writes captures and generates seeded traffic.
//! - [`network`] routes packets through networks of switches.
//! - [`host`] runs packet-processing programs on what a sequencer sends.
//!
//! ```
//! use seqnic_sim::model::Sequencer;
//! use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
//! use seqnic_spec::Config;
//!
//! let config = Config::from_toml_str("spray.cores = 4", "example.toml")?;
//! let mut sequencer = Sequencer::new(&config);
//! let mut out = Vec::new();
//! for packet in Trace::new(&TraceSpec::new(TraceKind::Dctcp, 5, 1))? {
//!     out.clear();
//!     let sprayed = sequencer.process(&packet.data, packet.timestamp_ns, &mut out);
//!     assert_eq!(sprayed.core as u64, (sprayed.number - 1) % 4);
//!     assert_eq!(out[config.prefix_bytes()..], packet.data);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod host;
pub mod model;
pub mod network;
pub mod scaling;
pub mod traffic;
