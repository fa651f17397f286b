//! The host side: what consumes what the hardware sends.

pub mod collector;
