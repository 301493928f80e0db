//! Connectix/Microsoft virtual hard disk; big-endian.
//! Source: "Virtual Hard Disk Image Format Specification", Microsoft, 2006.
//!
//! A dynamic disk begins with a copy of its footer. A fixed disk has the footer at the end only, and is plain
//! data otherwise: Glance takes it for `raw`, although Hyper-V makes it and Azure requires it.
//! Stricter than Glance: differencing disks, which name a parent, in either footer.

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};

const COOKIE: &[u8] = b"conectix";
const FOOTER: usize = 512;
const FIXED: u32 = 2;
const DIFFERENCING: u32 = 4;

pub(crate) struct Vhd {
    head: Capture,
}

impl Vhd {
    pub(crate) fn new() -> Self {
        Self { head: Capture::new(0, FOOTER) }
    }
}

impl Probe for Vhd {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.head.feed(at, chunk);
        !self.head.is_full()
    }

    fn finish(&self, end: &End<'_>) -> Option<Match> {
        let head = self.head.bytes();
        if !head.starts_with(COOKIE) {
            return None;
        }
        // Some readers trust the footer at the end more than its copy.
        let footer = end.tail.last(FOOTER).filter(|footer| footer.starts_with(COOKIE));
        let differs = [Some(head), footer].into_iter().flatten().any(|footer| disk_type(footer) == DIFFERENCING);
        let found = Match::new(Format::Vhd, disk_size(head), self.head.is_full()).refuse_if(
            differs,
            "parent",
            "a differencing disk names a parent",
        );
        Some(found)
    }
}

/// The fixed disk that a footer makes of the data before it, if there is a sound one.
pub(crate) fn fixed(end: &End<'_>) -> Option<Match> {
    let footer = end.tail.last(FOOTER)?;
    let is_sound = footer.starts_with(COOKIE)
        && disk_type(footer) == FIXED
        && checksum(footer) == u32::from_be_bytes(field(footer, 64))
        && disk_size(footer) == end.size - FOOTER as u64;
    is_sound.then(|| Match::new(Format::Vhd, disk_size(footer), true))
}

/// The current size; the original one for writers that leave the current one empty.
fn disk_size(footer: &[u8]) -> u64 {
    match u64::from_be_bytes(field(footer, 48)) {
        0 => u64::from_be_bytes(field(footer, 40)),
        current => current,
    }
}

fn disk_type(footer: &[u8]) -> u32 {
    u32::from_be_bytes(field(footer, 60))
}

/// The one's complement of the sum of all bytes but the checksum itself.
fn checksum(footer: &[u8]) -> u32 {
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    !(sum(&footer[..64]) + sum(&footer[68..]))
}
