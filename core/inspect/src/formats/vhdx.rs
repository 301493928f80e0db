//! Microsoft virtual hard disk, version 2; little-endian.
//! Source: MS-VHDX. The way to the virtual size leads over a region table, a metadata table and an item.
//!
//! Stricter than Glance, which takes any: differencing disks, a log that would change the file when it is
//! opened, and tables that two readers could read in two ways.

mod headers;
mod tables;

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Match, Probe},
};
use tables::Items;

const MAGIC: &[u8] = b"vhdxfile";
const KIB: usize = 1 << 10;
/// Two copies of the region table; everything that they point to comes later.
const REGION_TABLES: u64 = 192 << 10;
const FIRST_REGION: u64 = 320 << 10;
const HAS_PARENT: u32 = 0b10;

pub(crate) struct Vhdx {
    identifier: Capture,
    headers: [Capture; 2],
    regions: Capture,
    metadata: Option<Capture>,
    items: Option<Items<Capture>>,
    /// Why the way ends.
    broken: Option<&'static str>,
}

impl Vhdx {
    pub(crate) fn new() -> Self {
        Self {
            identifier: Capture::new(0, MAGIC.len()),
            headers: [64 << 10, 128 << 10].map(|start| Capture::new(start, 4 * KIB)),
            regions: Capture::new(REGION_TABLES, 128 * KIB),
            metadata: None,
            items: None,
            broken: None,
        }
    }

    /// Goes on as far as the chunk reaches. Every region begins behind the one that names it, so that it is
    /// never missed.
    fn follow(&mut self, at: u64, chunk: &[u8]) -> Result<(), &'static str> {
        if self.regions.is_full() && self.metadata.is_none() {
            let start = tables::metadata_region(self.regions.bytes())?;
            if start < FIRST_REGION {
                return Err("the metadata region lies inside the header");
            }
            self.metadata = Some(Capture::new(start, tables::METADATA_TABLE));
        }
        let Some(metadata) = &mut self.metadata else { return Ok(()) };
        metadata.feed(at, chunk);
        if metadata.is_full() && self.items.is_none() {
            let items = tables::items(metadata.bytes())?;
            self.items = Some(items.map(|offset| Capture::new(metadata.start().saturating_add(offset), 8)));
        }
        if let Some(items) = &mut self.items {
            items.parameters.feed(at, chunk);
            items.virtual_size.feed(at, chunk);
        }
        Ok(())
    }

    fn has_all(&self) -> bool {
        self.items.as_ref().is_some_and(|items| items.parameters.is_full() && items.virtual_size.is_full())
    }
}

impl Probe for Vhdx {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.identifier.feed(at, chunk);
        if !MAGIC.starts_with(self.identifier.bytes()) {
            return false;
        }
        self.headers.iter_mut().for_each(|header| header.feed(at, chunk));
        self.regions.feed(at, chunk);
        self.broken = self.follow(at, chunk).err();
        self.broken.is_none() && !self.has_all()
    }

    fn finish(&self, _: &End<'_>) -> Option<Match> {
        if self.identifier.bytes() != MAGIC {
            return None;
        }
        let items = self.items.as_ref();
        let virtual_size = items.map_or(0, |items| u64::from_le_bytes(field(items.virtual_size.bytes(), 0)));
        let flags = items.map_or(0, |items| u32::from_le_bytes(field(items.parameters.bytes(), 4)));
        let has_parent = flags & HAS_PARENT != 0 || items.is_some_and(|items| items.has_parent_locator);
        let has_log = headers::has_log(self.headers.each_ref().map(Capture::bytes));
        let found = Match::new(Format::Vhdx, virtual_size, self.has_all() || self.broken.is_some())
            .refuse_if(has_parent, "parent_locator", "a differencing disk names a parent")
            .refuse_if(has_log, "log", "the log has changes that are not in the file yet")
            .refuse_if(self.broken.is_some(), "metadata", self.broken.unwrap_or_default());
        Some(found)
    }
}
