//! ISO 9660 and UDF: volume descriptors after 32 KiB that belong to the system.
//! Source: ECMA-119, ECMA-167.
//!
//! Unlike Glance, data without a primary volume descriptor has its own size as virtual size, instead of none.

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};

const PRIMARY: u8 = 1;

pub(crate) struct Iso {
    descriptor: Capture,
}

impl Iso {
    pub(crate) fn new() -> Self {
        Self { descriptor: Capture::new(32 << 10, 2 << 10) }
    }
}

impl Probe for Iso {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.descriptor.feed(at, chunk);
        !self.descriptor.is_full()
    }

    fn finish(&self, end: &End<'_>) -> Option<Match> {
        let descriptor = self.descriptor.bytes();
        let identifier: [u8; 5] = field(descriptor, 1);
        if !self.descriptor.is_full() || !matches!(&identifier, b"CD001" | b"NSR02" | b"NSR03") {
            return None;
        }
        // Both fields are written twice; this is the little-endian one.
        let blocks = u32::from_le_bytes(field(descriptor, 80));
        let block_size = u16::from_le_bytes(field(descriptor, 128));
        let primary = descriptor[0] == PRIMARY;
        let virtual_size = if primary { u64::from(blocks) * u64::from(block_size) } else { end.size };
        Some(Match::new(Format::Iso, virtual_size, true))
    }
}
