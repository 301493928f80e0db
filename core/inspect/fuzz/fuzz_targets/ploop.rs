#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| casement_inspect_fuzz::ploop(data));
