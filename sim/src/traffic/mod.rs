//! Packets in and out: captures and seeded synthetic traffic.

mod capture;
mod error;
mod flow_size;
mod generate;
mod packet;
mod spec;
mod trace;

pub use capture::{CaptureReader, CaptureWriter};
pub use error::TrafficError;
pub use flow_size::FlowSizes;
pub use packet::{MAX_FRAME_BYTES, Packet};
pub use spec::{TraceError, TraceKind, TraceSpec};
pub use trace::Trace;
