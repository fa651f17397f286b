//! Networks of switches that packets are routed through, and paths of INT nodes.

mod fat_tree;
mod int_path;
mod upstream;

pub use fat_tree::FatTree;
pub use int_path::{IntHop, IntPath, Journey, LinkSpec, Passage};
pub use upstream::Upstream;
