//! What state-compute replication is compared with (section 4.1 of the paper): state that cores share, state that is
//! split among cores by flow, and packets that are sprayed without their history.

mod rss;
mod rss_plus_plus;
mod shard;
mod shared;
mod toeplitz;

pub use rss::Rss;
pub use rss_plus_plus::{Bucketed, Buckets, RssPlusPlus};
pub use shard::Shard;
pub use shared::{Atomic, Cell, Locked, Shared, SharedCore};
pub use toeplitz::Toeplitz;
