//! Writing an object in parts, several of them under way at once.

use crate::{Part, PartSizes, Patience};
use casement_sdk::{Bytes, Error, Kind, Result, in_this_operation};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Where parts go: one upload in progress.
pub trait Parts: Send + Sync + 'static {
    /// What the store answers to a part, and what makes the object of its parts in the end.
    type Receipt: Send + 'static;

    /// Sends a part, counted from 0, once. It is called again for the same part after an error that is retryable.
    fn send(&self, number: u32, part: Part) -> impl Future<Output = Result<Self::Receipt>> + Send;
}

/// Gathers what is written to parts and sends them. Holds no more than `budget` bytes, or two parts where they are
/// larger than that, whatever the size of the object.
#[derive(Debug)]
pub struct Uploader<P: Parts> {
    parts: Arc<P>,
    sizes: PartSizes,
    budget: u64,
    patience: Patience,
    filling: Part,
    /// The number of the part that is filled.
    number: u32,
    sending: JoinSet<Sent<P::Receipt>>,
    bytes_under_way: u64,
    receipts: Vec<(u32, P::Receipt)>,
}

/// A part that has come to its end: its number, its size, the answer.
type Sent<R> = (u32, u64, Result<R>);

impl<P: Parts> Uploader<P> {
    pub fn new(parts: Arc<P>, sizes: PartSizes, budget: u64, patience: Patience) -> Self {
        Self {
            parts,
            sizes,
            budget,
            patience,
            filling: Part::default(),
            number: 0,
            sending: JoinSet::new(),
            bytes_under_way: 0,
            receipts: Vec::new(),
        }
    }

    pub fn parts(&self) -> &P {
        &self.parts
    }

    /// Takes the next bytes of the object; waits while too many are under way.
    ///
    /// # Errors
    /// Of any part sent so far. No more parts are sent then.
    pub async fn write(&mut self, mut chunk: Bytes) -> Result<()> {
        while !chunk.is_empty() {
            let size = self.sizes.of(self.number)?;
            self.filling.fill(&mut chunk, size);
            // A full part waits for the next byte: the last part is sent by `finish`, and is never empty.
            if self.filling.len() == size && !chunk.is_empty() {
                self.send().await?;
            }
        }
        self.collect_those_at_their_end()
    }

    /// Sends what is left, waits for all, and answers the receipts in the order of the parts; an empty object is one
    /// empty part.
    pub async fn finish(mut self) -> Result<Vec<P::Receipt>> {
        self.send().await?;
        while let Some(sent) = self.sending.join_next().await {
            self.collect(sent)?;
        }
        self.receipts.sort_by_key(|(number, _)| *number);
        Ok(self.receipts.into_iter().map(|(_, receipt)| receipt).collect())
    }

    /// Ends what is under way. A part may still have reached the store: what is to be removed is removed afterwards.
    pub async fn stop(mut self) {
        self.sending.shutdown().await;
    }

    async fn send(&mut self) -> Result<()> {
        let part = std::mem::take(&mut self.filling);
        let (number, len) = (self.number, part.len());
        // What is filled next counts too.
        while !self.sending.is_empty() && self.bytes_under_way + 2 * len > self.budget {
            if let Some(sent) = self.sending.join_next().await {
                self.collect(sent)?;
            }
        }
        self.number += 1;
        self.bytes_under_way += len;
        let (parts, patience) = (self.parts.clone(), self.patience);
        self.sending.spawn(in_this_operation(async move {
            let what = format!("sending part {}", number + 1);
            (number, len, patience.attempt(&what, || parts.send(number, part.clone())).await)
        }));
        Ok(())
    }

    fn collect_those_at_their_end(&mut self) -> Result<()> {
        while let Some(sent) = self.sending.try_join_next() {
            self.collect(sent)?;
        }
        Ok(())
    }

    fn collect(&mut self, sent: Result<Sent<P::Receipt>, tokio::task::JoinError>) -> Result<()> {
        let (number, len, receipt) =
            sent.map_err(|error| Error::new(Kind::Internal, format!("a part came to no end: {error}")))?;
        self.bytes_under_way -= len;
        self.receipts.push((number, receipt?));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{
        collections::BTreeMap,
        sync::{
            Mutex,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };
    use tokio::time::{Instant, sleep};

    const PATIENCE: Patience = Patience { tries: 3, total: Duration::from_secs(60) };

    /// A store that takes a second for each part.
    #[derive(Debug, Default)]
    struct Fake {
        held: Mutex<BTreeMap<u32, Vec<u8>>>,
        fails: Mutex<Vec<(u32, Error)>>,
        under_way: AtomicU64,
        most: AtomicU64,
    }

    impl Parts for Fake {
        type Receipt = u32;

        async fn send(&self, number: u32, part: Part) -> Result<u32> {
            let now = self.under_way.fetch_add(part.len(), Ordering::Relaxed) + part.len();
            self.most.fetch_max(now, Ordering::Relaxed);
            // The later parts answer first.
            sleep(Duration::from_millis(1_000 - u64::from(number))).await;
            self.under_way.fetch_sub(part.len(), Ordering::Relaxed);
            let mut fails = self.fails.lock().unwrap();
            if let Some(at) = fails.iter().position(|(part, _)| *part == number) {
                return Err(fails.remove(at).1);
            }
            self.held.lock().unwrap().insert(number, part.chunks().concat());
            Ok(number)
        }
    }

    fn uploader(store: &Arc<Fake>, part: u64, budget: u64) -> Uploader<Fake> {
        let sizes = PartSizes::new(Some(1), part, 1 << 20, 1_000).unwrap();
        Uploader::new(store.clone(), sizes, budget, PATIENCE)
    }

    async fn upload(store: &Arc<Fake>, part: u64, budget: u64, chunks: &[&[u8]]) -> Result<Vec<u32>> {
        let mut uploader = uploader(store, part, budget);
        for chunk in chunks {
            uploader.write(Bytes::copy_from_slice(chunk)).await?;
        }
        uploader.finish().await
    }

    #[tokio::test(start_paused = true)]
    async fn parts_are_of_their_size_and_in_their_order() {
        for (chunks, parts) in [
            (vec![], vec![""]),
            (vec!["a"], vec!["a"]),
            (vec!["abcd"], vec!["abcd"]),
            (vec!["abcde"], vec!["abcd", "e"]),
            (vec!["ab", "cde", "fghijkl"], vec!["abcd", "efgh", "ijkl"]),
            (vec!["abcdefghijklm"], vec!["abcd", "efgh", "ijkl", "m"]),
        ] {
            let store = Arc::<Fake>::default();
            let chunks: Vec<_> = chunks.iter().map(|chunk| chunk.as_bytes()).collect();
            let receipts = upload(&store, 4, 100, &chunks).await.unwrap();
            let held = store.held.lock().unwrap();
            assert_eq!(held.values().map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>(), parts);
            assert!(receipts.iter().eq(held.keys()), "{receipts:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn several_are_under_way_and_no_more_than_the_budget_allows() {
        for (budget, most, seconds) in [(4 * 5, 4 * 4, 2), (4 * 2, 4, 8), (1, 4, 8)] {
            let (store, started) = (Arc::<Fake>::default(), Instant::now());
            upload(&store, 4, budget, &[&[7; 32]]).await.unwrap();
            assert_eq!(store.most.load(Ordering::Relaxed), most, "budget {budget}");
            assert_eq!(started.elapsed().as_millis().div_ceil(1_000), seconds, "budget {budget}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_is_made_again_from_its_own_bytes() {
        let store = Arc::<Fake>::default();
        store.fails.lock().unwrap().push((1, Error::new(Kind::Unavailable, "slow down")));
        upload(&store, 4, 100, &[b"abcdefghij"]).await.unwrap();
        assert_eq!(store.held.lock().unwrap()[&1], b"efgh");
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_fails_ends_the_upload_and_nothing_goes_on_behind_it() {
        let store = Arc::<Fake>::default();
        store.fails.lock().unwrap().push((0, Error::new(Kind::NoSpace, "full")));
        let mut uploader = uploader(&store, 4, 8);
        let mut result = Ok(());
        for _ in 0..10 {
            result = uploader.write(Bytes::from_static(b"abcd")).await;
            if result.is_err() {
                break;
            }
        }
        assert_eq!(result.unwrap_err().kind(), Kind::NoSpace);
        uploader.stop().await;
        let held = store.held.lock().unwrap().len();
        sleep(Duration::from_secs(60)).await;
        assert_eq!(store.held.lock().unwrap().len(), held);
    }
}
