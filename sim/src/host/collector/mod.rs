//! The FlowRadar collector: from export frames to the flows of every switch.
//!
//! [`Assembler`] puts fragments together, [`Switch`] decodes what one switch sent of an epoch, and [`decode_network`]
//! lets the switches help each other. All of it is written for cells of `W` words of key: 2 for keys of 104 bits, 5 for
//! those of 296.

mod assemble;
mod cells;
mod counters;
mod loss;
mod network;
mod peel;
mod proof;
mod read;
mod report;
mod share;
mod switch;

pub use assemble::{Assembler, Image, Missing, Refused};
pub use loss::{Counted, LossyLink, LostFlow, lossy_links};
pub use network::{Passes, decode_network};
pub use read::{ReadError, Reading, payload};
pub use report::{EpochReport, FlowRecord, Reason};
pub use share::decoded_share;
pub use switch::{Count, Switch};
