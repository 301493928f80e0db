//! Which chunks a thread digests next.

use bytes::Bytes;
use casement_digest::{Digest, Lanes};
use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::Arc,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// With so many chunks a stream does not wait for company any more. Each has room for as many.
pub(super) const PRESSING: usize = 2;

/// Streams that are digested, each by one thread at a time.
#[derive(Debug, Default)]
pub(super) struct Queue {
    streams: HashMap<u64, Stream>,
    last_id: u64,
    /// Those that have chunks and are not at work, the one that has waited longest first.
    ready: VecDeque<(u64, Lanes)>,
    /// Threads that are at work.
    busy: usize,
    pub(super) closed: bool,
}

#[derive(Debug)]
struct Stream {
    lanes: Lanes,
    /// None while a thread has it.
    digest: Option<Digest>,
    chunks: VecDeque<Chunk>,
    room: Arc<Semaphore>,
    /// No more chunks will come: somebody waits for what there is.
    ends: bool,
}

#[derive(Debug)]
pub(super) struct Chunk {
    // The order in which they go: who waits for room may want to use the memory again.
    pub(super) bytes: Bytes,
    pub(super) _room: OwnedSemaphorePermit,
}

/// One chunk of one stream, for a thread.
#[derive(Debug)]
pub(super) struct Job {
    id: u64,
    pub(super) digest: Digest,
    pub(super) chunk: Chunk,
}

impl Queue {
    /// Gives the stream's id.
    pub(super) fn add(&mut self, digest: Digest, room: Arc<Semaphore>) -> u64 {
        self.last_id += 1;
        let stream = Stream { lanes: digest.lanes(), digest: Some(digest), chunks: VecDeque::new(), room, ends: false };
        self.streams.insert(self.last_id, stream);
        self.last_id
    }

    /// Forgets a stream and what waits of it.
    pub(super) fn remove(&mut self, id: u64) -> Option<Digest> {
        self.ready.retain(|(ready, _)| *ready != id);
        let stream = self.streams.remove(&id)?;
        stream.room.close();
        stream.digest
    }

    /// Whether a thread is to be woken.
    pub(super) fn feed(&mut self, id: u64, chunk: Chunk) -> bool {
        self.change(id, |stream| stream.chunks.push_back(chunk))
    }

    /// As [`Queue::feed`], when the last chunk of a stream was fed.
    pub(super) fn end(&mut self, id: u64) -> bool {
        self.change(id, |stream| stream.ends = true)
    }

    fn change(&mut self, id: u64, change: impl FnOnce(&mut Stream)) -> bool {
        let Some(stream) = self.streams.get_mut(&id) else { return false };
        let (lanes, was_ready) = (stream.lanes, stream.is_ready());
        change(stream);
        if stream.is_ready() && !was_ready {
            self.ready.push_back((id, lanes));
        }
        // Also where it was due before: it may have become so when a stream like it was forgotten, which wakes nobody.
        self.is_due(lanes)
    }

    pub(super) fn has_work(&self) -> bool {
        self.due().is_some()
    }

    /// Of the kinds that are due, that of the stream that has waited longest.
    fn due(&self) -> Option<Lanes> {
        let due: Vec<_> = Lanes::ALL.into_iter().filter(|lanes| self.is_due(*lanes)).collect();
        self.ready.iter().map(|(_, lanes)| *lanes).find(|lanes| due.contains(lanes))
    }

    /// Whether a thread is to take what is ready of this kind, though it could have more of them in its lanes later: nobody
    /// waits for a digest until a stream has several chunks, or ends.
    fn is_due(&self, lanes: Lanes) -> bool {
        let ready = || self.ready.iter().filter(|(_, kind)| *kind == lanes);
        let alike = self.streams.values().filter(|stream| stream.lanes == lanes).count();
        let is_pressing = |(id, _): &(u64, _)| self.streams.get(id).is_some_and(Stream::is_pressing);
        ready().count() >= alike.min(lanes.count()).max(1) || ready().any(is_pressing)
    }

    /// The stream that has waited longest, of those that are due, and those like it, for one of so many threads.
    pub(super) fn take(&mut self, threads: usize) -> Vec<Job> {
        let Some(lanes) = self.due() else { return Vec::new() };
        let share = self.share(lanes, threads);
        self.busy += 1;
        let mut taken = Vec::with_capacity(share);
        for (id, kind) in mem::take(&mut self.ready) {
            match kind == lanes && taken.len() < share {
                true => taken.push(id),
                false => self.ready.push_back((id, kind)),
            }
        }
        taken.into_iter().filter_map(|id| self.streams.get_mut(&id)?.job(id)).collect()
    }

    /// How many streams of one kind a thread takes. Side by side they cost a core little more than one of them, so no more
    /// threads than half of the cores are for them; the other half moves the data.
    fn share(&self, lanes: Lanes, threads: usize) -> usize {
        let alike = self.ready.iter().filter(|(_, kind)| *kind == lanes).count();
        let idle = (threads / 2).saturating_sub(self.busy).max(1);
        // As many of them as these are of all that wait.
        let for_these = (idle * alike).div_ceil(self.ready.len());
        alike.div_ceil(for_these).min(lanes.count())
    }

    /// After the work of one thread. What it failed to digest is lost.
    pub(super) fn give_back(&mut self, jobs: Vec<Job>, sound: bool) -> Vec<Chunk> {
        self.busy -= 1;
        jobs.into_iter()
            .map(|Job { id, digest, chunk }| {
                if !sound {
                    self.remove(id);
                } else if let Some(stream) = self.streams.get_mut(&id) {
                    stream.digest = Some(digest);
                    if !stream.chunks.is_empty() {
                        self.ready.push_back((id, stream.lanes));
                    }
                }
                chunk
            })
            .collect()
    }
}

impl Stream {
    fn is_ready(&self) -> bool {
        self.digest.is_some() && !self.chunks.is_empty()
    }

    /// Whether its upload will soon wait, or does.
    fn is_pressing(&self) -> bool {
        self.ends || self.chunks.len() >= PRESSING
    }

    fn job(&mut self, id: u64) -> Option<Job> {
        let chunk = self.chunks.pop_front()?;
        Some(Job { id, digest: self.digest.take()?, chunk })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use casement_digest::Multihash::{self, Md5, Sha256, Sha512};

    /// A queue with a chunk of each stream, whose length is the stream's place.
    fn waiting(kinds: &[Multihash], busy: usize) -> Queue {
        let mut queue = Queue { busy, ..Queue::default() };
        for (at, kind) in kinds.iter().enumerate() {
            let id = queue.add(Digest::new(*kind), Arc::new(Semaphore::new(9)));
            queue.feed(id, chunk(&queue, id, at));
        }
        queue
    }

    fn chunk(queue: &Queue, id: u64, len: usize) -> Chunk {
        Chunk { bytes: vec![0; len].into(), _room: queue.streams[&id].room.clone().try_acquire_owned().unwrap() }
    }

    /// Which streams one of eight threads takes, by their places.
    fn taken(kinds: &[Multihash], busy: usize) -> Vec<usize> {
        waiting(kinds, busy).take(8).iter().map(|job| job.chunk.bytes.len()).collect()
    }

    #[test]
    #[cfg_attr(not(target_arch = "x86_64"), ignore = "there are no lanes")]
    fn a_thread_takes_its_share_of_the_streams_like_the_oldest_and_not_more_than_there_are_lanes() {
        assert_eq!(taken(&[Md5, Sha512, Md5], 0), [0], "threads are idle");
        assert_eq!(taken(&[Md5, Sha512, Md5], 3), [0, 2], "the last one takes what is there");
        assert_eq!(taken(&[Md5, Sha512, Md5], 4), [0, 2], "half of the cores are for other work");
        assert_eq!(taken(&[Sha512; 40], 3).len(), Lanes::Sha512.count());
        assert_eq!(taken(&[Md5; 40], 3).len(), Lanes::Md5.count());
        assert_eq!(taken(&[Md5; 9], 1), [0, 1, 2]);
        assert_eq!(taken(&[Md5, Sha512, Md5, Sha512], 2), [0, 2], "the other idle thread is for the others");
        assert_eq!(taken(&[Sha256; 3], 3), [0], "it has no lanes");
        assert!(taken(&[], 0).is_empty());
    }

    #[test]
    fn a_stream_is_with_one_thread_at_a_time_and_its_next_chunk_waits() {
        let mut queue = waiting(&[Md5], 0);
        let jobs = queue.take(8);
        assert!(!queue.feed(1, chunk(&queue, 1, 7)) && !queue.has_work() && jobs.len() == 1);
        assert_eq!(queue.give_back(jobs, true).len(), 1);
        assert_eq!(queue.take(8)[0].chunk.bytes.len(), 7);
    }

    #[test]
    #[cfg_attr(not(target_arch = "x86_64"), ignore = "there are no lanes")]
    fn a_stream_waits_for_those_like_it_until_it_has_several_chunks_or_ends() {
        let both_have_had_one = || {
            let mut queue = waiting(&[Md5, Md5, Sha512], 0);
            for _ in ["MD5", "SHA-512"] {
                let jobs = queue.take(2);
                queue.give_back(jobs, true);
            }
            queue
        };
        let feed = |queue: &mut Queue, id| {
            let chunk = chunk(queue, id, 0);
            queue.feed(id, chunk)
        };

        let mut queue = both_have_had_one();
        assert!(!feed(&mut queue, 1) && !queue.has_work() && queue.take(2).is_empty());
        assert!(feed(&mut queue, 3) && queue.take(2).len() == 1, "there is none like it");
        assert!(feed(&mut queue, 2) && queue.take(2).len() == 2, "all that are alike");

        let mut queue = both_have_had_one();
        assert!(!feed(&mut queue, 1) && feed(&mut queue, 1) && queue.take(2).len() == 1, "its upload will soon wait");

        let mut queue = both_have_had_one();
        assert!(!feed(&mut queue, 1) && queue.remove(2).is_some());
        assert!(feed(&mut queue, 1) && queue.take(2).len() == 1, "there is none like it any more");

        let mut queue = both_have_had_one();
        assert!(!queue.end(1), "it has nothing");
        assert!(!feed(&mut queue, 2) && queue.end(2) && queue.take(2).len() == 1, "its upload waits");
    }

    #[test]
    fn what_a_thread_failed_to_digest_is_lost_and_its_upload_is_told() {
        let mut queue = waiting(&[Md5, Md5], 7);
        let rooms: Vec<_> = [1, 2].map(|id| queue.streams[&id].room.clone()).into();
        let jobs = queue.take(8);
        queue.give_back(jobs, false);
        assert!(rooms.iter().all(|room| room.is_closed()) && queue.streams.is_empty() && !queue.has_work());
    }

    #[test]
    fn a_stream_that_is_forgotten_leaves_nothing() {
        let mut queue = waiting(&[Md5, Sha512], 0);
        let jobs = queue.take(8);
        assert!(queue.remove(1).is_none(), "a thread has its digest");
        assert!(queue.remove(2).is_some());
        queue.give_back(jobs, true);
        assert!(queue.streams.is_empty() && !queue.has_work());
    }
}
