//! A staged write: a file in the staging directory that gets its final name when it is whole.

use crate::backend::{Filesystem, Root, stat_of};
use crate::location;
use crate::platform::{self, Dir};
use casement_sdk::{Error, Kind, Result, Stat, blocking};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

/// The unit of a hole; every common file system can leave out a block of this size.
const BLOCK: usize = 4096;
/// How much is written between two looks at the free space.
const SPACE_EVERY: u64 = 64 << 20;
/// How much is written before the disk is told to begin, so that little is left to wait for at the end.
const WRITEBACK_EVERY: u64 = 8 << 20;

/// A staged write.
#[derive(Debug)]
pub struct Writer {
    root: Arc<Root>,
    staging: Dir,
    file: File,
    key: String,
    transfer: String,
    sparse: bool,
    reserve: u64,
    /// The size of the object so far.
    written: u64,
    /// The length of the file: behind `written` after a hole, ahead of it where space was preallocated.
    length: u64,
    /// Up to here the file system has promised the space.
    preallocated: u64,
    /// Where the write was when the free space was last looked at.
    space_checked: Option<u64>,
    written_back: u64,
    staged: bool,
}

impl Writer {
    /// Starts a staged write called `transfer`. Without a `size` nothing is preallocated.
    pub(crate) fn create(store: &Filesystem, key: &str, transfer: String, size: Option<u64>) -> Result<Self> {
        location::check_for_writing(key)?;
        if !location::is_transfer(&transfer) {
            let message = format!("the transfer `{transfer}` must be 1 to 64 letters, digits and hyphens");
            return Err(Error::new(Kind::Misuse, message));
        }
        let root = Arc::clone(&store.root);
        let dir = root.verified()?;
        match dir.metadata(key) {
            Ok(_) => return Err(exists(key)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(root.failed("looking at", key, error)),
        }
        let staging = root.staging(&dir)?;
        let file = staging.create_file(&transfer, store.file_mode).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::new(Kind::Misuse, format!("the transfer `{transfer}` is already staged"))
            }
            _ => root.failed("staging", &transfer, error),
        })?;
        let mut writer = Self {
            root,
            staging,
            file,
            transfer,
            key: key.to_owned(),
            sparse: store.config.sparse,
            reserve: store.config.reserve,
            written: 0,
            length: 0,
            preallocated: 0,
            space_checked: None,
            written_back: 0,
            staged: true,
        };
        // How much a sparse file will need is not known from its size.
        if let Some(size) = size.filter(|size| *size > 0 && !writer.sparse) {
            writer.require_space(size)?;
            if store.config.preallocate {
                writer.preallocate(size)?;
            }
        }
        Ok(writer)
    }

    fn preallocate(&mut self, size: u64) -> Result<()> {
        if platform::preallocate(&self.file, size).map_err(|error| self.failed("preallocating", error))? {
            self.preallocated = size;
            self.length = size;
        } else {
            tracing::debug!(transfer = self.transfer, "the file system cannot preallocate");
        }
        Ok(())
    }

    fn require_space(&self, wanted: u64) -> Result<()> {
        self.root.require_space(&self.staging, wanted, self.reserve)
    }

    /// Looks at the free space now and then: others write there as well, and some file systems say that they
    /// are full only at the end.
    fn watch_space(&mut self, offset: u64, coming: u64) -> Result<()> {
        let due = self.space_checked.is_none_or(|at| offset - at >= SPACE_EVERY);
        if !due || offset + coming <= self.preallocated {
            return Ok(());
        }
        self.require_space(coming)?;
        self.space_checked = Some(offset);
        Ok(())
    }

    fn put(&mut self, data: &[u8], offset: u64) -> Result<()> {
        self.watch_space(offset, data.len() as u64)?;
        platform::write_all_at(&self.file, data, offset).map_err(|error| self.failed("writing", error))?;
        self.length = self.length.max(offset + data.len() as u64);
        Ok(())
    }

    fn start_writeback(&mut self) {
        let length = self.written - self.written_back;
        if length >= WRITEBACK_EVERY {
            platform::start_writeback(&self.file, self.written_back, length);
            self.written_back = self.written;
        }
    }

    /// Takes the whole content from an open object.
    pub(crate) fn copy_from(&mut self, source: &File, name: &str, size: u64) -> Result<()> {
        platform::copy_data(source, &self.file, size).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                Error::new(Kind::Corrupt, format!("`{name}` became shorter while it was copied"))
            }
            _ => self.failed("copying to", error),
        })?;
        self.length = self.file.metadata().map_err(|error| self.failed("looking at", error))?.len();
        self.written = size;
        // What a copy takes is known only now: shared extents take nothing.
        self.require_space(0)
    }

    /// Gives the staged file its exact size and makes it durable.
    fn finish(&self) -> io::Result<Stat> {
        if self.length != self.written {
            self.file.set_len(self.written)?;
        }
        self.file.sync_all()?;
        Ok(stat_of(&self.file.metadata()?))
    }

    fn publish(&self) -> Result<()> {
        let root = self.root.verified()?;
        self.staging.publish(&self.transfer, &root, &self.key).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.key),
            io::ErrorKind::NotFound => {
                let message = format!("the staged write `{}` was discarded before it was committed", self.transfer);
                Error::new(Kind::Cancelled, message)
            }
            _ => self.failed("publishing", error),
        })?;
        // The staging directory need not be flushed: a staged name that comes back after a power cut is one
        // more name of the published file, and discarding it is harmless.
        root.sync().map_err(|error| {
            if let Err(error) = root.publish(&self.key, &self.staging, &self.transfer) {
                tracing::debug!(%error, key = self.key, "published, but not known to be durable");
            }
            self.failed("flushing the directory of", error)
        })
    }

    fn failed(&self, doing: &str, error: io::Error) -> Error {
        self.root.failed(doing, &self.key, error)
    }

    fn unstage(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.staged) {
            return Ok(());
        }
        match self.staging.remove(&self.transfer) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl blocking::Writer for Writer {
    fn token(&self) -> &str {
        &self.transfer
    }

    fn write(&mut self, chunk: &[u8]) -> Result<()> {
        let start = self.written;
        if self.sparse {
            for run in data_runs(start, chunk) {
                self.put(&chunk[run.clone()], start + run.start as u64)?;
            }
        } else {
            self.put(chunk, start)?;
        }
        self.written += chunk.len() as u64;
        self.start_writeback();
        Ok(())
    }

    fn commit(mut self) -> Result<Stat> {
        let stat = self.finish().map_err(|error| self.failed("flushing", error))?;
        self.publish()?;
        self.staged = false;
        Ok(stat)
    }

    fn abort(mut self) -> Result<()> {
        self.unstage().map_err(|error| self.failed("removing what was staged of", error))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Err(error) = self.unstage() {
            tracing::debug!(%error, transfer = self.transfer, "a staged write is left behind");
        }
    }
}

fn exists(key: &str) -> Error {
    Error::new(Kind::Exists, format!("there already is an object `{key}`"))
}

/// The parts of a chunk that starts at `start` of the file, without the whole blocks of zeros in it.
fn data_runs(start: u64, chunk: &[u8]) -> Vec<Range<usize>> {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < chunk.len() {
        let into_block = ((start + at as u64) % BLOCK as u64) as usize;
        let end = chunk.len().min(at + BLOCK - into_block);
        if chunk[at..end] != ZEROS {
            match runs.last_mut() {
                Some(run) if run.end == at => run.end = end,
                _ => runs.push(at..end),
            }
        }
        at = end;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_aligned_blocks_of_zeros_are_left_out() {
        let runs = |start, chunk: &[u8]| -> Vec<_> {
            let runs = data_runs(start, chunk).into_iter();
            runs.map(|run| (run.start, run.end)).collect()
        };
        let mut chunk = vec![0; 4 * BLOCK];
        assert_eq!(runs(0, &chunk), []);
        assert_eq!(runs(0, &chunk[..BLOCK - 1]), [(0, BLOCK - 1)]);
        let unaligned = [(0, BLOCK - 1), (2 * BLOCK - 1, 2 * BLOCK)];
        assert_eq!(runs(1, &chunk[..2 * BLOCK]), unaligned);

        chunk[BLOCK] = 1;
        chunk[3 * BLOCK - 1] = 1;
        assert_eq!(runs(0, &chunk), [(BLOCK, 3 * BLOCK)]);
        assert_eq!(runs(8 * BLOCK as u64, &chunk), [(BLOCK, 3 * BLOCK)]);
    }
}
