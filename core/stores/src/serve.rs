//! The way out: one span of an image's data, from whichever copy of it can be read.
//!
//! A copy that fails, even in the middle, is left for the next one at the same offset. The client was promised
//! a length, so the stream gives exactly that many bytes or ends with an error.

use crate::{
    error::{Error, Kind, Result, Side},
    store::{ObjectRead, Store},
};
use bytes::Bytes;
use casement_sdk::Range;
use futures_util::{Stream, stream};
use std::{collections::VecDeque, pin::Pin, sync::Arc};
use sync_wrapper::SyncStream;

/// Image data on its way out.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send + Sync>>;

/// One copy of an image's data.
#[derive(Debug, Clone)]
pub struct Copy {
    pub store: Arc<Store>,
    /// The location URI that the catalog recorded.
    pub location: String,
}

/// Opens the first copy that can be read and streams `len` bytes from `offset`.
///
/// # Errors
/// When no copy can be opened: the last one's error.
pub async fn serve(copies: Vec<Copy>, offset: u64, len: u64) -> Result<ByteStream> {
    let mut source = Source { copies: copies.into(), offset, left: len, current: None };
    if len > 0 {
        source.open_next(None).await?;
    }
    let chunks = stream::try_unfold(source, |mut source| async move {
        Ok(source.next().await?.map(|chunk| (chunk, source)))
    });
    // Polled by one task at a time, and only ever exclusively; the HTTP library asks for `Sync` all the same.
    Ok(Box::pin(SyncStream::new(chunks)))
}

struct Source {
    /// Copies that have not been tried.
    copies: VecDeque<Copy>,
    offset: u64,
    left: u64,
    current: Option<ObjectRead>,
}

impl Source {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        while self.left > 0 {
            let Some(reader) = &mut self.current else { return Ok(None) };
            match reader.next().await {
                Ok(Some(mut chunk)) => {
                    // A backend that gives more than was asked for must not break the promised length.
                    chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
                    self.offset += chunk.len() as u64;
                    self.left -= chunk.len() as u64;
                    return Ok(Some(chunk));
                }
                Ok(None) => {
                    let short = Error::new(
                        reader.store_id(),
                        Side::Store,
                        Kind::Corrupt,
                        format!("the object ends {} bytes early", self.left),
                    );
                    self.open_next(Some(short)).await?;
                }
                Err(error) => self.open_next(Some(error)).await?,
            }
        }
        Ok(None)
    }

    /// Goes on with the next copy that opens; `failure` is why the current one was given up.
    async fn open_next(&mut self, mut failure: Option<Error>) -> Result<()> {
        self.current = None;
        while let Some(copy) = self.copies.pop_front() {
            if let Some(error) = failure.take() {
                tracing::warn!(%error, next = copy.store.id(), "going on with the next copy");
            }
            match self.open(&copy).await {
                Ok(reader) => {
                    self.current = Some(reader);
                    return Ok(());
                }
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| Error::new("", Side::Gateway, Kind::NotFound, "the image has no location")))
    }

    async fn open(&self, copy: &Copy) -> Result<ObjectRead> {
        let key = copy.store.key_of(&copy.location).await?;
        copy.store.read(&key, Range { offset: self.offset, len: Some(self.left) }).await
    }
}
