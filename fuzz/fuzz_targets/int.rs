//! INT headers and reports: read, written back, and taken by nodes and a collector.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seqnic_fuzz::int::check(bytes));
