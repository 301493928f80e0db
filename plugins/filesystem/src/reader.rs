//! Reading a range of an object.

use crate::backend::Root;
use crate::platform;
use casement_sdk::{Bytes, Error, Kind, Range, Result, blocking};
use std::fs::File;
use std::sync::Arc;

/// From this many bytes on it pays to tell the system that they will be read in order.
const LONG: u64 = 4 << 20;

/// An object being read. The open file stays whole when its name is removed.
#[derive(Debug)]
pub struct Reader {
    root: Arc<Root>,
    key: String,
    file: File,
    at: u64,
    end: u64,
    chunk_size: u64,
}

impl Reader {
    pub(crate) fn new(root: &Arc<Root>, key: &str, file: File, range: Range, chunk_size: u64) -> Result<Self> {
        let size = file.metadata().map_err(|error| root.failed("looking at", key, error))?.len();
        let end = range.len.map_or(size, |len| range.offset.saturating_add(len).min(size));
        let at = range.offset.min(end);
        if end - at >= LONG {
            platform::will_read(&file, at, end - at);
        }
        Ok(Self { root: Arc::clone(root), key: key.to_owned(), file, at, end, chunk_size })
    }
}

impl blocking::Reader for Reader {
    fn next(&mut self) -> Result<Option<Bytes>> {
        let wanted = self.chunk_size.min(self.end - self.at);
        if wanted == 0 {
            return Ok(None);
        }
        let chunk = platform::read_at(&self.file, self.at, wanted as usize)
            .map_err(|error| self.root.failed("reading", &self.key, error))?;
        if chunk.is_empty() {
            let message = format!("`{}` became shorter than {} bytes while it was read", self.key, self.end);
            return Err(Error::new(Kind::Corrupt, message));
        }
        self.at += chunk.len() as u64;
        Ok(Some(chunk.into()))
    }
}
