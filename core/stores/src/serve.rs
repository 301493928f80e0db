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
use futures_util::{Stream, TryStreamExt, stream};
use std::{
    collections::VecDeque,
    fs::File,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use sync_wrapper::SyncStream;

/// Image data on its way out.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send + Sync>>;

/// The same for who can send files.
pub type PieceStream = Pin<Box<dyn Stream<Item = Result<Piece>> + Send + Sync>>;

/// Some of it.
#[derive(Debug)]
pub enum Piece {
    Bytes(Bytes),
    File(FilePart),
}

impl Piece {
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::File(part) => part.len,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Bytes that stand in a file.
#[derive(Debug, Clone)]
pub struct FilePart {
    pub file: Arc<File>,
    pub offset: u64,
    /// At most [`FilePart::LONGEST`].
    pub len: usize,
}

impl FilePart {
    /// A transfer's figures move as often as this. They run ahead of the client as far as a socket's buffer has them do anyway
    /// (tcp(7), `tcp_wmem`).
    pub const LONGEST: usize = 4 << 20;
}

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
    Ok(Box::pin(SyncStream::new(ReadAhead { chunks: Box::pin(chunks), next: None })))
}

/// The same in pieces, which are parts of a file where the only copy is one: of several copies, none could go on where the
/// file failed.
///
/// # Errors
/// As [`serve`].
pub async fn serve_pieces(copies: Vec<Copy>, offset: u64, len: u64) -> Result<PieceStream> {
    if let ([copy], true) = (&*copies, len > 0)
        && let Some(file) = copy.file(offset + len).await?
    {
        return Ok(Box::pin(stream::iter(parts(file, offset, len).map(|part| Ok(Piece::File(part))))));
    }
    Ok(Box::pin(serve(copies, offset, len).await?.map_ok(Piece::Bytes)))
}

impl Copy {
    /// The file that it is, if it reaches so far.
    async fn file(&self, end: u64) -> Result<Option<File>> {
        let key = self.store.key_of(&self.location).await?;
        let found = self.store.open_file(&key).await?;
        // What is too short is read, and found to be.
        Ok(found.filter(|found| found.size >= end).map(|found| found.file))
    }
}

fn parts(file: File, offset: u64, len: u64) -> impl Iterator<Item = FilePart> {
    let (file, end) = (Arc::new(file), offset + len);
    (offset..end).step_by(FilePart::LONGEST).map(move |offset| FilePart {
        file: file.clone(),
        offset,
        len: usize::try_from(end - offset).unwrap_or(FilePart::LONGEST).min(FilePart::LONGEST),
    })
}

/// Has the next chunk read while the client takes the last one: the store and the network work side by side.
struct ReadAhead<S: Stream> {
    chunks: Pin<Box<S>>,
    /// What came of that, with the end of the stream.
    next: Option<Option<S::Item>>,
}

impl<S: Stream> Unpin for ReadAhead<S> {}

impl<S: Stream> Stream for ReadAhead<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let chunk = match self.next.take() {
            Some(next) => next,
            None => ready!(self.chunks.as_mut().poll_next(context)),
        };
        if chunk.is_some()
            && let Poll::Ready(next) = self.chunks.as_mut().poll_next(context)
        {
            self.next = Some(next);
        }
        Poll::Ready(chunk)
    }
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
    use casement_image::ImageId;
    use futures_util::StreamExt;
    use serde_json::json;
    use std::{
        cell::Cell,
        io::{Read, Seek, SeekFrom},
    };

    const DATA: &str = "0123456789";

    async fn copy_on(store: Arc<Store>) -> Copy {
        let key = ImageId::random();
        let mut write = store.create(key.as_str(), WriteOptions::default()).await.unwrap();
        write.write(Bytes::from(DATA)).await.unwrap();
        write.commit().await.unwrap();
        Copy { location: store.location_of(key.as_str()).await.unwrap(), store }
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

    /// How the pieces of a span came, and what they are.
    async fn pieces(copies: Vec<Copy>, offset: u64, len: u64) -> (&'static str, String) {
        let (mut kind, mut read) = ("nothing", String::new());
        let pieces: Vec<Piece> = serve_pieces(copies, offset, len).await.unwrap().try_collect().await.unwrap();
        for piece in pieces {
            match piece {
                Piece::Bytes(bytes) => (kind, read) = ("bytes", read + std::str::from_utf8(&bytes).unwrap()),
                Piece::File(mut part) => {
                    let file = Arc::get_mut(&mut part.file).unwrap();
                    file.seek(SeekFrom::Start(part.offset)).unwrap();
                    file.take(part.len as u64).read_to_string(&mut read).unwrap();
                    kind = "a file";
                }
            }
        }
        (kind, read)
    }

    #[tokio::test]
    async fn the_only_copy_comes_as_a_file_where_it_is_one_that_reaches_so_far() {
        let copy = copy_on(store("a", json!({"files_lack": 2})).await).await;
        assert_eq!(pieces(vec![copy.clone()], 3, 5).await, ("a file", DATA[3..8].to_owned()));
        assert_eq!(pieces(vec![copy.clone()], 3, 6).await, ("bytes", DATA[3..9].to_owned()));
        assert_eq!(pieces(vec![copy.clone()], 3, 0).await, ("nothing", String::new()));
        assert_eq!(pieces(vec![copy.clone(), copy], 3, 5).await, ("bytes", DATA[3..8].to_owned()));
        let copy = copy_on(sound_store("b").await).await;
        assert_eq!(pieces(vec![copy], 3, 5).await, ("bytes", DATA[3..8].to_owned()));
    }

    #[test]
    fn a_file_is_handed_on_in_parts_of_which_none_is_too_long() {
        const LONGEST: u64 = FilePart::LONGEST as u64;
        let parts = parts(tempfile::tempfile().unwrap(), 5, 2 * LONGEST + 1);
        let parts: Vec<_> = parts.map(|part| (part.offset, part.len as u64)).collect();
        assert_eq!(parts, [(5, LONGEST), (5 + LONGEST, LONGEST), (5 + 2 * LONGEST, 1)]);
    }

    #[tokio::test]
    async fn the_next_chunk_is_read_while_the_last_one_is_taken_and_no_other() {
        let asked = Cell::new(0);
        let chunks = stream::iter(1..=3).inspect(|chunk| asked.set(*chunk));
        let mut ahead = ReadAhead { chunks: Box::pin(chunks), next: None };
        for (chunk, then_asked) in [(1, 2), (2, 3), (3, 3)] {
            assert_eq!((ahead.next().await, asked.get()), (Some(chunk), then_asked));
        }
        assert_eq!(ahead.next().await, None);
    }

    #[tokio::test]
    async fn what_can_not_be_opened_fails_before_the_first_byte() {
        let missing = Copy { store: sound_store("a").await, location: "memory:nothing".to_owned() };
        assert_eq!(serve(vec![missing], 0, 1).await.err().unwrap().kind, Kind::NotFound);
    }
}
