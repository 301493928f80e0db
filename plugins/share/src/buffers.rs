//! Memory for what is read.
//!
//! A chunk is in memory until the client has taken it, and clients may take their time: so the more is held, the smaller the
//! chunks become. What is given back is used again, because the system clears each page that it hands out.

use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// What may be held before chunks are as small as they get.
const PLENTY: u64 = 64 << 20;
/// A chunk takes no more of what is left of it.
const SHARE: u64 = 4;
const SMALLEST: u64 = 32 << 10;
/// What is kept to be used again.
const SPARE: u64 = 8 << 20;

/// The memory of one store.
#[derive(Debug)]
pub(crate) struct Buffers {
    chunk_size: u64,
    held: AtomicU64,
    spare: Mutex<Vec<Vec<u8>>>,
}

/// Memory for one chunk; goes home when it is dropped.
#[derive(Debug)]
pub(crate) struct Buffer {
    pub(crate) bytes: Vec<u8>,
    counted: u64,
    home: Arc<Buffers>,
}

impl Buffers {
    pub(crate) fn new(chunk_size: u64) -> Self {
        Self { chunk_size, held: AtomicU64::new(0), spare: Mutex::default() }
    }

    /// An empty buffer with room for what is to be read now of so many bytes.
    pub(crate) fn take(self: &Arc<Self>, wanted: u64) -> Buffer {
        let counted = wanted.min(self.chunk());
        self.held.fetch_add(counted, Ordering::Relaxed);
        let spare = if counted == self.chunk_size { self.spare().pop() } else { None };
        let bytes = spare.unwrap_or_else(|| Vec::with_capacity(counted as usize));
        Buffer { bytes, counted, home: Arc::clone(self) }
    }

    /// How much is read at once now.
    fn chunk(&self) -> u64 {
        let left = PLENTY.saturating_sub(self.held.load(Ordering::Relaxed));
        self.chunk_size.min((left / SHARE / SMALLEST).max(1) * SMALLEST)
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    /// How much it is for.
    pub(crate) fn room(&self) -> usize {
        self.counted as usize
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Self { bytes, counted, home } = self;
        home.held.fetch_sub(*counted, Ordering::Relaxed);
        if bytes.capacity() as u64 == home.chunk_size {
            let mut bytes = mem::take(bytes);
            bytes.clear();
            let mut spare = home.spare();
            if (spare.len() as u64 + 1) * home.chunk_size <= SPARE {
                spare.push(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHUNK: u64 = 1 << 20;

    #[test]
    fn no_buffer_is_larger_than_what_is_wanted_or_than_a_chunk() {
        let buffers = Arc::new(Buffers::new(CHUNK));
        for (wanted, room) in [(1, 1), (CHUNK, CHUNK), (u64::MAX, CHUNK)] {
            let buffer = buffers.take(wanted);
            assert_eq!((buffer.room() as u64, buffer.bytes.len()), (room, 0));
            assert!(buffer.bytes.capacity() >= buffer.room());
        }
    }

    #[test]
    fn the_more_is_held_the_smaller_chunks_become_until_it_is_given_back() {
        let buffers = Arc::new(Buffers::new(CHUNK));
        let held: Vec<_> = (0..3000).map(|_| buffers.take(u64::MAX)).collect();
        let rooms: Vec<_> = held.iter().map(Buffer::room).collect();
        assert!(rooms.is_sorted_by(|before, after| before >= after), "{rooms:?}");
        assert_eq!((rooms[20], rooms[2999]), (CHUNK as usize, SMALLEST as usize));
        let most = PLENTY + 3000 * SMALLEST;
        assert!(rooms.iter().sum::<usize>() as u64 <= most);
        drop(held);
        assert_eq!(buffers.take(u64::MAX).room() as u64, CHUNK);
    }

    #[test]
    fn what_is_given_back_is_used_again_empty_and_only_so_much_of_it_is_kept() {
        let buffers = Arc::new(Buffers::new(CHUNK));
        let mut first = buffers.take(CHUNK);
        first.bytes.extend([1, 2, 3]);
        let place = first.bytes.as_ptr();
        drop(first);
        let again = buffers.take(CHUNK);
        assert_eq!((again.bytes.as_ptr(), again.bytes.len()), (place, 0));
        drop((0..20).map(|_| buffers.take(CHUNK)).collect::<Vec<_>>());
        assert_eq!(buffers.spare().len() as u64 * CHUNK, SPARE);
    }
}
