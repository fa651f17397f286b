//! Headers and rows of frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seqnic_fuzz::rows::check(bytes));
