//! Frames through the models of sequencer and stripper.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seqnic_fuzz::prefix::check(bytes));
