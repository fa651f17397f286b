//! Networks of switches that packets are routed through.

mod fat_tree;

pub use fat_tree::FatTree;
