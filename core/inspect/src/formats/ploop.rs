//! Parallels disk image; little-endian.
//! Source: docs/interop/parallels.rst of QEMU.
//!
//! Beyond Glance, which accepts `ploop` unseen: its disk's size is recorded. Data without these marks may still claim to
//! be `ploop`, as it may in Glance.

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};

/// The older layout counts sectors in 32 bits.
const SMALL: &[u8] = b"WithoutFreeSpace";
const LARGE: &[u8] = b"WithouFreSpacExt";

pub(crate) struct Ploop {
    head: Capture,
}

impl Ploop {
    pub(crate) fn new() -> Self {
        Self { head: Capture::new(0, 64) }
    }
}

impl Probe for Ploop {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.head.feed(at, chunk);
        !self.head.is_full()
    }

    fn finish(&self, _: &End<'_>) -> Option<Match> {
        let head = self.head.bytes();
        let sectors = if head.starts_with(SMALL) {
            u64::from(u32::from_le_bytes(field(head, 36)))
        } else if head.starts_with(LARGE) {
            u64::from_le_bytes(field(head, 36))
        } else {
            return None;
        };
        Some(Match::new(Format::Ploop, sectors.saturating_mul(512), self.head.is_full()))
    }
}
