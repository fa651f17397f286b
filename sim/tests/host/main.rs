//! The host side.

mod frames;
mod metadata;
mod programs;
mod recovery;
mod replicas;
