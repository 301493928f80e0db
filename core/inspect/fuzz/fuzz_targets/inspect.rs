//! Any bytes have an answer, which is the same for chunks of any size.
#![no_main]

use casement_inspect::{Inspector, Settings, judge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, Vec<u8>)| {
    let (size, data) = input;
    let [mut whole, mut in_chunks] = [Inspector::new(), Inspector::new()];
    whole.feed(&data);
    data.chunks(usize::from(size).max(1)).for_each(|chunk| in_chunks.feed(chunk));
    let inspection = whole.finish();
    assert_eq!(inspection, in_chunks.finish());
    for format in ["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "iso", "gpt", "luks", "aki"] {
        if let Err(refusal) = judge(&inspection, format, "bare", &Settings::default()) {
            assert!(!refusal.to_string().is_empty());
        }
    }
});
