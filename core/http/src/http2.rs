//! HTTP/2: its limits, and the clocks that hyper does not keep for it. A connection carries many requests at once, so
//! what is slow is judged by the request (a stream), and only what concerns all of them by the connection.

use crate::{
    Options,
    access_log::LoggedBody,
    body::Rest,
    exchange::Exchange,
    forwarded::Via,
    layer::{Api, Body, Layer},
    socket::LINGER_BYTES,
    write_timeout::WriteTimeout,
};
use bytes::Bytes;
use http::{Request, Response, header::HOST};
use hyper::{
    body::{Body as _, Frame, Incoming, SizeHint},
    rt::Executor,
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    convert::Infallible,
    future::poll_fn,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::OwnedSemaphorePermit,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Requests at once on one connection.
const MAX_STREAMS: u32 = 100;
/// What a client may send ahead of us, in one upload and on the whole connection: the memory that a connection can take.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 2 << 20;
/// Larger frames are fewer, and each is handled once.
const MAX_FRAME: u32 = 64 << 10;
/// What of an answer waits for the client's window, for each request.
const SEND_BUFFER: usize = 256 << 10;
/// Requests that a client took back before we looked at them: a few are a change of mind, many are an attack.
const MAX_PENDING_RESETS: usize = 20;
/// Streams that we had to reset for a client's mistakes.
const MAX_ERROR_RESETS: usize = 256;
/// How long a client may owe the answer to a ping.
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// What ends a connection from outside.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    /// No new connections.
    pub(crate) retire: CancellationToken,
    /// No new requests; those under way may end.
    pub(crate) drain: CancellationToken,
    /// At once.
    pub(crate) cut: CancellationToken,
}

/// One connection from the first byte within TLS to the last. The permit is given back when no request of it is left.
pub(crate) async fn converse<A, S>(
    io: S,
    via: Via,
    layer: Arc<Layer<A>>,
    options: &Options,
    ends: Ends,
    permit: OwnedSemaphorePermit,
) where
    A: Api,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let exchange = Exchange::with(via.peer);
    let socket = WriteTimeout::new(io, options.write_timeout);
    let requests = Requests { limit: options.write_timeout, permit: Arc::new(permit) };
    let service = {
        let (exchange, linger_timeout) = (exchange.clone(), options.linger_timeout);
        service_fn(move |request| answer(layer.clone(), request, exchange.clone(), via, linger_timeout))
    };
    let mut connection = pin!(builder(options, requests).serve_connection(TokioIo::new(socket), service));
    let end = tokio::select! {
        end = connection.as_mut() => end,
        () = ends.cut.cancelled() => return,
        // It has a word for that, so no request is lost.
        () = ends.retire.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                end = connection => end,
                () = ends.cut.cancelled() => return,
            }
        }
        () = exchange.idle(options.header_timeout, options.idle_timeout) => {
            if exchange.begun() == 0 {
                return;
            }
            connection.as_mut().graceful_shutdown();
            // A client that does not take the end of its last answer is not waited for.
            match timeout(options.write_timeout, connection).await {
                Ok(end) => end,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = end {
        tracing::debug!(peer = %via.peer, %error, "a connection broke");
    }
}

fn builder(options: &Options, requests: Requests) -> http2::Builder<Requests> {
    let mut http = http2::Builder::new(requests);
    http.timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(MAX_FRAME)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(u32::try_from(options.max_header_bytes).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_ERROR_RESETS)
        // Tells a client that is gone from one that waits for a slow answer.
        .keep_alive_interval(options.idle_timeout)
        .keep_alive_timeout(PING_TIMEOUT);
    http
}

async fn answer<A: Api>(
    layer: Arc<Layer<A>>,
    mut request: Request<Incoming>,
    exchange: Exchange,
    via: Via,
    linger_timeout: Duration,
) -> Result<Response<Watched>, Infallible> {
    // What HTTP/1.1 says in a header; the rest of this program looks there.
    if let Some(Ok(host)) = request.uri().authority().map(|authority| authority.as_str().try_into()) {
        request.headers_mut().insert(HOST, host);
    }
    let (taken, rest) = (TAKEN.with(Arc::clone), Rest::default());
    request.extensions_mut().insert(rest.clone());
    let response = layer.handle(request, exchange, via).await?;
    if let Some(rest) = rest.take() {
        tokio::spawn(timeout(linger_timeout, linger(rest)));
    }
    Ok(response.map(|body| Watched { body, taken }))
}

/// Reads and drops what still comes of a refused upload. A stream that is reset takes the answer away from some clients.
async fn linger(mut body: Incoming) {
    let mut left = LINGER_BYTES;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

tokio::task_local! {
    /// When the client last had all that was there of the answer that the task gives.
    static TAKEN: Arc<Taken>;
}

/// Runs the requests of a connection, and drops one whose client takes nothing of its answer: HTTP/2 has a window for
/// each, so the others go on, and the connection's own clock never runs.
#[derive(Debug, Clone)]
struct Requests {
    limit: Duration,
    permit: Arc<OwnedSemaphorePermit>,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Requests {
    fn execute(&self, request: F) {
        let (limit, permit) = (self.limit, self.permit.clone());
        tokio::spawn(async move {
            let taken = Arc::<Taken>::default();
            tokio::select! {
                () = TAKEN.scope(taken.clone(), request) => {}
                () = taken.stalled(limit) => tracing::debug!("a client took nothing of an answer for too long"),
            }
            drop(permit);
        });
    }
}

/// Since when a frame of an answer waits for its client.
#[derive(Debug, Default)]
struct Taken(Mutex<Option<Instant>>);

impl Taken {
    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// Waits until a frame has waited that long.
    async fn stalled(&self, limit: Duration) {
        loop {
            let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            match since.map(|since| since + limit) {
                Some(end) if end <= now => return,
                end => sleep_until(end.unwrap_or(now + limit)).await,
            }
        }
    }
}

/// A body that notes when its frames are asked for: that is when the client has room for more.
#[derive(Debug)]
struct Watched {
    body: LoggedBody<Body>,
    taken: Arc<Taken>,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = <LoggedBody<Body> as hyper::body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.taken.set(None);
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.taken.set(Some(Instant::now()));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::sleep;

    const LIMIT: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn an_answer_stalls_when_one_frame_waits_too_long_and_not_when_all_take_their_time() {
        let (taken, began) = (Taken::default(), Instant::now());
        let answer = async {
            for _ in 0..5 {
                taken.set(Some(Instant::now()));
                sleep(LIMIT / 2).await;
                // The store's turn.
                taken.set(None);
                sleep(LIMIT * 3).await;
            }
            taken.set(Some(Instant::now()));
        };
        tokio::join!(taken.stalled(LIMIT), answer);
        assert_eq!(began.elapsed(), LIMIT / 2 * 5 + LIMIT * 3 * 5 + LIMIT);
    }
}
