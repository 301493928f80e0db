//! Reading an object, over as many connections as it takes.

use crate::Patience;
use casement_sdk::{Bytes, Error, Kind, Range, Reader, Result};

/// Where an object can be asked for.
pub trait Source: Send + 'static {
    type Body: Body;

    /// Asks for the bytes from `offset` on, `len` of them or all up to the end. With an `identity` (the ETag of an earlier
    /// answer) only for those of the very same object (`If-Match`).
    ///
    /// # Errors
    /// [`Kind::Corrupt`] when there is another object now.
    fn ask(
        &self,
        offset: u64,
        len: Option<u64>,
        identity: Option<&str>,
    ) -> impl Future<Output = Result<Answer<Self::Body>>> + Send;
}

/// What a store answers to being asked for an object.
#[derive(Debug)]
pub struct Answer<B> {
    /// What tells this version of the object from others, where the store has such a thing.
    pub identity: Option<String>,
    /// How many bytes follow.
    pub len: u64,
    pub body: B,
}

/// The bytes of one answer.
pub trait Body: Send + 'static {
    /// The next bytes, or `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>>> + Send;
}

/// A reader that asks for the rest when an answer breaks off. Each byte that arrives renews its patience.
#[derive(Debug)]
pub struct ResumingReader<S: Source> {
    source: S,
    patience: Patience,
    identity: Option<String>,
    at: u64,
    /// How many bytes are left.
    left: u64,
    body: Option<S::Body>,
}

impl<S: Source> ResumingReader<S> {
    /// Asks for `range`. A range that starts at or behind the end is for the source to recognize: it answers no bytes.
    pub async fn open(source: S, range: Range, patience: Patience) -> Result<Self> {
        let mut reader = Self {
            source,
            patience,
            identity: None,
            at: range.offset,
            left: range.len.unwrap_or(u64::MAX),
            body: None,
        };
        if reader.left > 0 {
            let answer = reader.source.ask(range.offset, range.len, None).await?;
            reader.identity = answer.identity;
            reader.left = answer.len.min(reader.left);
            reader.body = Some(answer.body);
        }
        Ok(reader)
    }

    async fn next_of_body(&mut self) -> Result<Bytes> {
        let Some(body) = &mut self.body else {
            return Err(Error::new(Kind::Internal, "there is no answer to read from"));
        };
        match body.next().await? {
            Some(chunk) if chunk.len() as u64 > self.left => {
                Err(Error::new(Kind::Corrupt, "the store sends more bytes than it announced"))
            }
            Some(chunk) => Ok(chunk),
            None => Err(Error::new(Kind::Unavailable, format!("the store ended the data {} bytes early", self.left))),
        }
    }

    async fn ask_for_the_rest(&mut self) -> Result<()> {
        let answer = self.source.ask(self.at, Some(self.left), self.identity.as_deref()).await?;
        if answer.identity != self.identity || answer.len != self.left {
            return Err(Error::new(Kind::Corrupt, "the object has changed while it was read"));
        }
        self.body = Some(answer.body);
        Ok(())
    }
}

impl<S: Source> Reader for ResumingReader<S> {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        let mut tries = self.patience.begin();
        while self.left > 0 {
            let result = match self.body {
                Some(_) => self.next_of_body().await,
                None => self.ask_for_the_rest().await.map(|()| Bytes::new()),
            };
            match result {
                Ok(chunk) if chunk.is_empty() => {}
                Ok(chunk) => {
                    self.at += chunk.len() as u64;
                    self.left -= chunk.len() as u64;
                    return Ok(Some(chunk));
                }
                // Bytes of two versions must not be joined.
                Err(error) if self.identity.is_none() => return Err(error),
                Err(error) => {
                    self.body = None;
                    tries.pause("reading on", error).await?;
                }
            }
        }
        self.body = None;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
        time::Duration,
    };

    const DATA: &[u8] = b"0123456789";
    const PATIENCE: Patience = Patience { tries: 3, total: Duration::from_secs(60) };

    /// Offset, length and identity.
    type Asked = (u64, Option<u64>, Option<String>);

    /// What becomes of one request: refused, or this identity and so many bytes before the connection breaks.
    type Step = Result<(&'static str, usize)>;

    #[derive(Debug, Clone)]
    struct Fake {
        script: Arc<Mutex<VecDeque<Step>>>,
        asked: Arc<Mutex<Vec<Asked>>>,
    }

    #[derive(Debug)]
    struct Broken {
        left: VecDeque<Bytes>,
        breaks: bool,
    }

    impl Body for Broken {
        async fn next(&mut self) -> Result<Option<Bytes>> {
            match self.left.pop_front() {
                None if self.breaks => Err(away()),
                chunk => Ok(chunk),
            }
        }
    }

    impl Source for Fake {
        type Body = Broken;

        async fn ask(&self, offset: u64, len: Option<u64>, identity: Option<&str>) -> Result<Answer<Broken>> {
            self.asked.lock().unwrap().push((offset, len, identity.map(str::to_owned)));
            let (identity, bytes) = self.script.lock().unwrap().pop_front().unwrap()?;
            let rest = &DATA[usize::try_from(offset).unwrap().min(DATA.len())..];
            let rest = &rest[..len.map_or(rest.len(), |len| rest.len().min(usize::try_from(len).unwrap()))];
            let sent = &rest[..bytes.min(rest.len())];
            Ok(Answer {
                identity: (!identity.is_empty()).then(|| identity.to_owned()),
                len: rest.len() as u64,
                body: Broken {
                    left: sent.chunks(3).map(Bytes::copy_from_slice).collect(),
                    breaks: sent.len() < rest.len(),
                },
            })
        }
    }

    fn away() -> Error {
        Error::new(Kind::Unavailable, "connection reset")
    }

    async fn read(range: Range, script: Vec<Step>) -> (Result<Vec<u8>>, Fake) {
        let source = Fake { script: Arc::new(Mutex::new(script.into())), asked: Arc::default() };
        let read = async {
            let mut reader = ResumingReader::open(source.clone(), range, PATIENCE).await?;
            let mut read = Vec::new();
            while let Some(chunk) = reader.next().await? {
                read.extend_from_slice(&chunk);
            }
            Ok(read)
        };
        (read.await, source)
    }

    fn all() -> Range {
        Range::default()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_breaks_off_goes_on_where_it_was_and_of_the_same_object() {
        let (read, source) = read(all(), vec![Ok(("a", 4)), Err(away()), Ok(("a", 2)), Ok(("a", 99))]).await;
        assert_eq!(read.unwrap(), DATA);
        let etag = Some("a".to_owned());
        let asked = source.asked.lock().unwrap();
        assert_eq!(asked[..2], [(0, None, None), (4, Some(6), etag.clone())]);
        assert_eq!(asked[2..], [(4, Some(6), etag.clone()), (6, Some(4), etag)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_range_is_read_and_nothing_behind_it() {
        let range = |offset, len| Range { offset, len };
        assert_eq!(read(range(2, Some(5)), vec![Ok(("a", 1)), Ok(("a", 99))]).await.0.unwrap(), b"23456");
        assert_eq!(read(range(8, Some(50)), vec![Ok(("a", 99))]).await.0.unwrap(), b"89");
        assert_eq!(read(range(10, None), vec![Ok(("a", 99))]).await.0.unwrap(), b"");
        assert_eq!(read(range(3, Some(0)), vec![]).await.0.unwrap(), b"");
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_of_two_versions_are_never_joined() {
        assert_eq!(read(all(), vec![Ok(("a", 4)), Ok(("b", 99))]).await.0.unwrap_err().kind(), Kind::Corrupt);
        // Without an identity nobody can tell.
        assert_eq!(read(all(), vec![Ok(("", 4))]).await.0.unwrap_err().kind(), Kind::Unavailable);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end_and_is_renewed_by_progress() {
        let error = read(all(), vec![Ok(("a", 4)), Err(away()), Err(away())]).await.0.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (Kind::Unavailable, false));
        let one_byte_each = (0..10).map(|_| Ok(("a", 1))).collect();
        assert_eq!(read(all(), one_byte_each).await.0.unwrap(), DATA);
    }
}
