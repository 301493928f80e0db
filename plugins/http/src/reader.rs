//! Reading a part of an object, over as many connections as it takes.

use crate::{
    answer::{self, ContentRange, unfit},
    client::{Answer, Client, failed},
};
use casement_sdk::{Bytes, Error, Kind, Range, Result};
use reqwest::{
    Method, Response, StatusCode,
    header::{HeaderMap, HeaderValue, IF_MATCH, RANGE},
};
use std::time::Duration;

/// How often one reading goes on after a connection that broke, or a part that was sent too short.
const MORE_REQUESTS: u32 = 5;
/// The pause before the first further request; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// An object being read.
#[derive(Debug)]
pub struct Reader {
    client: Client,
    url: String,
    /// The next byte to give out.
    at: u64,
    /// The first byte that is not wanted.
    end: Option<u64>,
    /// The size of the whole, once a server has told it.
    size: Option<u64>,
    /// What the bytes given out so far belong to.
    etag: Option<String>,
    requests: u32,
    part: Option<Part>,
}

/// The body of one answer.
#[derive(Debug)]
struct Part {
    body: Response,
    /// Where its next byte lies in the object: before `Reader::at`, where the server knows no ranges.
    at: u64,
    /// The first byte behind it, where the answer told.
    end: Option<u64>,
    shown: String,
}

impl Reader {
    pub(crate) async fn open(client: Client, url: &str, range: Range) -> Result<Self> {
        let end = range.len.map(|len| range.offset.saturating_add(len));
        let mut reader = Self {
            client,
            url: url.to_owned(),
            at: range.offset,
            end,
            size: None,
            etag: None,
            requests: 0,
            part: None,
        };
        if range.len != Some(0) {
            reader.part = reader.request().await?;
        }
        Ok(reader)
    }

    /// Asks for what is still wanted. `None` when there is nothing there.
    async fn request(&mut self) -> Result<Option<Part>> {
        let further = self.requests > 0;
        self.requests += 1;
        let answer = self.client.send(Method::GET, &self.url, &self.headers(further)?).await?;
        match answer.response.status() {
            StatusCode::PRECONDITION_FAILED if further => Err(changed(&answer.shown)),
            StatusCode::RANGE_NOT_SATISFIABLE if further => Err(changed(&answer.shown)),
            StatusCode::RANGE_NOT_SATISFIABLE => match ContentRange::size_alone(answer.response.headers()) {
                Some(size) if size > self.at => Err(unfit(&answer.shown, "the server refuses a part that it has")),
                _ => Ok(None),
            },
            StatusCode::OK | StatusCode::PARTIAL_CONTENT => {
                self.hold_identity(&answer, further)?;
                self.part_of(answer).map(Some)
            }
            _ => Err(answer::refusal(&answer)),
        }
    }

    fn headers(&self, further: bool) -> Result<HeaderMap> {
        let mut headers = HeaderMap::new();
        let range = match self.end {
            Some(end) => Some(format!("bytes={}-{}", self.at, end - 1)),
            None if self.at > 0 => Some(format!("bytes={}-", self.at)),
            None => None,
        };
        let value =
            |text: &str| HeaderValue::from_str(text).map_err(|error| Error::new(Kind::Internal, error.to_string()));
        if let Some(range) = range {
            headers.insert(RANGE, value(&range)?);
        }
        if let (true, Some(etag)) = (further, &self.etag) {
            headers.insert(IF_MATCH, value(etag)?);
        }
        Ok(headers)
    }

    /// Bytes of two versions must not be joined. Not every server heeds `If-Match`.
    fn hold_identity(&mut self, answer: &Answer, further: bool) -> Result<()> {
        let etag = answer::strong_etag(answer.response.headers()).map(str::to_owned);
        if further && etag != self.etag {
            return Err(changed(&answer.shown));
        }
        self.etag = etag;
        Ok(())
    }

    /// Checks what is answered against what was asked.
    fn part_of(&mut self, answer: Answer) -> Result<Part> {
        let Answer { response, shown } = answer;
        let headers = response.headers();
        let (at, end, size) = if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = ContentRange::of(headers)
                .ok_or_else(|| unfit(&shown, "the server sends a part without saying which"))?;
            if range.first != self.at || self.end.is_some_and(|end| range.last >= end) {
                return Err(unfit(&shown, "the server sends another part than was asked for"));
            }
            (range.first, Some(range.last + 1), range.size)
        } else {
            let length = answer::content_length(headers);
            (0, length, length)
        };
        if let (Some(before), Some(now)) = (self.size, size)
            && before != now
        {
            return Err(changed(&shown));
        }
        self.size = size.or(self.size);
        Ok(Part { body: response, at, end, shown })
    }

    /// Whether all that is wanted and there has been given out, as far as the end is known.
    fn is_done(&self) -> bool {
        [self.end, self.size].into_iter().flatten().min().is_some_and(|end| self.at >= end)
    }

    /// Asks for the rest, when that can be told to be of the same object.
    async fn go_on(&mut self, mut failure: Error) -> Result<Option<Part>> {
        while failure.is_retryable() && self.etag.is_some() && self.requests <= MORE_REQUESTS {
            tokio::time::sleep(FIRST_PAUSE * 2u32.pow(self.requests - 1)).await;
            tracing::debug!(error = %failure, at = self.at, "going on over another connection");
            match self.request().await {
                Err(error) => failure = error,
                answer => return answer,
            }
        }
        Err(failure)
    }
}

impl Part {
    /// The next bytes that lie behind `from` and before `until`; `None` at the end of what the answer holds.
    async fn next(&mut self, from: u64, until: Option<u64>) -> reqwest::Result<Option<Bytes>> {
        while self.end.is_none_or(|end| self.at < end)
            && let Some(mut chunk) = self.body.chunk().await?
        {
            let arrived = self.at;
            self.at += chunk.len() as u64;
            let end = [until, self.end].into_iter().flatten().min().unwrap_or(u64::MAX);
            chunk.truncate(to_index(end.saturating_sub(arrived)));
            drop(chunk.split_to(to_index(from.saturating_sub(arrived)).min(chunk.len())));
            if !chunk.is_empty() {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }
}

fn to_index(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

impl casement_sdk::Reader for Reader {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        while !self.is_done()
            && let Some(part) = &mut self.part
        {
            let failure = match part.next(self.at, self.end).await {
                Ok(Some(chunk)) => {
                    self.at += chunk.len() as u64;
                    return Ok(Some(chunk));
                }
                // A server that does not tell the size says so that this was all.
                Ok(None) if self.size.is_none() => break,
                Ok(None) => unfit(&part.shown, "the server ended the data early").with_retryable(true),
                Err(error) => failed(&part.shown, &error),
            };
            self.part = self.go_on(failure).await?;
        }
        self.part = None;
        Ok(None)
    }
}

fn changed(shown: &str) -> Error {
    unfit(shown, "the object has changed while it was read")
}
