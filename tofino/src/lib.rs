//! The sequencer as P4 for Tofino.
//!
//! A configuration becomes a program in a small match-action language ([`ir`]), which is checked against the rules of the
//! chip, printed as P4-16 and read back ([`p4`]), interpreted as the chip runs it ([`interpreter`]), and counted
//! ([`resources`]). Nothing else writes P4.
//!
//! ```
//! use seqnic_spec::Config;
//! use seqnic_tofino::{Chip, Design, p4};
//!
//! let config = Config::from_toml_str("history.row = 'ddos-mitigator'", "example.toml")?;
//! let design = Design::new(&config, Chip::Tofino1, None)?;
//! let text = p4::print(&design.built.program, "an example");
//! assert_eq!(p4::read(&text)?, design.built.program);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod build;
mod chip;
pub mod control;
mod design;
mod encoder;
mod error;
mod estimate;
mod int;
pub mod interpreter;
pub mod ir;
pub mod logs;
pub mod p4;
mod pattern;
pub mod resources;
pub mod rules;
pub mod scripts;

pub use build::{Built, FORWARD, Packing, RowPlan, SPRAY, Spray, TO_CORE, TO_PORT};
pub use chip::{Chip, Limits};
pub use design::{Design, Loaded, WordReport};
pub use encoder::{Encoder, EncoderCell, EncoderDesign};
pub use error::Refusal;
pub use estimate::{Estimate, Row, Stage, percent};
pub use int::{IntDesign, IntSwitch, Passage};
pub use pattern::Pattern;
