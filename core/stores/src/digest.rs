//! The threads that digest, which all uploads share.

mod queue;

use bytes::Bytes;
use casement_digest::{Digest, Multihash, update_together};
use queue::{Chunk, Job, PRESSING, Queue};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, available_parallelism},
};
use tokio::sync::Semaphore;

/// As many threads as the machine has cores. Streams of one kind are spread over half of them at most; where there are more, a
/// thread has several at once, in the lanes of one register.
#[derive(Debug, Clone)]
pub struct DigestThreads(Arc<Handle>);

/// The threads end with it.
#[derive(Debug)]
struct Handle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    threads: usize,
    queue: Mutex<Queue>,
    /// There is work, or there will be none any more.
    came: Condvar,
}

/// A stream at the threads. It is forgotten when this is dropped.
#[derive(Debug)]
pub(crate) struct DigestStream {
    threads: DigestThreads,
    id: u64,
    /// For chunks that wait or are at work. Closed when there is no digest any more.
    room: Arc<Semaphore>,
    places: usize,
}

impl DigestThreads {
    /// # Errors
    /// When the system refuses the threads.
    pub fn start() -> io::Result<Self> {
        let threads = available_parallelism().map_or(2, |cores| cores.get().max(2));
        let shared = Arc::new(Shared { threads, queue: Mutex::default(), came: Condvar::new() });
        let handle = Handle(shared.clone());
        for n in 0..threads {
            let shared = shared.clone();
            thread::Builder::new().name(format!("digest-{n}")).spawn(move || shared.work())?;
        }
        Ok(Self(Arc::new(handle)))
    }

    /// A stream of which `window` chunks may wait behind the one that is at work.
    pub(crate) fn stream(&self, multihash: Multihash, window: usize) -> DigestStream {
        let places = (window + 1).max(PRESSING);
        let room = Arc::new(Semaphore::new(places));
        let id = self.queue().add(Digest::new(multihash), room.clone());
        DigestStream { threads: self.clone(), id, room, places }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.0.lock()
    }

    fn wake(&self, there_is_work: bool) {
        if there_is_work {
            self.0.0.came.notify_one();
        }
    }
}

impl DigestStream {
    /// Comes back as soon as there is a place for the chunk. `None` only when a digest panicked.
    pub(crate) async fn feed(&self, bytes: Bytes) -> Option<()> {
        let room = self.room.clone().acquire_owned().await.ok()?;
        let ready = self.threads.queue().feed(self.id, Chunk { bytes, _room: room });
        self.threads.wake(ready);
        Some(())
    }

    /// The digest of all that was fed, in hex. `None` as in [`DigestStream::feed`].
    pub(crate) async fn finish(self) -> Option<String> {
        let ready = self.threads.queue().end(self.id);
        self.threads.wake(ready);
        // All places are free when nothing waits or is at work any more.
        for _ in 0..self.places {
            self.room.acquire().await.ok()?.forget();
        }
        self.threads.queue().remove(self.id).map(Digest::hex)
    }
}

impl Drop for DigestStream {
    fn drop(&mut self) {
        self.threads.queue().remove(self.id);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.came.notify_all();
    }
}

impl Shared {
    /// What one thread does.
    fn work(&self) {
        while let Some(mut jobs) = self.next() {
            let together = || update_together(jobs.iter_mut().map(|Job { digest, chunk, .. }| (digest, &*chunk.bytes)));
            // A panic is the failure of these uploads. Without threads all later ones would wait for ever.
            let sound = catch_unwind(AssertUnwindSafe(together)).is_ok();
            let done = self.lock().give_back(jobs, sound);
            // Now that the digests are back, whoever waits for room or for the end is told.
            drop(done);
        }
    }

    /// Waits for work; `None` when there will be none any more.
    fn next(&self) -> Option<Vec<Job>> {
        let idle = |queue: &mut Queue| !queue.has_work() && !queue.closed;
        let mut queue = self.came.wait_while(self.lock(), idle).unwrap_or_else(PoisonError::into_inner);
        let jobs = queue.take(self.threads);
        if queue.has_work() {
            self.came.notify_one();
        }
        (!jobs.is_empty()).then_some(jobs)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::future::join;

    #[test]
    fn the_threads_end_with_their_last_handle() {
        let threads = DigestThreads::start().unwrap();
        let shared = Arc::downgrade(&threads.0.0);
        let other = threads.clone();
        drop(threads);
        assert!(shared.strong_count() > 1, "the threads are there");
        drop(other);
        while shared.strong_count() > 0 {
            thread::yield_now();
        }
    }

    #[tokio::test]
    async fn many_streams_at_once_have_each_its_own_digest() {
        let threads = DigestThreads::start().unwrap();
        let streams = (0..40_u8).map(|stream| {
            let threads = threads.clone();
            tokio::spawn(async move {
                let digests = [Multihash::Md5, Multihash::Sha512].map(|multihash| threads.stream(multihash, 3));
                for chunk in 1..20 {
                    let chunk = Bytes::from(vec![stream; 1000 * chunk]);
                    for digest in &digests {
                        digest.feed(chunk.clone()).await.unwrap();
                    }
                }
                let [md5, sha512] = digests.map(DigestStream::finish);
                join(md5, sha512).await
            })
        });
        for (stream, digests) in streams.collect::<Vec<_>>().into_iter().enumerate() {
            let alone = [Multihash::Md5, Multihash::Sha512].map(|multihash| {
                let mut digest = Digest::new(multihash);
                digest.update(&vec![stream as u8; 190_000]);
                Some(digest.hex())
            });
            assert_eq!(<[_; 2]>::from(digests.await.unwrap()), alone);
        }
    }

    #[tokio::test]
    async fn a_stream_that_is_dropped_lets_go_of_what_waits() {
        let threads = DigestThreads::start().unwrap();
        let chunk = Bytes::from(vec![0; 1 << 20]);
        let stream = threads.stream(Multihash::Md5, 8);
        for _ in 0..8 {
            stream.feed(chunk.clone()).await.unwrap();
        }
        drop(stream);
        while !chunk.is_unique() {
            tokio::task::yield_now().await;
        }
    }
}
