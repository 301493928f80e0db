//! Reading a range of an object.

use crate::{
    Class, Dir, Error, File, FileSystem, Metadata, Result,
    buffers::{Buffer, Buffers},
    root::Root,
    wait::ride_out,
};
use casement_sdk::{Bytes, ObjectFile, Range, blocking};
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
    buffers: Arc<Buffers>,
}

impl<F: FileSystem> Reader<F> {
    pub(crate) fn new(root: &Arc<Root<F>>, key: &str, range: Range, buffers: &Arc<Buffers>) -> Result<Self> {
        let (file, found) = ride_out(root.ride_out, |_| open(root, key))?;
        let end = range.len.map_or(found.size, |len| range.offset.saturating_add(len).min(found.size));
        let at = range.offset.min(end);
        expect_reads(&file, at, end - at);
        Ok(Self { root: Arc::clone(root), key: key.to_owned(), file, found, at, end, buffers: Arc::clone(buffers) })
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

    fn read(&mut self) -> Result<Buffer> {
        let mut buffer = self.buffers.take(self.end - self.at);
        ride_out(self.root.ride_out, |lost| {
            if lost {
                self.reopen()?;
            }
            let room = buffer.room();
            buffer.bytes.clear();
            let read = self.file.read_into(&mut buffer.bytes, self.at, room);
            read.map_err(|error| self.root.failed("reading", &self.key, error))
        })?;
        Ok(buffer)
    }
}

/// The object's file for others to read.
pub(crate) fn hand_over<F: FileSystem>(root: &Root<F>, key: &str) -> Result<ObjectFile> {
    let (file, found) = open(root, key)?;
    expect_reads(&file, 0, found.size);
    let not_here = || Error::new(Class::Unsupported, "a server keeps this file: it is read here");
    Ok(ObjectFile { file: file.hand_over().ok_or_else(not_here)?, size: found.size })
}

fn expect_reads(file: &impl File, at: u64, length: u64) {
    if length >= LONG {
        file.will_read(at, length);
    }
}

fn open<F: FileSystem>(root: &Root<F>, key: &str) -> Result<(<F::Dir as Dir>::File, Metadata)> {
    let file = root.open_object(key)?;
    let found = file.metadata().map_err(|error| root.failed("looking at", key, error))?;
    Ok((file, found))
}

impl<F: FileSystem> blocking::Reader for Reader<F> {
    fn next(&mut self) -> casement_sdk::Result<Option<Bytes>> {
        if self.at == self.end {
            return Ok(None);
        }
        let chunk = self.read()?;
        if chunk.bytes.is_empty() {
            let message = format!("`{}` became shorter than {} bytes while it was read", self.key, self.end);
            return Err(Error::new(Class::Corrupt, message).into());
        }
        self.at += chunk.bytes.len() as u64;
        Ok(Some(Bytes::from_owner(chunk)))
    }
}
