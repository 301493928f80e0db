//! No VMDK passes whose descriptor names a parent, or can be read in two ways.
#![no_main]

use casement_inspect::{Inspector, Settings, judge};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let text = &text[..text.len().min(1024)];
    let mut data = vec![0; 512 + 1024];
    data[..4].copy_from_slice(b"KDMV");
    data[4] = 1;
    data[12] = 8;
    data[28] = 1;
    data[36] = 2;
    data[512..512 + text.len()].copy_from_slice(text);
    let mut inspector = Inspector::new();
    inspector.feed(&data);
    if judge(&inspector.finish(), "vmdk", "bare", &Settings::default()).is_ok() {
        let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
        let seen = String::from_utf8_lossy(&text[..end]).to_lowercase();
        assert!(!seen.contains("parentfilenamehint"));
        assert_eq!(seen.matches("createtype").count(), 1);
    }
});
