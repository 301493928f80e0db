//! One line for each request, its figures, and its entry in the audit log, when its answer is out or its client gone.

use crate::{
    Audit, AuditEntry,
    audit::{Created, Speaker, is_audited, outcome},
    caller_limits::Transfer,
    exchange::Exchange,
    purpose::Purpose,
    traffic::Meter,
};
use bytes::Bytes;
use casement_request::RequestId;
use http::{Method, Response, StatusCode};
use hyper::body::{Body, Frame, SizeHint};
use metrics::Counter;
use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;

/// As nginx has it: the client went away before the answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What is noted of a request before it is answered.
#[derive(Debug)]
pub(crate) struct Asks {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// `None` on the admin address, where nothing is noted at all.
    pub(crate) purpose: Option<Purpose>,
    pub(crate) request_id: RequestId,
    pub(crate) peer: SocketAddr,
    pub(crate) client: IpAddr,
    pub(crate) speaker: Speaker,
}

/// Written when it is dropped, whatever became of the request.
#[derive(Debug)]
pub(crate) struct Record {
    exchange: Exchange,
    asks: Asks,
    meter: Option<Meter>,
    audit: Option<Arc<dyn Audit>>,
    started: Instant,
    status: Option<StatusCode>,
    created: Option<String>,
    bytes: u64,
    /// Of the body that was promised.
    promised: Option<u64>,
    /// All of the answer went out.
    whole: bool,
    /// A response extension of those that are one: it ends with the answer.
    _transfer: Option<Arc<Transfer>>,
}

impl Record {
    /// The request counts as being served until the record is dropped. It is in a box, as it is handed on many times.
    pub(crate) fn begin(exchange: Exchange, asks: Asks, audit: Option<Arc<dyn Audit>>) -> Box<Self> {
        exchange.begin();
        Box::new(Self {
            meter: asks.purpose.as_ref().map(|purpose| Meter::begin(purpose, exchange.figures())),
            exchange,
            asks,
            audit,
            started: Instant::now(),
            status: None,
            created: None,
            bytes: 0,
            promised: None,
            whole: false,
            _transfer: None,
        })
    }

    /// What counts the bytes of the request's body.
    pub(crate) fn received(&self) -> Counter {
        self.meter.as_ref().map_or_else(Counter::noop, Meter::received)
    }

    /// From here on the record lives as long as the response's body.
    pub(crate) fn carry<B: Body>(mut self: Box<Self>, mut response: Response<B>) -> Response<LoggedBody<B>> {
        self.status = Some(response.status());
        self._transfer = response.extensions_mut().remove();
        self.created = response.extensions().get::<Created>().map(|created| created.0.clone());
        self.promised = response.body().size_hint().exact();
        self.whole = response.body().is_end_stream();
        response.map(|body| LoggedBody { body, record: self })
    }

    fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.whole |= self.promised == Some(self.bytes);
        if let Some(meter) = &self.meter {
            meter.sent(bytes);
        }
    }

    fn audit(&self, status: u16) {
        let (Some(audit), Some(purpose)) = (&self.audit, &self.asks.purpose) else { return };
        let outcome = outcome(self.status, self.whole);
        let (true, Some(action)) = (is_audited(purpose, outcome), purpose.action) else { return };
        let caller = self.asks.speaker.caller();
        let created = self.created.iter().map(|id| ("image", id.clone()));
        audit.record(&AuditEntry {
            action,
            outcome,
            status,
            request_id: self.asks.request_id.as_str(),
            peer: self.asks.peer,
            client: self.asks.client,
            user: caller.and_then(|caller| caller.user_id.as_deref()),
            project: caller.and_then(|caller| caller.project_id.as_deref()),
            roles: caller.iter().flat_map(|caller| caller.roles.iter().map(String::as_str)).collect(),
            target: purpose.parts(&self.asks.path).into_iter().chain(created).collect(),
            bytes: self.bytes,
            duration_ms: self.started.elapsed().as_millis() as u64,
        });
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.exchange.end();
        let Some(meter) = &self.meter else { return };
        let took = self.started.elapsed();
        let status = self.status.map_or(CLIENT_CLOSED_REQUEST, |status| status.as_u16());
        meter.end(status, took);
        self.audit(status);
        let caller = self.asks.speaker.caller();
        tracing::info!(
            target: "casement::access",
            method = %self.asks.method,
            path = self.asks.path,
            status,
            duration_ms = took.as_millis() as u64,
            bytes = self.bytes,
            request_id = self.asks.request_id.as_str(),
            project = caller.and_then(|caller| caller.project_id.as_deref()).unwrap_or("-"),
            peer = %self.exchange.peer(),
            // Where a proxy stands between.
            client = (self.asks.client != self.asks.peer.ip().to_canonical()).then(|| display(self.asks.client)),
        );
    }
}

#[derive(Debug)]
pub(crate) struct LoggedBody<B> {
    body: B,
    record: Box<Record>,
}

impl<B: Body<Data = Bytes> + Unpin> Body for LoggedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let Self { body, record } = &mut *self;
        // What goes on while the answer is sent belongs to the request too.
        let request = record.asks.request_id.clone();
        let frame = ready!(request.serve_now(|| Pin::new(body).poll_frame(context)));
        match &frame {
            Some(Ok(frame)) => record.sent(frame.data_ref().map_or(0, Bytes::len)),
            Some(Err(_)) => {}
            None => record.whole = true,
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
    use casement_image::Caller;
    use std::{io, sync::Arc};

    fn logged(request: impl FnOnce(Box<Record>)) -> String {
        logged_for([192, 0, 2, 1].into(), request)
    }

    fn logged_for(client: IpAddr, request: impl FnOnce(Box<Record>)) -> String {
        let (reader, writer) = io::pipe().unwrap();
        let subscriber = tracing_subscriber::fmt().with_ansi(false);
        let subscriber = subscriber.with_writer(move || writer.try_clone().unwrap()).finish();
        // While there is one subscriber alone, whichever thread comes to a line first says for all whether anybody wants it.
        let _another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::new());
        tracing::subscriber::with_default(subscriber, || {
            let asks = Asks {
                method: Method::GET,
                path: "/v2/images".into(),
                purpose: Some(Purpose::of(&Method::GET, "/v2/images", &http::HeaderMap::new())),
                request_id: RequestId::new("req-1"),
                peer: ([192, 0, 2, 1], 4711).into(),
                client,
                speaker: Speaker::default(),
            };
            asks.speaker.is(Arc::new(Caller { project_id: Some("p1".into()), ..Caller::default() }));
            request(Record::begin(Exchange::with(asks.peer), asks, None));
        });
        io::read_to_string(reader).unwrap()
    }

    #[test]
    fn a_request_is_one_line_that_counts_what_was_sent() {
        let line = logged(|record| {
            let response: warp::reply::Response = Response::new("0123456789".into());
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

    /// Tells for which request it is asked for its data.
    struct Talkative<'t>(&'t mut Option<RequestId>);

    impl Body for Talkative<'_> {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            *self.get_mut().0 = RequestId::current();
            Poll::Ready(None)
        }
    }

    #[test]
    fn what_goes_on_while_an_answer_is_sent_is_for_its_request() {
        let mut request = None;
        logged(|record| {
            let mut body = record.carry(Response::new(Talkative(&mut request))).into_body();
            let mut context = Context::from_waker(std::task::Waker::noop());
            assert!(Pin::new(&mut body).poll_frame(&mut context).is_ready());
        });
        assert_eq!(request, Some(RequestId::new("req-1")));
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
