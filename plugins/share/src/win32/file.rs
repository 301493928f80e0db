//! An open file.

use super::{Api, Code, Setting, api::constants::FSCTL_SET_SPARSE, copy, volume::Volume};
use crate::{Class, Error, File, Metadata, Result};
use std::sync::Arc;

/// An open file.
#[derive(Debug)]
pub struct NtfsFile<A: Api> {
    volume: Arc<Volume<A>>,
    handle: A::Handle,
}

impl<A: Api> NtfsFile<A> {
    pub(super) fn new(volume: Arc<Volume<A>>, handle: A::Handle) -> Self {
        Self { volume, handle }
    }

    pub(super) fn handle(&self) -> &A::Handle {
        &self.handle
    }

    pub(super) fn api(&self) -> &A {
        &self.volume.api
    }

    pub(super) fn volume(&self) -> &Volume<A> {
        &self.volume
    }
}

impl<A: Api> File for NtfsFile<A> {
    fn metadata(&self) -> Result<Metadata> {
        Ok(self.volume.examine(&self.handle)?.metadata)
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        match self.volume.patiently(|| self.api().read(&self.handle, offset, length)) {
            // A file server that closed the file by force (STATUS_FILE_FORCED_CLOSED) is told by the same code.
            Err(Code::HANDLE_EOF) if self.api().information(&self.handle)?.size > offset => {
                Err(Error::new(Class::Lost, "the file server closed the file"))
            }
            Err(Code::HANDLE_EOF) => Ok(Vec::new()),
            read => Ok(read?),
        }
    }

    fn write_all_at(&self, data: &[u8], offset: u64) -> Result<()> {
        let mut done = 0;
        while let Some(rest) = data.get(done..).filter(|rest| !rest.is_empty()) {
            let at = offset + done as u64;
            match self.volume.patiently(|| self.api().write(&self.handle, at, rest))? {
                0 => return Err(Error::new(Class::Other, "Windows wrote nothing and told no error")),
                written => done += written,
            }
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        Ok(self.volume.patiently(|| self.api().set(&self.handle, &Setting::EndOfFile(length)))?)
    }

    fn sync(&self) -> Result<()> {
        Ok(self.api().flush(&self.handle)?)
    }

    /// The length of the file stays as it is.
    fn preallocate(&self, length: u64) -> Result<bool> {
        let claim = || self.api().set(&self.handle, &Setting::Allocation(length));
        Ok(self.volume.features.allocation.attempt(claim)?.is_some())
    }

    fn make_sparse(&self) -> Result<bool> {
        let mark = || self.api().control(&self.handle, FSCTL_SET_SPARSE, &[1], &mut []);
        Ok(self.volume.features.sparse.attempt(mark)?.is_some())
    }

    /// Said when the file was opened, by FILE_FLAG_SEQUENTIAL_SCAN.
    fn will_read(&self, _offset: u64, _length: u64) {}

    /// Windows' lazy writer begins by itself, and takes no orders.
    fn start_writeback(&self, _offset: u64, _length: u64) {}

    fn copy_from(&self, source: &Self, size: u64) -> Result<()> {
        copy::copy(source, self, size)
    }
}
