//! The generators of synthetic traffic, one per family of traces.

mod checksum;
mod conversation;
mod conversations;
mod frame;
mod headers;
mod payload;
mod stress;
mod zipf;

pub(super) use conversations::Conversations;
pub(super) use headers::HeaderArrangements;
pub(super) use payload::Payload;
pub(super) use stress::Stress;
pub(super) use zipf::ZipfFlows;
