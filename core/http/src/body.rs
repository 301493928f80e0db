//! A request body on its way in: whether it was read to its end, and a clock against clients that stall.

use bytes::Bytes;
use casement_service::{BodyError, BodyStream};
use futures_util::{Stream, StreamExt, stream};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use metrics::Counter;
use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// Tells, after the handler dropped the body, whether the connection can carry another request.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadToEnd(Arc<AtomicBool>);

impl ReadToEnd {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A request extension: where a body goes that was not read to its end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rest(Arc<Mutex<Option<Incoming>>>);

impl Rest {
    pub(crate) fn take(&self) -> Option<Incoming> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn put(&self, body: Incoming) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(body);
    }
}

#[derive(Debug)]
pub(crate) struct RequestBody {
    /// There until it is dropped.
    body: Option<Incoming>,
    received: Counter,
    read_to_end: ReadToEnd,
    rest: Option<Rest>,
}

impl RequestBody {
    /// `received` counts its bytes.
    pub(crate) fn new(body: Incoming, received: Counter, rest: Option<Rest>) -> (Self, ReadToEnd) {
        let read_to_end = ReadToEnd::default();
        if body.is_end_stream() {
            read_to_end.set();
        }
        (Self { body: Some(body), received, read_to_end: read_to_end.clone(), rest }, read_to_end)
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if let (Some(rest), Some(body), false) = (&self.rest, self.body.take(), self.read_to_end.get()) {
            rest.put(body);
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *body).poll_frame(context));
        if frame.is_none() || body.is_end_stream() {
            self.read_to_end.set();
        }
        if let Some(Ok(frame)) = &frame {
            self.received.increment(frame.data_ref().map_or(0, |data| data.len() as u64));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// How much patience a body gets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// The longest silence, and the time of waiting over which the rate is measured.
    pub(crate) idle: Duration,
    /// Bytes a second; 0 asks for none.
    pub(crate) min_rate: u64,
}

/// The frames of a body, ended by [`BodyError::Stalled`] when they come too slowly. Only the time in which we wait
/// for the client counts: a slow store is not the client's fault.
pub(crate) fn paced<S, E>(frames: S, pace: Pace) -> BodyStream
where
    S: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: std::error::Error,
{
    let clock = Clock { pace, waited: Duration::ZERO, bytes: 0 };
    let steps = stream::unfold(Some((Box::pin(frames), clock)), |state| async {
        let (mut frames, mut clock) = state?;
        let asked = Instant::now();
        match timeout(clock.pace.idle, frames.next()).await {
            Err(_) => Some((Err(BodyError::Stalled), None)),
            Ok(None) => None,
            Ok(Some(Err(error))) => Some((Err(BodyError::Cut(innermost(&error))), None)),
            Ok(Some(Ok(frame))) if clock.keeps_pace(asked.elapsed(), frame.len()) => {
                Some((Ok(frame), Some((frames, clock))))
            }
            Ok(Some(Ok(_))) => Some((Err(BodyError::Stalled), None)),
        }
    });
    Box::pin(steps)
}

/// The outer errors only say that a body broke.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

struct Clock {
    pace: Pace,
    waited: Duration,
    bytes: u64,
}

impl Clock {
    fn keeps_pace(&mut self, waited: Duration, bytes: usize) -> bool {
        self.waited += waited;
        self.bytes += bytes as u64;
        if self.waited < self.pace.idle {
            return true;
        }
        let wanted = self.pace.min_rate as f64 * self.waited.as_secs_f64();
        let kept = self.bytes as f64 >= wanted;
        (self.waited, self.bytes) = (Duration::ZERO, 0);
        kept
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io;

    /// Frames of `size` bytes, one each `pause`, `count` times.
    fn drip(count: usize, size: usize, pause: Duration) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::iter(0..count).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok(Bytes::from(vec![0; size]))
        })
    }

    const PACE: Pace = Pace { idle: Duration::from_secs(10), min_rate: 100 };

    #[tokio::test(start_paused = true)]
    async fn silence_stalls_and_ends_the_body() {
        let frames: Vec<_> = paced(drip(2, 1, Duration::from_secs(11)), PACE).collect().await;
        assert_eq!(frames, [Err(BodyError::Stalled)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickle_below_the_rate_stalls_though_it_never_pauses_long() {
        let frames: Vec<_> = paced(drip(100, 99, Duration::from_secs(1)), PACE).collect().await;
        assert_eq!(frames.len(), 10);
        assert_eq!(frames.last(), Some(&Err(BodyError::Stalled)));
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_itself_is_enough() {
        let frames: Vec<_> = paced(drip(100, 100, Duration::from_secs(1)), PACE).collect().await;
        assert_eq!(frames.len(), 100);
        assert!(frames.iter().all(Result::is_ok));
    }

    #[tokio::test(start_paused = true)]
    async fn time_that_the_reader_takes_is_not_the_client_s() {
        let mut frames = paced(drip(50, 1000, Duration::from_millis(1)), PACE);
        for _ in 0..50 {
            frames.next().await.unwrap().unwrap();
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        assert!(frames.next().await.is_none());
    }

    #[tokio::test]
    async fn a_broken_body_says_why_and_ends() {
        let broken =
            stream::iter([Ok(Bytes::from_static(b"a")), Err(io::Error::other("reset")), Ok(Bytes::from_static(b"b"))]);
        let frames: Vec<_> = paced(broken, PACE).collect().await;
        assert_eq!(frames, [Ok(Bytes::from_static(b"a")), Err(BodyError::Cut("reset".into()))]);
    }
}
