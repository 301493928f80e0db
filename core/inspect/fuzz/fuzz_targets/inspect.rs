//! Any bytes have an answer, which is the same for chunks of any size.
#![no_main]

use casement_inspect::{Inspection, Inspector, Settings, judge};
use libfuzzer_sys::fuzz_target;

fn inspect(data: &[u8], chunk: usize) -> Inspection {
    let mut inspector = Inspector::new();
    data.chunks(chunk).for_each(|chunk| inspector.feed(chunk));
    inspector.finish()
}

fuzz_target!(|data: &[u8]| {
    let inspection = inspect(data, 1 << 20);
    for chunk in [1, 509, 4096] {
        assert_eq!(inspect(data, chunk), inspection);
    }
    for format in ["raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "iso", "gpt", "luks", "aki"] {
        if let Err(refusal) = judge(&inspection, format, "bare", &Settings::default()) {
            assert!(!refusal.to_string().is_empty());
        }
    }
});
