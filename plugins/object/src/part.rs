//! Bytes on their way to the store, as they came.

use casement_sdk::Bytes;

/// The bytes of one part, or of a whole small object. Cloning copies none of them.
#[derive(Debug, Clone, Default)]
pub struct Part {
    chunks: Vec<Bytes>,
    len: u64,
}

impl Part {
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    pub fn into_chunks(self) -> Vec<Bytes> {
        self.chunks
    }

    /// How many bytes they are together.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes as much of `chunk` as there is room for in a part of `size` bytes.
    pub(crate) fn fill(&mut self, chunk: &mut Bytes, size: u64) {
        let room = usize::try_from(size.saturating_sub(self.len)).unwrap_or(usize::MAX);
        let taken = chunk.split_to(room.min(chunk.len()));
        if !taken.is_empty() {
            self.push(taken);
        }
    }

    pub fn push(&mut self, chunk: Bytes) {
        self.len += chunk.len() as u64;
        self.chunks.push(chunk);
    }
}
