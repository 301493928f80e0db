//! Reading: an object, or a listing.

use casement_sdk::{
    Bytes, Entry, Range, Result,
    blocking::{Lister, Reader},
};
use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom, Take},
    path::Path,
};

/// How much is read at once.
const CHUNK: usize = 1 << 20;

/// An object being read, up to the end of the range.
#[derive(Debug)]
pub struct ShelfReader(Take<File>);

impl ShelfReader {
    pub(crate) fn open(path: &Path, range: Range) -> io::Result<Self> {
        let mut file = File::open(path)?;
        // Behind the end there is nothing to read; some systems take no offset that large.
        let offset = range.offset.min(file.metadata()?.len());
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self(file.take(range.len.unwrap_or(u64::MAX))))
    }
}

impl Reader for ShelfReader {
    fn next(&mut self) -> Result<Option<Bytes>> {
        let mut chunk = Vec::new();
        self.0.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        Ok((!chunk.is_empty()).then(|| chunk.into()))
    }
}

/// A listing, sorted; what has not been asked for yet.
#[derive(Debug)]
pub struct Pages(pub(crate) Vec<Entry>);

impl Lister for Pages {
    fn next_page(&mut self) -> Result<Vec<Entry>> {
        const PAGE: usize = 1000;
        Ok(self.0.drain(..self.0.len().min(PAGE)).collect())
    }
}
