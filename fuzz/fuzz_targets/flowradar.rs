//! FlowRadar exports: damaged, and decoded into nothing but what was recorded.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seqnic_fuzz::flowradar::check(bytes));
