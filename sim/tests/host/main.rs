//! The host side.

mod baselines;
mod frames;
mod load_balancer;
mod metadata;
mod programs;
mod recovery;
mod replicas;
