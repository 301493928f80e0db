//! The way in: one body, fanned out without copying to the digests and the backend's writer.
//!
//! Every consumer is a lane with a short queue; the slowest one sets the pace, and the queues bound the memory
//! of an upload. Nothing is published here: the caller judges what came ([`Ingested`]) and then commits. What a store has
//! already goes the same way, without a writer.

use crate::{
    body::{BodyError, BodyStream, gather},
    digest::DigestThreads,
    error::{Error, Kind, Side},
    store::{CHUNK_SIZE, StagedWrite},
};
use bytes::Bytes;
use casement_digest::Multihash;
use casement_inspect::{Inspection, Inspector};
use futures_util::{Stream, StreamExt, TryStreamExt, future::pending, try_join};
use std::pin::pin;
use tokio::sync::mpsc;

/// Bytes that may wait in front of one lane; a single chunk always may. All lanes hold the same chunks, so an upload has
/// little more than this in memory, and the chunks that are being gathered and written.
const WINDOW: usize = 4 << 20;

/// What came, for the caller to judge.
#[derive(Debug)]
pub struct Ingested {
    pub size: u64,
    /// MD5, in hex, where it was asked for.
    pub checksum: Option<String>,
    pub multihash: Multihash,
    pub os_hash_value: String,
    /// What kind of disk image it is, where that was asked for.
    pub inspection: Option<Inspection>,
}

#[derive(Debug)]
pub enum IngestError {
    Body(BodyError),
    /// More bytes than [`Ingest::at_most`] came; how many at least.
    TooLong(u64),
    Store(Error),
}

/// The rules of one ingest.
#[derive(Debug)]
pub struct Ingest<'a> {
    pub digests: &'a DigestThreads,
    pub multihash: Multihash,
    /// Compute MD5 too.
    pub legacy_md5: bool,
    /// Bytes after which there is no point in reading on.
    pub at_most: u64,
    pub inspector: Option<Inspector>,
}

impl Ingest<'_> {
    /// Takes the whole body. Dropping the future stops all lanes; the staged data is the caller's to abort.
    ///
    /// # Errors
    /// The first failure of any lane.
    pub async fn run(self, body: BodyStream, write: &mut StagedWrite) -> Result<Ingested, IngestError> {
        let (store, chunk_size) = (write.store_id().to_owned(), write.chunk_size());
        let chunks = gather(body, chunk_size).map_err(IngestError::Body);
        self.fan_out(chunks, chunk_size, &store, Some(write)).await
    }

    /// Looks at data that `store` has already.
    ///
    /// # Errors
    /// As [`Ingest::run`].
    pub async fn measure(
        self,
        data: impl Stream<Item = Result<Bytes, Error>>,
        store: &str,
    ) -> Result<Ingested, IngestError> {
        self.fan_out(data.map_err(IngestError::Store), CHUNK_SIZE, store, None).await
    }

    async fn fan_out(
        self,
        chunks: impl Stream<Item = Result<Bytes, IngestError>>,
        chunk_size: usize,
        store_id: &str,
        write: Option<&mut StagedWrite>,
    ) -> Result<Ingested, IngestError> {
        let window = (WINDOW / chunk_size).max(1);
        let Self { digests, multihash, legacy_md5, at_most, mut inspector } = self;
        let by_multihash = digests.stream(multihash, window);
        let by_md5 = legacy_md5.then(|| digests.stream(Multihash::Md5, window));
        let (to_store, store_chunks) = mpsc::channel(window);
        // A lane without a sender ends at once.
        let to_store = write.is_some().then_some(to_store);
        let panicked = || IngestError::Store(Error::new(store_id, Side::Gateway, Kind::Internal, "a digest panicked"));
        let feed = async {
            // Its end is the end of its lane.
            let to_store = to_store;
            let mut chunks = pin!(chunks);
            let mut size = 0;
            while let Some(chunk) = chunks.next().await {
                let chunk = chunk?;
                size += chunk.len() as u64;
                if size > at_most {
                    return Err(IngestError::TooLong(size));
                }
                if let Some(inspector) = &mut inspector {
                    inspector.feed(&chunk);
                }
                for digest in by_md5.iter().chain([&by_multihash]) {
                    digest.feed(chunk.clone()).await.ok_or_else(panicked)?;
                }
                if let Some(to_store) = &to_store
                    && to_store.send(chunk).await.is_err()
                {
                    // Its lane has failed, and says why in this very poll of `try_join`.
                    return pending().await;
                }
            }
            Ok(size)
        };
        let (size, ()) = try_join!(feed, store(store_chunks, write))?;
        let checksum = match by_md5 {
            Some(digest) => Some(digest.finish().await.ok_or_else(panicked)?),
            None => None,
        };
        let os_hash_value = by_multihash.finish().await.ok_or_else(panicked)?;
        let inspection = inspector.map(Inspector::finish);
        Ok(Ingested { size, checksum, multihash, os_hash_value, inspection })
    }
}

async fn store(mut chunks: mpsc::Receiver<Bytes>, write: Option<&mut StagedWrite>) -> Result<(), IngestError> {
    let Some(write) = write else { return Ok(()) };
    while let Some(chunk) = chunks.recv().await {
        write.write(chunk).await.map_err(IngestError::Store)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        WriteOptions,
        testing::{sound_store, store},
    };
    use casement_image::ImageId;
    use futures_util::stream;
    use serde_json::json;
    use sha2::Digest as _;

    fn body(chunks: &[Result<&'static str, BodyError>]) -> BodyStream {
        let chunks: Vec<_> = chunks.iter().cloned().map(|chunk| chunk.map(Bytes::from)).collect();
        Box::pin(stream::iter(chunks))
    }

    async fn run(config: serde_json::Value, body: BodyStream, at_most: u64) -> Result<Ingested, IngestError> {
        let store = store("s", config).await;
        let key = ImageId::random();
        let mut write = store.create(key.as_str(), WriteOptions::default()).await.unwrap();
        let digests = DigestThreads::start().unwrap();
        let multihash = Multihash::Sha512;
        let ingest = Ingest { digests: &digests, multihash, legacy_md5: true, at_most, inspector: None };
        let ingested = ingest.run(body, &mut write).await?;
        assert_eq!(write.commit().await.unwrap().size, ingested.size);
        Ok(ingested)
    }

    #[tokio::test]
    async fn size_and_digests_are_those_of_the_whole_body_in_order() {
        let chunks: Vec<_> = ["abc", "", "de"].into_iter().cycle().take(30).map(Ok).collect();
        let ingested = run(json!({}), body(&chunks), u64::MAX).await.unwrap();
        let whole = "abcde".repeat(10);
        let (md5, sha512) = (md5::Md5::digest(&whole), sha2::Sha512::digest(&whole));
        assert_eq!(
            (ingested.size, ingested.checksum, ingested.os_hash_value),
            (50, Some(hex::encode(md5)), hex::encode(sha512))
        );
    }

    #[tokio::test]
    async fn a_backend_is_written_in_chunks_of_the_size_that_it_likes_best() {
        for (size, pieces) in [(5, 10), (25, 10), (64, 3), (3 << 20, 600_000)] {
            let chunks = vec![Ok("0123456789"); pieces];
            let ingested = run(json!({"chunk_size": size}), body(&chunks), u64::MAX).await.unwrap();
            assert_eq!(ingested.size, 10 * pieces as u64);
        }
    }

    #[tokio::test]
    async fn no_backend_makes_an_upload_hold_more_than_so_much() {
        for (wanted, given) in [(0, CHUNK_SIZE), (1 << 22, 1 << 22), (u64::MAX, 16 << 20)] {
            assert_eq!(store("s", json!({"chunk_size": wanted})).await.chunk_size(), given);
        }
    }

    #[tokio::test]
    async fn a_body_of_nothing_has_the_digests_of_nothing() {
        let ingested = run(json!({}), body(&[]), u64::MAX).await.unwrap();
        assert_eq!((ingested.size, ingested.checksum.as_deref()), (0, Some("d41d8cd98f00b204e9800998ecf8427e")));
    }

    #[tokio::test]
    async fn the_first_failure_of_body_store_or_limit_ends_it() {
        let cut = body(&[Ok("abc"), Err(BodyError::Stalled)]);
        assert!(matches!(run(json!({}), cut, u64::MAX).await, Err(IngestError::Body(BodyError::Stalled))));

        let endless = Box::pin(stream::repeat_with(|| Ok(Bytes::from("abc"))));
        let full = run(json!({"full_at": 10, "chunk_size": 3}), endless, u64::MAX).await;
        assert!(matches!(full, Err(IngestError::Store(error)) if error.kind == Kind::NoSpace));

        let endless = Box::pin(stream::repeat_with(|| Ok(Bytes::from("abc"))));
        assert!(matches!(run(json!({"chunk_size": 3}), endless, 4).await, Err(IngestError::TooLong(6))));
    }

    #[tokio::test]
    async fn data_that_a_store_has_is_measured_by_any_algorithm() {
        let digests = DigestThreads::start().unwrap();
        for (multihash, value) in [
            (Multihash::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Multihash::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Multihash::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let ingest = Ingest { digests: &digests, multihash, legacy_md5: false, at_most: 3, inspector: None };
            let data = stream::iter([Ok(Bytes::from("ab")), Ok(Bytes::from("c"))]);
            let measured = ingest.measure(data, "s").await.unwrap();
            assert_eq!((measured.size, measured.checksum, measured.os_hash_value.as_str()), (3, None, value));
        }
        let multihash = Multihash::Sha256;
        let ingest = Ingest { digests: &digests, multihash, legacy_md5: true, at_most: 9, inspector: None };
        let broken = Error::new("s", Side::Store, Kind::Unavailable, "away");
        let data = stream::iter([Ok(Bytes::from("ab")), Err(broken)]);
        assert!(matches!(ingest.measure(data, "s").await, Err(IngestError::Store(_))));
    }

    #[tokio::test]
    async fn nothing_is_readable_before_the_commit() {
        let store = sound_store("s").await;
        let key = ImageId::random();
        let mut write = store.create(key.as_str(), WriteOptions::default()).await.unwrap();
        write.write(Bytes::from("abc")).await.unwrap();
        assert_eq!(store.stat(key.as_str()).await.unwrap_err().kind, Kind::NotFound);
    }
}
