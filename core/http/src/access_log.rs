//! One line for each request, when its answer is out or its client gone.

use crate::{caller_limits::Transfer, exchange::Exchange};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
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
    client: IpAddr,
    started: Instant,
    status: Option<StatusCode>,
    project: Option<String>,
    bytes: u64,
    /// A response extension of those that are one: it ends with the answer.
    _transfer: Option<Arc<Transfer>>,
}

impl Record {
    /// The request counts as being served until the record is dropped.
    pub(crate) fn begin(
        exchange: Exchange,
        peer: SocketAddr,
        client: IpAddr,
        method: Method,
        path: String,
        request_id: String,
    ) -> Self {
        exchange.begin();
        Self {
            exchange,
            method,
            path,
            request_id,
            peer,
            client,
            started: Instant::now(),
            status: None,
            project: None,
            bytes: 0,
            _transfer: None,
        }
    }

    /// From here on the record lives as long as the response's body.
    pub(crate) fn carry<B>(mut self, mut response: Response<B>) -> Response<LoggedBody<B>> {
        self.status = Some(response.status());
        self._transfer = response.extensions_mut().remove();
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
            // Where a proxy stands between.
            client = (self.client != self.peer.ip().to_canonical()).then(|| display(self.client)),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(request: impl FnOnce(Record)) -> String {
        logged_for([192, 0, 2, 1].into(), request)
    }

    fn logged_for(client: IpAddr, request: impl FnOnce(Record)) -> String {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            let peer = ([192, 0, 2, 1], 4711).into();
            let (method, path) = (Method::GET, "/v2/images".into());
            request(Record::begin(Exchange::default(), peer, client, method, path, "req-1".into()));
        });
        String::from_utf8(lines.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_request_is_one_line_that_counts_what_was_sent() {
        let line = logged(|record| {
            let mut response: warp::reply::Response = Response::new("0123456789".into());
            response.extensions_mut().insert(Project(Some("p1".into())));
            let mut body = record.carry(response).into_body();
            let mut context = Context::from_waker(std::task::Waker::noop());
            while let Poll::Ready(Some(_)) = Pin::new(&mut body).poll_frame(&mut context) {}
        });
        assert_eq!(line.lines().count(), 1, "{line}");
        for field in [
            "casement::access",
            "method=GET",
            "path=\"/v2/images\"",
            "status=200",
            "duration_ms=",
            "bytes=10",
            "request_id=\"req-1\"",
            "project=\"p1\"",
            "peer=192.0.2.1:4711",
        ] {
            assert!(line.contains(field), "{field} in {line}");
        }
    }

    #[test]
    fn a_client_behind_a_proxy_is_named_beside_it() {
        let line = logged_for([203, 0, 113, 7].into(), drop);
        assert!(line.contains("peer=192.0.2.1:4711 client=203.0.113.7"), "{line}");
        assert!(!logged(drop).contains("client="));
    }

    #[test]
    fn a_client_that_went_away_leaves_a_line_too() {
        let line = logged(drop);
        assert!(line.contains("status=499") && line.contains("bytes=0"), "{line}");
    }
}
