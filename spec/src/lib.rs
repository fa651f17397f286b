//! What a sequencer is made from: the configuration, the packet headers that it
//! reads, the rows of its history and the prefix that it writes.
//!
//! A configuration starts as TOML and flags, all of them optional ([`RawConfig`]),
//! and becomes one validated [`Config`], from which the generators, the models and
//! the tests take every size and every offset. A value outside its limits is
//! refused with a [`SpecError`] that names the key, the value, the limit and a fix.
//!
//! ```
//! use seqnic_spec::Config;
//!
//! let config = Config::from_toml_str(
//!     r#"
//!     name = "conntrack"
//!     history = { row = "connection-tracker", rows = 16 }
//!     spray.cores = 14
//!     "#,
//!     "conntrack.toml",
//! )?;
//! assert_eq!(config.prefix_bytes(), 14 + 16 * 30 + 2);
//!
//! let error = Config::from_toml_str("bus.data_bits = 96", "bad.toml").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "bad.toml: bus.data_bits = 96: \
//!      must be a power of two from 64 to 2048; the nearest are 64 and 128",
//! );
//! # Ok::<(), seqnic_spec::SpecError>(())
//! ```

#[macro_use]
mod named;

mod check;
mod config;
mod error;
pub mod flowradar;
mod format;
mod header;
mod identifier;
pub mod int;
mod mac;
mod prefix;
mod raw;
pub mod registers;
mod row;
mod source;

pub use config::{
    Config, ControlClock, CoreEncoding, Pipeline, Steering, Storage, TimestampSource,
};
pub use error::{Refusal, SpecError, ValueError};
pub use format::packet_format_markdown;
pub use header::{HeaderField, Layer};
pub use mac::MacAddr;
pub use prefix::{PrefixLayout, PrefixPreset, RowOrder, Section, SectionKind, VlanTag};
pub use raw::{
    RawAlignment, RawBus, RawConfig, RawExport, RawField, RawFlowRadar, RawHistory,
    RawInstructions, RawInt, RawPipeline, RawPrefix, RawReport, RawSection, RawSpray, RawTimestamp,
    RawWatch,
};
pub use row::{ByteOrder, Field, Requirements, RowLayout, RowPreset};
pub use source::Source;
