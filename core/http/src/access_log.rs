//! One line for each request, when its answer is out or its client gone.

use crate::socket::Exchange;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

/// A response extension: the project that the caller speaks for.
#[derive(Debug, Clone)]
pub(crate) struct Project(pub(crate) Option<String>);

/// Written when it is dropped, whatever became of the request.
#[derive(Debug)]
pub(crate) struct Record {
    exchange: Exchange,
    method: Method,
    path: String,
    request_id: String,
    peer: SocketAddr,
    started: Instant,
    status: Option<StatusCode>,
    project: Option<String>,
    bytes: u64,
}

impl Record {
    /// The request counts as being served until the record is dropped.
    pub(crate) fn begin(exchange: Exchange, peer: SocketAddr, method: Method, path: String, request_id: String) -> Self {
        exchange.begin();
        Self { exchange, method, path, request_id, peer, started: Instant::now(), status: None, project: None, bytes: 0 }
    }

    /// From here on the record lives as long as the response's body.
    pub(crate) fn carry<B>(mut self, response: Response<B>) -> Response<LoggedBody<B>> {
        self.status = Some(response.status());
        self.project = response.extensions().get::<Project>().and_then(|project| project.0.clone());
        response.map(|body| LoggedBody { body, record: self })
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.exchange.end();
        tracing::info!(
            target: "casement::access",
            method = %self.method,
            path = self.path,
            // 499, as nginx has it: the client went away before the answer.
            status = self.status.map_or(499, |status| status.as_u16()),
            duration_ms = self.started.elapsed().as_millis() as u64,
            bytes = self.bytes,
            request_id = self.request_id,
            project = self.project.as_deref().unwrap_or("-"),
            peer = %self.peer,
        );
    }
}

#[derive(Debug)]
pub(crate) struct LoggedBody<B> {
    body: B,
    record: Record,
}

impl<B: Body<Data = Bytes> + Unpin> Body for LoggedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            self.record.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
