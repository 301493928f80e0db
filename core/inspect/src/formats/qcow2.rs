//! QEMU copy-on-write, versions 2 and 3; big-endian.
//! Source: docs/interop/qcow2.rst of QEMU.
//!
//! Stricter than Glance: a file shorter than its header is still a qcow2 file.

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};

const MAGIC: &[u8] = b"QFI\xfb";
/// Feature bits without which a reader must not open the file.
const DATA_FILE: u64 = 1 << 2;
/// Dirty, corrupt, data file, compression type. Extended L2 entries (bit 4) are none of Glance's either.
const KNOWN_FEATURES: u64 = 0b1111;

pub(crate) struct Qcow2 {
    head: Capture,
}

impl Qcow2 {
    pub(crate) fn new() -> Self {
        Self { head: Capture::new(0, 512) }
    }
}

impl Probe for Qcow2 {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.head.feed(at, chunk);
        !self.head.is_full()
    }

    fn finish(&self, _: &End<'_>) -> Option<Match> {
        let head = self.head.bytes();
        if !head.starts_with(MAGIC) {
            return None;
        }
        let version = u32::from_be_bytes(field(head, 4));
        let backing_file = u64::from_be_bytes(field(head, 8));
        let virtual_size = u64::from_be_bytes(field(head, 24));
        // Version 2 has other things at this place.
        let features = if version == 2 { 0 } else { u64::from_be_bytes(field(head, 72)) };
        let found = Match::new(Format::Qcow2, virtual_size, self.head.is_full())
            .refuse_if(backing_file != 0, "backing_file", "the image names a backing file")
            .refuse_if(features & DATA_FILE != 0, "data_file", "the image names an external data file")
            .refuse_if(!matches!(version, 2 | 3), "unknown_features", "the version is neither 2 nor 3")
            .refuse_if(features & !KNOWN_FEATURES != 0, "unknown_features", "an unknown feature bit is set");
        Some(found)
    }
}
