//! The data of one file into another: by sharing its clusters where the volume can, else by reading and writing.

use super::{
    Answer, Api, Code, NtfsFile, Setting,
    api::constants::{FILE_ATTRIBUTE_SPARSE_FILE, FSCTL_QUERY_ALLOCATED_RANGES},
};
use crate::{Class, Error, File, Result};
use std::ops::Range;

/// What is shared by one call, which must be less than 4 GiB and whole clusters ("Block Cloning on ReFS").
const PIECE: u64 = 1 << 30;
/// What is read and written at once.
const CHUNK: u64 = 1 << 20;
/// The size of a `FILE_ALLOCATED_RANGE_BUFFER`.
const RANGE: usize = 16;

pub(super) fn copy<A: Api>(source: &NtfsFile<A>, target: &NtfsFile<A>, size: u64) -> Result<()> {
    let found = source.api().information(source.handle())?;
    if found.size < size {
        return Err(shorter());
    }
    let is_sparse = found.attributes & FILE_ATTRIBUTE_SPARSE_FILE != 0 && target.make_sparse()?;
    if clone(source, target, size)? {
        return Ok(());
    }
    let mut from = 0;
    while let Some(range) = next_data(source, from..size, is_sparse)? {
        from = range.end;
        copy_range(source, target, range)?;
    }
    target.set_len(size)
}

/// Whether the target now has the data of the source without a copy.
fn clone<A: Api>(source: &NtfsFile<A>, target: &NtfsFile<A>, size: u64) -> Answer<bool> {
    let (api, feature) = (target.api(), &target.volume().features.clone);
    if !feature.is_there() || source.volume().identity != target.volume().identity {
        return Ok(false);
    }
    let cluster = api.cluster_size(&target.volume().root.extended())?.max(1);
    api.set(target.handle(), &Setting::EndOfFile(size))?;
    let mut offset = 0;
    while offset < size {
        // The last cluster is shared whole, beyond the end of both files.
        let length = PIECE.min((size - offset).next_multiple_of(cluster));
        let share = || api.duplicate_extents(source.handle(), target.handle(), offset, length);
        match feature.attempt(share) {
            Ok(Some(())) => offset += length,
            Ok(None) | Err(Code::BLOCK_TOO_MANY_REFERENCES) => return Ok(false),
            Err(code) if code.is_for_owner() => return Ok(false),
            Err(code) => return Err(code),
        }
    }
    Ok(true)
}

/// The first part of a range that is not a hole; all of it where nobody knows.
fn next_data<A: Api>(file: &NtfsFile<A>, range: Range<u64>, is_sparse: bool) -> Answer<Option<Range<u64>>> {
    if range.is_empty() {
        return Ok(None);
    }
    if !is_sparse {
        return Ok(Some(range));
    }
    let mut asked = [0; RANGE];
    asked[..8].copy_from_slice(&range.start.to_le_bytes());
    asked[8..].copy_from_slice(&(range.end - range.start).to_le_bytes());
    let mut told = [0; RANGE];
    let ask = || file.api().control(file.handle(), FSCTL_QUERY_ALLOCATED_RANGES, &asked, &mut told);
    match file.volume().features.ranges.attempt(ask)? {
        None => Ok(Some(range)),
        Some(0) => Ok(None),
        Some(_) => Ok(Some(range_of(&told)).map(|found| found.start.max(range.start)..found.end.min(range.end))),
    }
}

fn copy_range<A: Api>(source: &NtfsFile<A>, target: &NtfsFile<A>, range: Range<u64>) -> Result<()> {
    let mut offset = range.start;
    while offset < range.end {
        let data = source.read_at(offset, CHUNK.min(range.end - offset) as usize)?;
        if data.is_empty() {
            return Err(shorter());
        }
        target.write_all_at(&data, offset)?;
        offset += data.len() as u64;
    }
    Ok(())
}

fn range_of(buffer: &[u8; RANGE]) -> Range<u64> {
    let [start, length] = [0, 8].map(|at| {
        let mut number = [0; 8];
        number.copy_from_slice(&buffer[at..at + 8]);
        u64::from_le_bytes(number)
    });
    start..start.saturating_add(length)
}

fn shorter() -> Error {
    Error::new(Class::Corrupt, "the object became shorter while it was copied")
}
