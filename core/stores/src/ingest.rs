//! The way in: one body, fanned out without copying to the digests and the backend's writer.
//!
//! Every consumer is a lane with a short queue; the slowest one sets the pace, and the queues bound the memory
//! of an upload. Nothing is published here: the caller judges what came ([`Ingested`]) and then commits.

use crate::{
    digest::{Digest, DigestThreads, Multihash},
    error::{Error, Kind, Side},
    store::StagedWrite,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, future::pending, try_join};
use std::pin::Pin;
use tokio::sync::mpsc;

/// Chunks that may wait in front of one lane. All lanes hold the same chunks, so an upload has little more
/// than this many in memory.
const WINDOW: usize = 4;

/// Why a body ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// The connection broke, or the body is not what its framing says.
    Cut(String),
    /// Nothing came for too long, or less than the minimum rate.
    Stalled,
}

/// Image data on its way in, in chunks of about 1 MiB.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// What came, for the caller to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    pub size: u64,
    /// MD5, in hex.
    pub checksum: String,
    pub multihash: Multihash,
    pub os_hash_value: String,
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
    /// Bytes after which there is no point in reading on.
    pub at_most: u64,
}

impl Ingest<'_> {
    /// Takes the whole body. Dropping the future stops all lanes; the staged data is the caller's to abort.
    ///
    /// # Errors
    /// The first failure of any lane.
    pub async fn run(&self, mut body: BodyStream, write: &mut StagedWrite) -> Result<Ingested, IngestError> {
        let (to_md5, md5_chunks) = mpsc::channel(WINDOW);
        let (to_multihash, multihash_chunks) = mpsc::channel(WINDOW);
        let (to_store, store_chunks) = mpsc::channel(WINDOW);
        let lanes = [to_md5, to_multihash, to_store];
        let feed = async move {
            let mut size = 0;
            while let Some(chunk) = body.next().await {
                let chunk = chunk.map_err(IngestError::Body)?;
                size += chunk.len() as u64;
                if size > self.at_most {
                    return Err(IngestError::TooLong(size));
                }
                for lane in &lanes {
                    if lane.send(chunk.clone()).await.is_err() {
                        // Its lane has failed, and says why in this very poll of `try_join`.
                        return pending().await;
                    }
                }
            }
            Ok(size)
        };
        let (size, checksum, os_hash_value, ()) = try_join!(
            feed,
            self.digest(Digest::md5(), md5_chunks, write.store_id().to_owned()),
            self.digest(self.multihash.digest(), multihash_chunks, write.store_id().to_owned()),
            store(store_chunks, write),
        )?;
        Ok(Ingested { size, checksum, multihash: self.multihash, os_hash_value })
    }

    async fn digest(&self, mut digest: Digest, mut chunks: mpsc::Receiver<Bytes>, store: String) -> Result<String, IngestError> {
        while let Some(chunk) = chunks.recv().await {
            digest = self.digests.update(digest, chunk).await.ok_or_else(|| {
                IngestError::Store(Error::new(&store, Side::Gateway, Kind::Internal, "a digest thread died"))
            })?;
        }
        Ok(digest.hex())
    }
}

async fn store(mut chunks: mpsc::Receiver<Bytes>, write: &mut StagedWrite) -> Result<(), IngestError> {
    while let Some(chunk) = chunks.recv().await {
        write.write(chunk).await.map_err(IngestError::Store)?;
    }
    Ok(())
}
