//! Requests and their answers: none of them without a deadline, and no answer that is read whole without a bound.

use crate::{Config, answer::unreachable, config::bad};
use casement_object::Part;
use casement_sdk::{Bytes, Error, Kind, Result, request_id};
use http_body::{Frame, SizeHint};
use reqwest::{
    Body, Certificate, Client, RequestBuilder, Response,
    header::{CONTENT_LENGTH, HeaderName},
    redirect, retry,
};
use std::{
    collections::VecDeque,
    convert::Infallible,
    fs,
    path::Path,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// Swift puts the first 32 characters of it behind its own id of the transaction, which stands in its log.
pub(crate) const TRANSACTION_EXTRA: HeaderName = HeaderName::from_static("x-trans-id-extra");

/// A client that waits for nothing longer than `idle`.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    idle: Duration,
}

impl Http {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        // Fails when there is one already, which does as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let mut builder = Client::builder()
            .user_agent(concat!("casement/", env!("CARGO_PKG_VERSION")))
            // A token is shown to nobody but whom the configuration and the catalog name.
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .connect_timeout(config.connect_timeout()?)
            .http1_only()
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        if let Some(file) = &config.ca_file {
            builder = builder.tls_certs_only(certificates(file)?);
        }
        if config.insecure {
            tracing::warn!("insecure = true: certificates of servers are not checked");
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        let client = builder.build().or_else(|error| {
            bad(format!("{error}: install the system's certificates, or name a file of certificates in ca_file"))
        })?;
        Ok(Self { client, idle: config.idle_timeout()? })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request that has no body yet, and waits for the head of the answer: `patience` longer than for others,
    /// where the server has a lot to do.
    pub(crate) async fn send(&self, request: RequestBuilder, body: Part, patience: Duration) -> Result<Response> {
        let taken = Arc::new(AtomicU64::new(0));
        let request = if body.is_empty() {
            // Said outright: Swift refuses a `PUT` without a length, and nobody else minds.
            request.header(CONTENT_LENGTH, 0)
        } else {
            request.body(Body::wrap(Chunks::new(body, taken.clone())))
        };
        match watched(&taken, self.idle + patience, request.send()).await {
            Some(answer) => answer.map_err(|error| unreachable(&error)),
            None => Err(self.silent()),
        }
    }

    /// The next bytes of an answer.
    pub(crate) async fn chunk(&self, response: &mut Response) -> Result<Option<Bytes>> {
        match timeout(self.idle, response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| unreachable(&error)),
            Err(_) => Err(self.silent()),
        }
    }

    /// All of an answer, when it is no longer than `most` bytes.
    pub(crate) async fn collect(&self, mut response: Response, most: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(&mut response).await? {
            if body.len() + chunk.len() > most {
                return Err(Error::new(Kind::Internal, format!("the server's answer is longer than {most} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn silent(&self) -> Error {
        Error::new(Kind::Timeout, format!("the server neither took nor sent anything for {} s", self.idle.as_secs()))
    }
}

/// Tells the server, in this header, for which request of a client it is asked.
pub(crate) fn with_request_id(request: RequestBuilder, header: HeaderName) -> RequestBuilder {
    match request_id() {
        Some(id) => request.header(header, &*id),
        None => request,
    }
}

/// Waits for `work` as long as it goes on: `None` when `taken` stood still for `idle`.
async fn watched<T>(taken: &AtomicU64, idle: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut before = 0;
    loop {
        if let Ok(done) = timeout(idle, work.as_mut()).await {
            return Some(done);
        }
        let now = taken.load(Ordering::Relaxed);
        if now == before {
            return None;
        }
        before = now;
    }
}

/// The bytes of a part as a body, none of them copied. Counts what the connection has taken.
struct Chunks {
    chunks: VecDeque<Bytes>,
    left: u64,
    taken: Arc<AtomicU64>,
}

impl Chunks {
    fn new(part: Part, taken: Arc<AtomicU64>) -> Self {
        Self { left: part.len(), chunks: part.into_chunks().into(), taken }
    }
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.pop_front();
        if let Some(chunk) = &chunk {
            self.left -= chunk.len() as u64;
            self.taken.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn certificates(file: &Path) -> Result<Vec<Certificate>> {
    let shown = file.display();
    let text = fs::read(file).or_else(|error| bad(format!("ca_file `{shown}`: {error}")))?;
    match Certificate::from_pem_bundle(&text) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => bad(format!("ca_file `{shown}` holds no certificate in PEM")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use tokio::time::{Instant, sleep};

    #[tokio::test(start_paused = true)]
    async fn work_is_waited_for_as_long_as_it_goes_on() {
        let (taken, idle, started) = (AtomicU64::new(0), Duration::from_secs(10), Instant::now());
        let slow = async {
            for _ in 0..10 {
                sleep(Duration::from_secs(9)).await;
                taken.fetch_add(1, Ordering::Relaxed);
            }
        };
        assert_eq!(watched(&taken, idle, slow).await, Some(()));
        assert_eq!(started.elapsed(), Duration::from_secs(90));

        let started = Instant::now();
        assert_eq!(watched(&AtomicU64::new(0), idle, pending::<()>()).await, None);
        assert_eq!(started.elapsed(), idle);
    }
}
