//! VirtualBox disk image; little-endian.
//! Source: block/vdi.c of QEMU.
//!
//! Stricter than Glance: undo and differencing images, which are nothing without their parent.

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};

const SIGNATURE: u32 = 0xBEDA_107F;
const UNDO: u32 = 3;
const DIFFERENCING: u32 = 4;

pub(crate) struct Vdi {
    head: Capture,
}

impl Vdi {
    pub(crate) fn new() -> Self {
        Self { head: Capture::new(0, 512) }
    }
}

impl Probe for Vdi {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.head.feed(at, chunk);
        !self.head.is_full()
    }

    fn finish(&self, _: &End<'_>) -> Option<Match> {
        let head = self.head.bytes();
        if u32::from_le_bytes(field(head, 0x40)) != SIGNATURE {
            return None;
        }
        let kind = u32::from_le_bytes(field(head, 0x4C));
        let virtual_size = u64::from_le_bytes(field(head, 0x170));
        // The parent's snapshot and the parent.
        let parent: [u8; 32] = field(head, 0x1A8);
        let found = Match::new(Format::Vdi, virtual_size, self.head.is_full()).refuse_if(
            matches!(kind, UNDO | DIFFERENCING) || parent != [0; 32],
            "parent",
            "the image names a parent",
        );
        Some(found)
    }
}
