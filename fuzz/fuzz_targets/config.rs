//! Configurations: refused in words, or read back from their echo.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seqnic_fuzz::config::check(bytes));
