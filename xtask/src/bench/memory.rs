//! Memory that is there for the files that are written next.
//!
//! A guest may hand free memory back to its hypervisor (Linux, "Free Page Reporting"), and the first touch of each page then
//! takes longer than writing it: whoever is measured would pay for what the one before gave up.

use crate::Result;
use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};
use tempfile::tempfile_in;

/// As large as what servers write at once, which the page cache keeps in one piece; two of them make one that is reported
/// (`page_reporting_order`).
const PIECE: usize = 1 << 20;

/// Memory that was touched, and stays with this guest as long as the half of it that is still in use.
#[must_use]
pub(super) struct Touched {
    _neighbours: File,
}

/// Has the system keep so many bytes free, in pieces too small to be handed back: those beside them are in use.
pub(super) fn touch(folder: &Path, bytes: u64) -> Result<Touched> {
    weave(folder, bytes).map_err(|err| format!("cannot touch memory by files in {}: {err}", folder.display()))
}

fn weave(folder: &Path, bytes: u64) -> io::Result<Touched> {
    let (mut freed, mut neighbours) = (tempfile_in(folder)?, tempfile_in(folder)?);
    let piece = vec![0; PIECE];
    for _ in 0..bytes.div_ceil(PIECE as u64) {
        freed.write_all(&piece)?;
        neighbours.write_all(&piece)?;
    }
    // Else the disk would be busy with them later.
    neighbours.sync_data()?;
    Ok(Touched { _neighbours: neighbours })
}
