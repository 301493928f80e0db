//! What was written to a share and is not known to be durable. A server that died may come back without it, even where
//! the file's length looks right, so it is read again and compared.

use crate::{File, Result};

const READ_SIZE: usize = 1 << 20;

/// A range at the end of what was written, known by its checksum. Holes count as the zeros that they read as.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unflushed {
    from: u64,
    length: u64,
    checksum: crc32fast::Hasher,
}

impl Unflushed {
    /// Nothing, from this offset on.
    pub(crate) fn from(offset: u64) -> Self {
        Self { from: offset, ..Self::default() }
    }

    pub(crate) fn add(&mut self, chunk: &[u8]) {
        self.checksum.update(chunk);
        self.length += chunk.len() as u64;
    }

    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Whether the file has it all.
    pub(crate) fn is_in(&self, file: &impl File) -> Result<bool> {
        let mut found = crc32fast::Hasher::new();
        let (mut at, end) = (self.from, self.from + self.length);
        while at < end {
            let chunk = file.read_at(at, READ_SIZE.min((end - at) as usize))?;
            if chunk.is_empty() {
                // A hole at the end is made only when the write is finished.
                found.update(&vec![0; READ_SIZE.min((end - at) as usize)]);
                at += READ_SIZE.min((end - at) as usize) as u64;
                continue;
            }
            found.update(&chunk);
            at += chunk.len() as u64;
        }
        Ok(found.finalize() == self.checksum.clone().finalize())
    }
}
