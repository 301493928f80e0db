//! The region table and the metadata table.

use crate::capture::field;

/// The longest metadata table: a header and 2047 entries of 32 bytes.
pub(super) const METADATA_TABLE: usize = 64 << 10;
const REGION_TABLE: usize = 64 << 10;
const ENTRY: usize = 32;
const MOST_ENTRIES: usize = 2047;

const METADATA_REGION: [u8; 16] = guid(0x8B7CA206_4790_4B9A_B8FE_575F050F886E);
const FILE_PARAMETERS: [u8; 16] = guid(0xCAA16737_FA36_4D43_B3B6_33F0AA44E76B);
const VIRTUAL_DISK_SIZE: [u8; 16] = guid(0x2FA54224_CD1B_4876_B211_5DBED83BF4B8);
const PARENT_LOCATOR: [u8; 16] = guid(0xA8D35F2D_B30B_454D_ABF7_D3D84834AB0C);

/// The items that matter; each `T` stands for one in the file.
pub(super) struct Items<T> {
    pub(super) parameters: T,
    pub(super) virtual_size: T,
    pub(super) has_parent_locator: bool,
}

impl<T> Items<T> {
    pub(super) fn map<U>(self, to: impl Fn(T) -> U) -> Items<U> {
        Items {
            parameters: to(self.parameters),
            virtual_size: to(self.virtual_size),
            has_parent_locator: self.has_parent_locator,
        }
    }
}

/// Where the metadata region begins. A reader may use either copy of the region table, so both have to agree.
pub(super) fn metadata_region(tables: &[u8]) -> Result<u64, &'static str> {
    let mut sound = tables.chunks_exact(REGION_TABLE).filter(|table| table.starts_with(b"regi"));
    let first = metadata_entry(sound.next().ok_or("there is no region table")?)?;
    match sound.next().map(metadata_entry) {
        Some(second) if second? != first => Err("the region tables name two metadata regions"),
        _ => Ok(first),
    }
}

fn metadata_entry(table: &[u8]) -> Result<u64, &'static str> {
    let count = u32::from_le_bytes(field(table, 8));
    let entries = entries(table, 16, usize::try_from(count).unwrap_or(usize::MAX))?;
    let entry = one(entries, METADATA_REGION)?.ok_or("there is no metadata region")?;
    Ok(u64::from_le_bytes(field(entry, 16)))
}

/// Where the items begin, counted from the metadata region.
pub(super) fn items(table: &[u8]) -> Result<Items<u64>, &'static str> {
    if !table.starts_with(b"metadata") {
        return Err("there is no metadata table");
    }
    let count = u16::from_le_bytes(field(table, 10));
    let entries = entries(table, 32, count.into())?;
    let offset = |id, missing| {
        let entry = one(entries, id)?.ok_or(missing)?;
        let offset = u32::from_le_bytes(field(entry, 16));
        let behind = offset as usize >= METADATA_TABLE;
        if behind { Ok(u64::from(offset)) } else { Err("a metadata item lies inside its table") }
    };
    Ok(Items {
        parameters: offset(FILE_PARAMETERS, "there are no file parameters")?,
        virtual_size: offset(VIRTUAL_DISK_SIZE, "there is no virtual disk size")?,
        has_parent_locator: one(entries, PARENT_LOCATOR)?.is_some(),
    })
}

fn entries(table: &[u8], header: usize, count: usize) -> Result<&[u8], &'static str> {
    let end = header + ENTRY * count.min(MOST_ENTRIES + 1);
    table.get(header..end).filter(|_| count <= MOST_ENTRIES).ok_or("a table has too many entries")
}

/// The only entry with this id; of several, readers take different ones.
fn one(entries: &[u8], id: [u8; 16]) -> Result<Option<&[u8]>, &'static str> {
    let mut found = entries.chunks_exact(ENTRY).filter(|entry| entry.starts_with(&id));
    let first = found.next();
    if found.next().is_some() { Err("a table has an entry twice") } else { Ok(first) }
}

/// An id as it stands in a file: the first three groups little-endian.
const fn guid(id: u128) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, rest @ ..] = id.to_be_bytes();
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}
