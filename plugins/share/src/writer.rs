//! A staged write: a file in the staging directory that gets its final name when it is whole.

use crate::{
    Class, Dir, Error, File, FileSystem, Options, Result, holes::data_runs, keys, options::Tuning, root::Root,
    store::stat_of, unflushed::Unflushed, wait::ride_out,
};
use casement_failpoints::failpoint;
use casement_sdk::{Stat, blocking};
use std::{mem, sync::Arc, thread};

/// How much is written between two looks at the free space.
const SPACE_EVERY: u64 = 64 << 20;
/// How much is written before the disk is told to begin, so that little is left to wait for at the end.
const WRITEBACK_EVERY: u64 = 8 << 20;
/// A disk that is not slow has written by then what it was told to before, whose memory can be used again.
const WRITTEN_WITHIN: u64 = 64 << 20;
/// How much is written to a share before it is made durable: so much has to be read again when the share was lost.
const FLUSH_EVERY: u64 = 128 << 20;
/// Parts of a chunk that are written at once are not smaller than this.
const LEAST_PART: usize = 64 << 10;

type FileOf<F> = <<F as FileSystem>::Dir as Dir>::File;

/// A staged write.
#[derive(Debug)]
pub struct Writer<F: FileSystem> {
    root: Arc<Root<F>>,
    options: Arc<Options>,
    writes_in_flight: u32,
    staging: F::Dir,
    /// Gone while it is being published.
    file: Option<FileOf<F>>,
    /// By which the file is known under whatever name.
    id: u128,
    key: String,
    transfer: String,
    /// Whether holes can be left.
    sparse: bool,
    /// The size of the object so far.
    written: u64,
    /// The length of the file: behind `written` after a hole, ahead of it where space was preallocated.
    length: u64,
    /// Up to here the file system has promised the space.
    preallocated: u64,
    /// Where the write was when the free space was last looked at.
    space_checked: Option<u64>,
    written_back: u64,
    /// What a share may have forgotten when it comes back; nobody knows after a copy, nor needs to know of a disk.
    unflushed: Option<Unflushed>,
    staged: bool,
}

impl<F: FileSystem> Writer<F> {
    /// Starts a staged write called `transfer`. Without a `size` nothing is preallocated.
    pub(crate) fn create(
        root: &Arc<Root<F>>,
        options: &Arc<Options>,
        tuning: Tuning,
        key: &str,
        transfer: String,
        size: Option<u64>,
    ) -> Result<Self> {
        keys::check_for_writing(&*root.fs, key)?;
        if !keys::is_transfer(&transfer) {
            let message = format!("the transfer `{transfer}` must be 1 to 64 letters, digits and hyphens");
            return Err(Error::new(Class::Misuse, message));
        }
        let (staging, file, id) = ride_out(root.ride_out, |lost| {
            let (staging, file) = stage(root, key, &transfer, lost)?;
            let found = file.metadata().map_err(|error| root.failed("looking at staged", &transfer, error))?;
            Ok((staging, file, found.id))
        })?;
        let mut writer = Self {
            unflushed: staging.is_remote().then(Unflushed::default),
            root: Arc::clone(root),
            options: Arc::clone(options),
            writes_in_flight: tuning.writes_in_flight,
            staging,
            file: Some(file),
            id,
            transfer,
            key: key.to_owned(),
            sparse: false,
            written: 0,
            length: 0,
            preallocated: 0,
            space_checked: None,
            written_back: 0,
            staged: true,
        };
        writer.make_room(size)?;
        Ok(writer)
    }

    fn make_room(&mut self, size: Option<u64>) -> Result<()> {
        if self.options.sparse {
            self.sparse = self.riding_out(|writer| writer.on_file("preparing", File::make_sparse))?;
            // How much a sparse file will need is not known from its size.
            return Ok(());
        }
        let Some(size) = size.filter(|size| *size > 0) else {
            return Ok(());
        };
        self.riding_out(|writer| writer.require_space(size))?;
        if !self.options.preallocate {
            return Ok(());
        }
        if self.riding_out(|writer| writer.on_file("preallocating", |file| file.preallocate(size)))? {
            self.preallocated = size;
            self.length = self.riding_out(|writer| writer.on_file("looking at", File::metadata))?.size;
        } else {
            tracing::debug!(transfer = self.transfer, "the file system cannot preallocate");
        }
        Ok(())
    }

    fn file(&self) -> Result<&FileOf<F>> {
        self.file.as_ref().ok_or_else(|| Error::new(Class::Misuse, "this write is finished"))
    }

    fn on_file<T>(&self, doing: &str, action: impl FnOnce(&FileOf<F>) -> Result<T>) -> Result<T> {
        action(self.file()?).map_err(|error| self.failed(doing, error))
    }

    fn require_space(&self, wanted: u64) -> Result<()> {
        self.root.require_space(&self.staging, wanted, self.options.reserve)
    }

    /// Looks at the free space now and then: others write there as well, and some file systems say that they are full
    /// only at the end.
    fn watch_space(&mut self, offset: u64, coming: u64) -> Result<()> {
        let due = self.space_checked.is_none_or(|at| offset - at >= SPACE_EVERY);
        if !due || offset + coming <= self.preallocated {
            return Ok(());
        }
        self.riding_out(|writer| writer.require_space(coming))?;
        self.space_checked = Some(offset);
        Ok(())
    }

    fn put(&mut self, data: &[u8], offset: u64) -> Result<()> {
        self.watch_space(offset, data.len() as u64)?;
        let parts = self.writes_in_flight;
        self.riding_out(|writer| {
            writer.on_file("writing", |file| {
                failpoint("share.write")?;
                write_parts(file, data, offset, parts)
            })
        })?;
        self.length = self.length.max(offset + data.len() as u64);
        Ok(())
    }

    fn start_writeback(&mut self) -> Result<()> {
        if self.written - self.written_back >= WRITEBACK_EVERY {
            let from = self.written.saturating_sub(WRITTEN_WITHIN);
            self.file()?.start_writeback(from, self.written - from);
            self.written_back = self.written;
        }
        Ok(())
    }

    /// On a share: keeps what may have to be read again small.
    fn flush_now_and_then(&mut self) -> Result<()> {
        let due = self.unflushed.as_ref().is_some_and(|unflushed| unflushed.length() >= FLUSH_EVERY);
        if due {
            self.riding_out(|writer| writer.on_file("flushing", File::sync))?;
            self.unflushed = Some(Unflushed::from(self.written));
        }
        Ok(())
    }

    /// Does something with the file, and when the share is lost meanwhile, again with the file opened anew.
    fn riding_out<T>(&mut self, action: impl Fn(&Self) -> Result<T>) -> Result<T> {
        ride_out(self.root.ride_out, |lost| {
            if lost {
                self.reopen()?;
            }
            action(self)
        })
    }

    /// Opens the file again, once it has what was written to it.
    fn reopen(&mut self) -> Result<()> {
        let root = self.root.verified()?;
        self.staging = self.root.staging(&root)?;
        // The old handle would keep the new one from being alone.
        drop(self.file.take());
        let file = self.staging.reopen_file(&self.transfer).map_err(|error| match error.class() {
            Class::NotFound => self.discarded(),
            // A file server that has not noticed the loss still has the old handle open.
            Class::Held => self.failed("opening again", error.with_class(Class::Lost)),
            _ => self.failed("opening again", error),
        })?;
        self.file = Some(file);
        if self.on_file("reading again", |file| self.is_whole(file))? {
            return Ok(());
        }
        let message = format!("the share came back without all that was written of `{}`: upload it again", self.key);
        Err(Error::new(Class::Forgotten, message))
    }

    fn is_whole(&self, file: &FileOf<F>) -> Result<bool> {
        let found = file.metadata()?;
        Ok(found.id == self.id
            && found.size >= self.length.min(self.written)
            && match &self.unflushed {
                Some(unflushed) => unflushed.is_in(file)?,
                None => !self.staging.is_remote(),
            })
    }

    /// Takes the whole content from an open object.
    pub(crate) fn copy_from(&mut self, source: &FileOf<F>, name: &str, size: u64) -> Result<()> {
        self.file()?.copy_from(source, size).map_err(|error| match error.class() {
            Class::Corrupt => Error::new(Class::Corrupt, format!("`{name}` became shorter while it was copied")),
            _ => self.failed("copying to", error),
        })?;
        self.length = self.on_file("looking at", File::metadata)?.size;
        self.written = size;
        self.unflushed = None;
        // What a copy takes is known only now: shared extents take nothing.
        self.require_space(0)
    }

    /// Gives the staged file its exact size and makes it durable.
    fn finish(&mut self) -> Result<Stat> {
        self.riding_out(|writer| {
            writer.on_file("flushing", |file| {
                if writer.length != writer.written {
                    file.set_len(writer.written)?;
                }
                failpoint("share.flush")?;
                file.sync()?;
                Ok(stat_of(&file.metadata()?))
            })
        })
    }

    fn publish(&mut self) -> Result<()> {
        let (limit, id) = (self.root.ride_out, self.id);
        ride_out(limit, |lost| {
            let root = self.root.verified()?;
            // The answer may have been lost, and not the call.
            if !(lost && matches!(root.metadata(&self.key), Ok(found) if found.id == id)) {
                self.move_to(&root, lost)?;
            }
            failpoint("share.published")?;
            root.sync().map_err(|error| self.failed("flushing the directory of", error))
        })
        .inspect_err(|_| self.take_back())
    }

    fn move_to(&mut self, root: &F::Dir, lost: bool) -> Result<()> {
        if lost || self.file.is_none() {
            self.reopen()?;
        }
        let Some(file) = self.file.take() else {
            return Err(self.discarded());
        };
        failpoint("share.publish")?;
        self.staging.publish(&self.transfer, file, root, &self.key).map_err(|error| match error.class() {
            Class::Exists => Error::exists(&self.key),
            Class::NotFound => self.discarded(),
            _ => self.failed("publishing", error),
        })
    }

    /// After a commit that failed nothing is readable. The staging directory need not be flushed: a staged name that
    /// comes back after a power cut is one more name of the published file, and discarding it is harmless.
    fn take_back(&self) {
        let taken = self.root.verified().and_then(|root| {
            if root.metadata(&self.key)?.id == self.id {
                root.publish(&self.key, root.reopen_file(&self.key)?, &self.staging, &self.transfer)?;
            }
            Ok(())
        });
        if let Err(error) = taken.or_else(|error| if error.class() == Class::NotFound { Ok(()) } else { Err(error) }) {
            tracing::debug!(%error, key = self.key, "perhaps published, but not known to be durable");
        }
    }

    /// Makes it durable and readable.
    pub(crate) fn finish_and_publish(mut self) -> Result<Stat> {
        let stat = self.finish()?;
        self.publish()?;
        self.staged = false;
        Ok(stat)
    }

    fn discarded(&self) -> Error {
        let message = format!("the staged write `{}` was discarded before it was committed", self.transfer);
        Error::new(Class::Cancelled, message)
    }

    fn failed(&self, doing: &str, error: Error) -> Error {
        self.root.failed(doing, &self.key, error)
    }

    fn unstage(&mut self) -> Result<()> {
        if !mem::take(&mut self.staged) {
            return Ok(());
        }
        // Nobody can remove a file that is open alone.
        drop(self.file.take());
        match self.staging.remove(&self.transfer) {
            // Nothing is found in a root that is gone either, and it may come back.
            Err(error) if error.class() == Class::NotFound => self.root.verified().map(drop),
            removed => removed,
        }
    }
}

/// Makes the staged file of a key that is free.
fn stage<F: FileSystem>(root: &Root<F>, key: &str, transfer: &str, lost: bool) -> Result<(F::Dir, FileOf<F>)> {
    let dir = root.verified()?;
    if root.condemned.contains(key) {
        let message = format!("`{key}` was deleted and is still held by another program: try again later");
        return Err(Error::new(Class::Held, message));
    }
    match dir.metadata(key) {
        Ok(_) => return Err(Error::exists(key)),
        Err(error) if error.class() == Class::NotFound => {}
        Err(error) => return Err(root.failed("looking at", key, error)),
    }
    let staging = root.staging(&dir)?;
    failpoint("share.stage")?;
    let file = match staging.create_file(transfer) {
        // Made by a call whose answer was lost.
        Err(error) if error.class() == Class::Exists && lost => staging.reopen_file(transfer),
        Err(error) if error.class() == Class::Exists => {
            return Err(Error::new(Class::Misuse, format!("the transfer `{transfer}` is already staged")));
        }
        file => file,
    };
    Ok((staging, file.map_err(|error| root.failed("staging", transfer, error))?))
}

/// Writes a chunk in several parts at once, because a server far away answers each write late.
fn write_parts(file: &impl File, data: &[u8], offset: u64, parts: u32) -> Result<()> {
    let part = data.len().div_ceil(parts.max(1) as usize).max(LEAST_PART);
    if data.len() <= part {
        return file.write_all_at(data, offset);
    }
    thread::scope(|scope| {
        let writes: Vec<_> = data
            .chunks(part)
            .enumerate()
            .map(|(index, data)| {
                let at = offset + (index * part) as u64;
                thread::Builder::new().spawn_scoped(scope, move || file.write_all_at(data, at))
            })
            .collect();
        // All are waited for, whatever the first says.
        let ends: Vec<_> = writes.into_iter().map(|write| write.map(thread::ScopedJoinHandle::join)).collect();
        ends.into_iter().try_for_each(|end| match end {
            Ok(end) => end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(error) => Err(Error::new(Class::Other, format!("cannot start a thread to write with: {error}"))),
        })
    })
}

impl<F: FileSystem> blocking::Writer for Writer<F> {
    fn token(&self) -> &str {
        &self.transfer
    }

    fn write(&mut self, chunk: &[u8]) -> casement_sdk::Result<()> {
        let start = self.written;
        if self.sparse {
            for run in data_runs(start, chunk) {
                self.put(&chunk[run.clone()], start + run.start as u64)?;
            }
        } else {
            self.put(chunk, start)?;
        }
        self.written += chunk.len() as u64;
        if let Some(unflushed) = &mut self.unflushed {
            unflushed.add(chunk);
        }
        self.start_writeback()?;
        self.flush_now_and_then()?;
        Ok(())
    }

    fn commit(self) -> casement_sdk::Result<Stat> {
        Ok(self.finish_and_publish()?)
    }

    fn abort(mut self) -> casement_sdk::Result<()> {
        self.unstage().map_err(|error| self.failed("removing what was staged of", error).into())
    }
}

impl<F: FileSystem> Drop for Writer<F> {
    fn drop(&mut self) {
        if let Err(error) = self.unstage() {
            tracing::debug!(%error, transfer = self.transfer, "a staged write is left behind");
        }
    }
}
