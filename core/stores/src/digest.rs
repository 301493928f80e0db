//! The threads that digest, which all uploads share.

use bytes::Bytes;
use casement_digest::{Digest, update_together};
use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, available_parallelism},
};
use tokio::sync::oneshot;

/// As many threads as the machine has cores. As long as one of them is idle, each chunk has a thread of its own; where more
/// chunks wait than that, a thread takes several at once, in the lanes of one register.
#[derive(Debug, Clone)]
pub struct DigestThreads(Arc<Handle>);

/// The threads end with it.
#[derive(Debug)]
struct Handle(Arc<Queue>);

#[derive(Debug)]
struct Queue {
    threads: usize,
    waiting: Mutex<Waiting>,
    /// There is a job, or there will be none any more.
    came: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Threads that are at work.
    busy: usize,
    closed: bool,
}

/// One chunk for one digest.
#[derive(Debug)]
struct Job {
    digest: Digest,
    chunk: Bytes,
    done: oneshot::Sender<Digest>,
}

impl DigestThreads {
    /// # Errors
    /// When the system refuses the threads.
    pub fn start() -> io::Result<Self> {
        let threads = available_parallelism().map_or(2, |cores| cores.get().max(2));
        let queue = Arc::new(Queue { threads, waiting: Mutex::default(), came: Condvar::new() });
        let handle = Handle(queue.clone());
        for n in 0..threads {
            let queue = queue.clone();
            thread::Builder::new().name(format!("digest-{n}")).spawn(move || queue.work())?;
        }
        Ok(Self(Arc::new(handle)))
    }

    /// Feeds one chunk. `None` only when that panicked.
    pub(crate) async fn update(&self, digest: Digest, chunk: Bytes) -> Option<Digest> {
        let (done, answer) = oneshot::channel();
        let Self(handle) = self;
        handle.0.lock().jobs.push_back(Job { digest, chunk, done });
        handle.0.came.notify_one();
        answer.await.ok()
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.came.notify_all();
    }
}

impl Queue {
    /// What one thread does.
    fn work(&self) {
        while let Some(mut jobs) = self.next() {
            let together = || update_together(jobs.iter_mut().map(|job| (&mut job.digest, &*job.chunk)));
            // A panic is the failure of these uploads. Without threads all later ones would wait for ever.
            let done = catch_unwind(AssertUnwindSafe(together));
            self.lock().busy -= 1;
            if done.is_err() {
                continue;
            }
            for Job { digest, chunk, done } in jobs {
                // Before anybody is told: the memory is to be used again.
                drop(chunk);
                let _nobody_waits = done.send(digest);
            }
        }
    }

    /// Waits for jobs; `None` when there will be none any more.
    fn next(&self) -> Option<Vec<Job>> {
        let idle = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.closed;
        let waiting = self.came.wait_while(self.lock(), idle);
        let jobs = waiting.unwrap_or_else(PoisonError::into_inner).take(self.threads);
        (!jobs.is_empty()).then_some(jobs)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The job that has waited longest, and this thread's share of those like it.
    fn take(&mut self, threads: usize) -> Vec<Job> {
        let Some(first) = self.jobs.pop_front() else { return Vec::new() };
        let lanes = first.digest.lanes();
        let alike = 1 + self.jobs.iter().filter(|job| job.digest.lanes() == lanes).count();
        let idle = (threads / 2).saturating_sub(self.busy).max(1);
        // As many of them as these are of all that wait.
        let for_these = (idle * alike).div_ceil(self.jobs.len() + 1);
        let share = alike.div_ceil(for_these).min(lanes.count());
        self.busy += 1;
        let mut taken = vec![first];
        let mut at = 0;
        while taken.len() < share {
            match self.jobs.get(at) {
                Some(job) if job.digest.lanes() == lanes => taken.extend(self.jobs.remove(at)),
                Some(_) => at += 1,
                None => break,
            }
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use casement_digest::{Lanes, Multihash};

    fn waiting(kinds: &[Multihash], busy: usize) -> Waiting {
        let job = |(at, kind): (usize, &Multihash)| Job {
            digest: Digest::new(*kind),
            chunk: Bytes::from(vec![0; at]),
            done: oneshot::channel().0,
        };
        Waiting { jobs: kinds.iter().enumerate().map(job).collect(), busy, closed: false }
    }

    /// Which jobs a thread takes, by their places in the queue.
    fn taken(kinds: &[Multihash], busy: usize) -> Vec<usize> {
        waiting(kinds, busy).take(4).iter().map(|job| job.chunk.len()).collect()
    }

    #[test]
    #[cfg_attr(not(target_arch = "x86_64"), ignore = "there are no lanes")]
    fn a_thread_takes_its_share_of_the_jobs_like_the_oldest_and_not_more_than_there_are_lanes() {
        use Multihash::{Md5, Sha256, Sha512};
        assert_eq!(taken(&[Md5, Sha512, Md5], 0), [0], "threads are idle");
        assert_eq!(taken(&[Md5, Sha512, Md5], 3), [0, 2], "the last one takes what is there");
        assert_eq!(taken(&[Md5, Sha512, Md5], 4), [0, 2]);
        assert_eq!(taken(&[Sha512; 30], 3).len(), Lanes::Sha512.count());
        assert_eq!(taken(&[Md5; 30], 3).len(), Lanes::Md5.count());
        assert_eq!(taken(&[Md5; 9], 1), [0, 1, 2]);
        assert_eq!(taken(&[Md5, Sha512, Md5, Sha512], 2), [0, 2], "the other idle thread is for the others");
        assert_eq!(taken(&[Sha256; 3], 3), [0], "it has no lanes");
        assert!(taken(&[], 0).is_empty());
    }

    #[test]
    fn the_threads_end_with_their_last_handle() {
        let threads = DigestThreads::start().unwrap();
        let queue = Arc::downgrade(&threads.0.0);
        let other = threads.clone();
        drop(threads);
        assert!(queue.strong_count() > 1, "the threads are there");
        drop(other);
        while queue.strong_count() > 0 {
            thread::yield_now();
        }
    }

    #[tokio::test]
    async fn many_streams_at_once_have_each_its_own_digest() {
        let threads = DigestThreads::start().unwrap();
        let streams = (0..40_u8).map(|stream| {
            let threads = threads.clone();
            tokio::spawn(async move {
                let mut digests = [Multihash::Md5, Multihash::Sha512].map(Digest::new);
                for chunk in 1..20 {
                    let chunk = Bytes::from(vec![stream; 1000 * chunk]);
                    for digest in &mut digests {
                        let fed = std::mem::replace(digest, Digest::new(Multihash::Md5));
                        *digest = threads.update(fed, chunk.clone()).await.unwrap();
                    }
                }
                digests.map(Digest::hex)
            })
        });
        for (stream, digests) in streams.collect::<Vec<_>>().into_iter().enumerate() {
            let mut alone = [Multihash::Md5, Multihash::Sha512].map(Digest::new);
            alone.iter_mut().for_each(|digest| digest.update(&vec![stream as u8; 190_000]));
            assert_eq!(digests.await.unwrap(), alone.map(Digest::hex));
        }
    }
}
