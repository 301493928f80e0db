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
    let chunks =
        stream::try_unfold(source, |mut source| async move { Ok(source.next().await?.map(|chunk| (chunk, source))) });
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{
        WriteOptions,
        testing::{sound_store, store},
    };
    use casement_image::{ImageId, ObjectKey};
    use futures_util::TryStreamExt;
    use serde_json::json;

    const DATA: &str = "0123456789";

    async fn copy_on(store: Arc<Store>) -> Copy {
        let key = ObjectKey::of(&ImageId::random());
        let mut write = store.create(&key, WriteOptions::default()).await.unwrap();
        write.write(Bytes::from(DATA)).await.unwrap();
        write.commit().await.unwrap();
        Copy { location: store.location_of(&key).await.unwrap(), store }
    }

    async fn read(copies: Vec<Copy>, offset: u64, len: u64) -> Result<String> {
        let chunks: Vec<Bytes> = serve(copies, offset, len).await?.try_collect().await?;
        Ok(String::from_utf8(chunks.concat()).unwrap())
    }

    #[tokio::test]
    async fn a_span_is_served_exactly() {
        let copy = copy_on(sound_store("a").await).await;
        for (offset, len) in [(0, 10), (3, 4), (9, 1), (0, 0), (10, 0)] {
            let wanted = &DATA[offset as usize..(offset + len) as usize];
            assert_eq!(read(vec![copy.clone()], offset, len).await.unwrap(), wanted);
        }
    }

    #[tokio::test]
    async fn a_copy_that_breaks_or_ends_early_is_continued_from_the_next_at_the_same_offset() {
        for fault in [json!({"break_at": 4}), json!({"end_at": 5})] {
            let copies = vec![copy_on(store("bad", fault).await).await, copy_on(sound_store("good").await).await];
            assert_eq!(read(copies, 1, 8).await.unwrap(), &DATA[1..9]);
        }
    }

    #[tokio::test]
    async fn the_last_copys_failure_is_an_error_and_never_a_short_end() {
        let broken = copy_on(store("bad", json!({"break_at": 4})).await).await;
        assert_eq!(read(vec![broken], 0, 10).await.unwrap_err().kind, Kind::Unavailable);
        let short = copy_on(store("bad", json!({"end_at": 4})).await).await;
        assert_eq!(read(vec![short], 0, 10).await.unwrap_err().kind, Kind::Corrupt);
    }

    #[tokio::test]
    async fn what_can_not_be_opened_fails_before_the_first_byte() {
        let missing = Copy { store: sound_store("a").await, location: "memory:nothing".to_owned() };
        assert_eq!(serve(vec![missing], 0, 1).await.err().unwrap().kind, Kind::NotFound);
    }
}
