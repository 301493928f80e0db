//! Disks with a partition table: the boot sector's, also where it only protects a GPT.
//! Source: UEFI 2.10, chapter 5.

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};

const BOOT_SIGNATURE: [u8; 2] = [0x55, 0xAA];
const FIXED_DISK: u8 = 0xF8;
const PROTECTIVE: u8 = 0xEE;

pub(crate) struct Gpt {
    boot_sector: Capture,
}

impl Gpt {
    pub(crate) fn new() -> Self {
        Self { boot_sector: Capture::new(0, 512) }
    }
}

impl Probe for Gpt {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.boot_sector.feed(at, chunk);
        !self.boot_sector.is_full()
    }

    fn finish(&self, end: &End<'_>) -> Option<Match> {
        let sector = self.boot_sector.bytes();
        if !sector.ends_with(&BOOT_SIGNATURE) || !self.boot_sector.is_full() || is_fat(sector) {
            return None;
        }
        let found = Match::new(Format::Gpt, end.size, true);
        Some(match broken_table(sector) {
            Some(reason) => found.refuse_if(true, "mbr", reason),
            None => found,
        })
    }
}

/// A FAT filesystem begins with a sector of the same signature: two tables, on a fixed disk.
fn is_fat(sector: &[u8]) -> bool {
    sector[0x10] == 2 && sector[0x15] == FIXED_DISK
}

fn broken_table(sector: &[u8]) -> Option<&'static str> {
    let entries: [[u8; 16]; 4] = [446, 462, 478, 494].map(|at| field(sector, at));
    let kind = |entry: &[u8; 16]| entry[4];
    if entries.iter().any(|entry| !matches!(entry[0], 0x00 | 0x80)) {
        return Some("a partition has an invalid boot flag");
    }
    if entries.iter().all(|entry| kind(entry) == 0) {
        return Some("the table has no partitions");
    }
    let protective = entries.iter().filter(|entry| kind(entry) == PROTECTIVE);
    for entry in protective {
        if entry[1..4] != [0x00, 0x02, 0x00] {
            return Some("the protective partition has an invalid start CHS");
        }
        if u32::from_le_bytes(field(entry, 8)) != 1 {
            return Some("the protective partition has an invalid start LBA");
        }
        if kind(&entries[0]) == 0 || entries[1..].iter().any(|entry| kind(entry) != 0) {
            return Some("the protective partition is not the only one");
        }
    }
    None
}
