use super::{
    hold::{bytes, hold, take},
    seal::seal_vhdx_header,
};

/// A digest's parts after its byte of choices, and where they stand in an image. The metadata comes last, at the place that
/// the first region table names.
pub(crate) const PARTS: [(usize, usize); 4] = [(64 << 10, 80), (128 << 10, 80), (192 << 10, 112), (256 << 10, 112)];
/// The metadata table, as much as has entries, and the items that follow the whole table.
pub(crate) const METADATA: [(usize, usize); 2] = [(0, 288), (64 << 10, 64)];
/// The first two entries of both region tables: an id, and 16 bytes later a place.
pub(crate) const REGION_ENTRIES: [usize; 4] = [(192 << 10) + 16, (192 << 10) + 48, (256 << 10) + 16, (256 << 10) + 48];
pub(crate) const METADATA_REGION: [u8; 16] =
    [0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E];
const HEADER: usize = 4096;
/// Bits of a digest's first byte.
const SEALED: u8 = 1;
const SAME_REGIONS: u8 = 2;
const PARENT_LOCATOR: [u8; 16] =
    [0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C];
const VIRTUAL_DISK_SIZE: [u8; 16] =
    [0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8];

/// Where the metadata lies by the first region table, or where it may as well lie.
pub(crate) fn metadata_at(data: &[u8]) -> usize {
    const NEAR: std::ops::RangeInclusive<u64> = 320 << 10..=3 << 20;
    let mut first_table = REGION_ENTRIES[..2].iter().filter(|at| bytes(data, **at) == METADATA_REGION);
    let named = first_table.next().map(|at| u64::from_le_bytes(bytes(data, at + 16)));
    named.filter(|at| NEAR.contains(at)).map_or(1 << 20, |at| at as usize)
}

/// No VHDX passes that names a parent, has a log, or says two sizes.
pub fn vhdx(digest: &[u8]) {
    let data = image(digest);
    let accepted = hold(&data);
    let metadata = metadata_at(&data);
    let count = usize::from(u16::from_le_bytes(bytes(&data, metadata + 10)));
    let entries: Vec<[u8; 32]> = (0..count).map(|index| bytes(&data, metadata + 32 + 32 * index)).collect();
    let Some(size) = accepted.size("vhdx") else { return };
    assert!(!entries.iter().any(|entry| entry.starts_with(&PARENT_LOCATOR)), "a parent");
    let sizes: Vec<_> = entries.iter().filter(|entry| entry.starts_with(&VIRTUAL_DISK_SIZE)).collect();
    assert_eq!(sizes.len(), 1);
    let item = u32::from_le_bytes(bytes(sizes[0], 16)) as usize;
    assert_eq!(size, u64::from_le_bytes(bytes(&data, metadata + item)));
    let [first, second] = [64 << 10, 128 << 10].map(|at| &data[at..at + HEADER]);
    if sound(first) && (!sound(second) || sequence(first) > sequence(second)) {
        assert_eq!(bytes(first, 48), [0; 16], "a log");
    }
}

fn sequence(header: &[u8]) -> u64 {
    u64::from_le_bytes(bytes(header, 8))
}

fn sound(header: &[u8]) -> bool {
    let mut sealed = header.to_vec();
    seal_vhdx_header(&mut sealed);
    header.starts_with(b"head") && sealed == header
}

fn image(digest: &[u8]) -> Vec<u8> {
    let mut rest = digest;
    let choices = take(&mut rest, 1)[0];
    let mut data = vec![0; 320 << 10];
    data[..8].copy_from_slice(b"vhdxfile");
    for (at, len) in PARTS {
        data[at..at + len].copy_from_slice(&take(&mut rest, len));
    }
    if choices & SEALED != 0 {
        PARTS[..2].iter().for_each(|(at, _)| seal_vhdx_header(&mut data[*at..at + HEADER]));
    }
    if choices & SAME_REGIONS != 0 {
        data.copy_within(192 << 10..256 << 10, 256 << 10);
    }
    let metadata = metadata_at(&data);
    data.resize(metadata + METADATA[1].0, 0);
    for (at, len) in METADATA {
        let part = take(&mut rest, len);
        data.resize(data.len().max(metadata + at + len), 0);
        data[metadata + at..metadata + at + len].copy_from_slice(&part);
    }
    data.extend_from_slice(rest);
    data
}
