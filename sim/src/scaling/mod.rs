//! How throughput grows with cores: the paper's model, a simulation of cores and queues, and the search for the rate that a
//! machine forwards without loss.

mod costs;
mod logged;
mod search;
mod shards;
mod shared;
mod simulation;

pub use costs::{Costs, TABLE4, Table4};
pub use search::{MOST_LOSS, PRECISION_MPPS, Trial, loss_free_rate};
pub use simulation::{Arrival, Machine, QUEUE_PACKETS, Recovering, Sharding, Sharing, Technique};
