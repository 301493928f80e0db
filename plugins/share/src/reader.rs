//! Reading a range of an object.

use crate::{Class, Dir, Error, File, FileSystem, Metadata, Result, root::Root, wait::ride_out};
use casement_sdk::{Bytes, Range, blocking};
use std::sync::Arc;

/// From this many bytes on it pays to tell the system that they will be read in order.
const LONG: u64 = 4 << 20;

/// An object being read. The open file stays whole when its name is removed.
#[derive(Debug)]
pub struct Reader<F: FileSystem> {
    root: Arc<Root<F>>,
    key: String,
    file: <F::Dir as Dir>::File,
    found: Metadata,
    at: u64,
    end: u64,
    chunk_size: u64,
}

impl<F: FileSystem> Reader<F> {
    pub(crate) fn new(root: &Arc<Root<F>>, key: &str, range: Range, chunk_size: u64) -> Result<Self> {
        let (file, found) = ride_out(root.ride_out, |_| open(root, key))?;
        let end = range.len.map_or(found.size, |len| range.offset.saturating_add(len).min(found.size));
        let at = range.offset.min(end);
        if end - at >= LONG {
            file.will_read(at, end - at);
        }
        Ok(Self { root: Arc::clone(root), key: key.to_owned(), file, found, at, end, chunk_size })
    }

    /// Goes on at the same offset of the same file, when the share was lost.
    fn reopen(&mut self) -> Result<()> {
        let (file, found) = open(&self.root, &self.key)?;
        if (found.id, found.size) != (self.found.id, self.found.size) {
            let message = format!("`{}` is another file since the share came back: read it again", self.key);
            return Err(Error::new(Class::Forgotten, message));
        }
        self.file = file;
        Ok(())
    }

    fn read(&mut self, wanted: usize) -> Result<Vec<u8>> {
        ride_out(self.root.ride_out, |lost| {
            if lost {
                self.reopen()?;
            }
            self.file.read_at(self.at, wanted).map_err(|error| self.root.failed("reading", &self.key, error))
        })
    }
}

fn open<F: FileSystem>(root: &Root<F>, key: &str) -> Result<(<F::Dir as Dir>::File, Metadata)> {
    let file = root.open_object(key)?;
    let found = file.metadata().map_err(|error| root.failed("looking at", key, error))?;
    Ok((file, found))
}

impl<F: FileSystem> blocking::Reader for Reader<F> {
    fn next(&mut self) -> casement_sdk::Result<Option<Bytes>> {
        let wanted = self.chunk_size.min(self.end - self.at);
        if wanted == 0 {
            return Ok(None);
        }
        let chunk = self.read(wanted as usize)?;
        if chunk.is_empty() {
            let message = format!("`{}` became shorter than {} bytes while it was read", self.key, self.end);
            return Err(Error::new(Class::Corrupt, message).into());
        }
        self.at += chunk.len() as u64;
        Ok(Some(chunk.into()))
    }
}
