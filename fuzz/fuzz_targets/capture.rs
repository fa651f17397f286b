//! Captures: read packet by packet, or refused in words.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seqnic_fuzz::capture::check(bytes));
