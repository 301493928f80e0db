//! VMware virtual machine disk; little-endian.
//! Source: "Virtual Disk Format 5.0", VMware; block/vmdk.c of QEMU.
//!
//! Two kinds hold their data themselves: `monolithicSparse` and `streamOptimized`. A descriptor says which; it
//! follows the header, or is the whole file, and then names other files.
//! Stricter than Glance: a parent, a descriptor alone whatever its type, a descriptor that two readers could read in
//! two ways, a header without capacity; and a descriptor alone need not be ASCII to be seen, as for QEMU.

mod descriptor;

use crate::{
    Format,
    capture::{Capture, field},
    probe::{End, Finding, Match, Probe},
};
use descriptor::Descriptor;

const MAGIC: &[u8] = b"KDMV";
/// Where the descriptor begins behind a header; a descriptor without one goes on there.
const SECTOR: usize = 512;
/// As QEMU has it.
const LONGEST_DESCRIPTOR: usize = (1 << 20) - 1;
/// The place of the grain directory stands in a footer.
const AT_END: u64 = u64::MAX;

pub(crate) struct Vmdk {
    head: Capture,
    rest: Option<Capture>,
}

impl Vmdk {
    pub(crate) fn new() -> Self {
        Self { head: Capture::new(0, SECTOR), rest: None }
    }

    /// How much to read after the first sector.
    fn rest_len(&self) -> usize {
        let head = self.head.bytes();
        match SparseHeader::read(head) {
            Some(header) if header.broken().is_none() => {
                usize::try_from(header.descriptor_sectors.saturating_mul(SECTOR as u64))
                    .map_or(LONGEST_DESCRIPTOR, |len| len.min(LONGEST_DESCRIPTOR))
            }
            None if descriptor::may_begin_with(head) => LONGEST_DESCRIPTOR - SECTOR,
            _ => 0,
        }
    }

    fn sparse(&self, header: &SparseHeader, end: &End<'_>) -> Match {
        let footer = end.tail.last(3 * SECTOR).filter(|_| header.grain_directory == AT_END);
        let last_header = footer.and_then(|footer| SparseHeader::read(&footer[SECTOR..]));
        // A reader takes the footer's word.
        let sectors = last_header.as_ref().map_or(0, |footer| footer.sectors).max(header.sectors);
        let virtual_size = sectors.saturating_mul(SECTOR as u64);
        if let Some(reason) = header.broken() {
            return Match::new(Format::Vmdk, virtual_size, self.head.is_full()).refuse_if(true, "descriptor", reason);
        }
        let has_footer = footer.is_some() || header.grain_directory != AT_END;
        let has_descriptor = self.rest.as_ref().is_some_and(Capture::is_full);
        let mut found = Match::new(Format::Vmdk, virtual_size, has_footer && has_descriptor);
        let text = self.rest.as_ref().map_or(&[][..], Capture::bytes);
        let descriptor = Descriptor::new(text);
        found.vmdk_type = descriptor.vmdk_type();
        found.findings.extend(findings(&descriptor));
        match footer.and_then(|footer| broken_footer(header, last_header.as_ref(), footer)) {
            Some(reason) => found.refuse_if(true, "footer", reason),
            None => found,
        }
    }
}

impl Probe for Vmdk {
    fn feed(&mut self, at: u64, chunk: &[u8]) -> bool {
        self.head.feed(at, chunk);
        if !self.head.is_full() {
            return true;
        }
        let len = if self.rest.is_none() { self.rest_len() } else { 0 };
        let rest = self.rest.get_or_insert_with(|| Capture::new(SECTOR as u64, len));
        rest.feed(at, chunk);
        !rest.is_full()
    }

    fn finish(&self, end: &End<'_>) -> Option<Match> {
        let head = self.head.bytes();
        if let Some(header) = SparseHeader::read(head) {
            return Some(self.sparse(&header, end));
        }
        if !descriptor::may_begin_with(head) {
            return None;
        }
        let text = [head, self.rest.as_ref().map_or(&[], Capture::bytes)].concat();
        let descriptor = Descriptor::new(&text);
        let mut found = Match::new(Format::Vmdk, 0, true);
        found.findings.extend(findings(&descriptor));
        let elsewhere = "a descriptor alone has its data in other files";
        descriptor.is_named().then(|| found.refuse_if(true, "descriptor", elsewhere))
    }
}

fn findings(descriptor: &Descriptor) -> impl Iterator<Item = Finding> {
    let finding = |check| move |reason| Finding { format: Format::Vmdk, check, reason };
    let broken = descriptor.broken().map(finding("descriptor"));
    broken.into_iter().chain(descriptor.parent().map(finding("parent")))
}

/// The header of a sparse extent, also of a footer.
struct SparseHeader {
    version: u32,
    sectors: u64,
    descriptor_start: u64,
    descriptor_sectors: u64,
    grain_directory: u64,
}

impl SparseHeader {
    fn read(head: &[u8]) -> Option<Self> {
        head.starts_with(MAGIC).then(|| Self {
            version: u32::from_le_bytes(field(head, 4)),
            sectors: u64::from_le_bytes(field(head, 12)),
            descriptor_start: u64::from_le_bytes(field(head, 28)),
            descriptor_sectors: u64::from_le_bytes(field(head, 36)),
            grain_directory: u64::from_le_bytes(field(head, 56)),
        })
    }

    fn broken(&self) -> Option<&'static str> {
        if !matches!(self.version, 1..=3) {
            return Some("the version is none of 1, 2, 3");
        }
        if self.sectors == 0 {
            return Some("the header has no capacity, so that the descriptor's extents would count");
        }
        (self.descriptor_start != 1).then_some("the descriptor does not follow the header")
    }
}

/// A footer is a marker, a header that takes the first one's place, and a marker of the end.
fn broken_footer(first: &SparseHeader, last: Option<&SparseHeader>, footer: &[u8]) -> Option<&'static str> {
    const FOOTER: u32 = 3;
    const END_OF_STREAM: u32 = 0;
    let marker = |sector: &[u8]| {
        let kind = u32::from_le_bytes(field(sector, 12));
        let is_empty = field(sector, 8) == [0; 4] && sector[16..].iter().all(|byte| *byte == 0);
        is_empty.then_some(kind)
    };
    let Some(last) = last else { return Some("the footer has no signature") };
    let [opening, closing] = [&footer[..SECTOR], &footer[2 * SECTOR..]];
    if first.version != last.version {
        return Some("the footer has another version than the header");
    }
    let place = |header: &SparseHeader| (header.descriptor_start, header.descriptor_sectors);
    if place(first) != place(last) {
        return Some("the footer has another descriptor than the header");
    }
    if last.grain_directory == AT_END {
        return Some("the footer names another footer");
    }
    if marker(opening) != Some(FOOTER) {
        return Some("the footer's marker is invalid");
    }
    let ends = marker(closing) == Some(END_OF_STREAM) && field(closing, 0) == [0; 8];
    (!ends).then_some("the marker of the end is invalid")
}
