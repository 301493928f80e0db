//! Linux unified key setup, version 1; big-endian.
//! Source: LUKS on-disk format 1.2.3. Without a passphrase nobody can tell what is inside.

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};

const MAGIC: &[u8] = b"LUKS\xba\xbe";

pub(crate) struct Luks {
    /// The header with its eight key slots.
    head: Capture,
}

impl Luks {
    pub(crate) fn new() -> Self {
        Self { head: Capture::new(0, 592) }
    }
}

impl Probe for Luks {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.head.feed(at, chunk);
        !self.head.is_full()
    }

    fn finish(&self, end: &End<'_>) -> Option<Match> {
        let head = self.head.bytes();
        if !head.starts_with(MAGIC) {
            return None;
        }
        let version = u16::from_be_bytes(field(head, 6));
        let payload = u64::from(u32::from_be_bytes(field(head, 104))) * 512;
        let found = Match::new(Format::Luks, end.size.saturating_sub(payload), self.head.is_full()).refuse_if(
            version != 1,
            "version",
            "the version is not 1",
        );
        Some(found)
    }
}
