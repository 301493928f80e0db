//! What every request gets, whatever it asks for: an id, a line in the log, its error body, a decent end.

use crate::{
    Options,
    access_log::{Asks, LoggedBody, Record},
    audit::Speaker,
    body::RequestBody,
    cors,
    error_body::Asked,
    exchange::Exchange,
    failure::Failure,
    forwarded::{TrustedProxies, Via},
    healthcheck::is_healthcheck,
    purpose::Purpose,
};
use casement_request::RequestId;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use std::{
    convert::Infallible,
    panic::AssertUnwindSafe,
    sync::{Arc, PoisonError, RwLock},
};
use tower_service::Service;
use uuid::Uuid;
use warp::reply::Response as Reply;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-openstack-request-id");
/// Glance's `max_request_id_length`.
const MAX_REQUEST_ID: usize = 64;

/// What answers requests below this layer.
pub(crate) trait Api:
    Service<Request<RequestBody>, Response = Reply, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<A> Api for A where
    A: Service<Request<RequestBody>, Response = Reply, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

pub(crate) type Body = <Reply as Split>::Body;

/// Names the body type of warp, which warp itself keeps nameless.
pub(crate) trait Split {
    type Body;
}

impl<B> Split for Response<B> {
    type Body = B;
}

/// What every request meets. It can be exchanged while requests are under way.
#[derive(Debug)]
pub(crate) struct Layer<A>(RwLock<Arc<Current<A>>>);

#[derive(Debug)]
struct Current<A> {
    api: A,
    proxies: TrustedProxies,
    options: Arc<Options>,
    is_admin: bool,
}

impl<A: Api> Layer<A> {
    pub(crate) fn new(api: A, options: Arc<Options>) -> Self {
        Self::of(api, options, false)
    }

    /// For the admin address: what looks at the service leaves no trace in the figures of its traffic.
    pub(crate) fn admin(api: A, options: Arc<Options>) -> Self {
        Self::of(api, options, true)
    }

    fn of(api: A, options: Arc<Options>, is_admin: bool) -> Self {
        Self(RwLock::new(Arc::new(Current::new(api, options, is_admin))))
    }

    /// What `by` makes of the API in place of it.
    pub(crate) fn exchange(&self, by: impl FnOnce(&A) -> A, options: Arc<Options>) {
        let old = self.current();
        let new = Current::new(by(&old.api), options, old.is_admin);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
    }

    pub(crate) fn options(&self) -> Arc<Options> {
        self.current().options.clone()
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.current().is_admin
    }

    pub(crate) async fn handle(
        &self,
        request: Request<Incoming>,
        exchange: Exchange,
        via: Via,
    ) -> Result<Response<LoggedBody<Body>>, Infallible> {
        self.current().handle(request, exchange, via).await
    }

    fn current(&self) -> Arc<Current<A>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<A: Api> Current<A> {
    fn new(api: A, options: Arc<Options>, is_admin: bool) -> Self {
        Self { api, proxies: TrustedProxies::new(options.trusted_proxies.clone()), options, is_admin }
    }

    async fn handle(
        &self,
        mut request: Request<Incoming>,
        exchange: Exchange,
        via: Via,
    ) -> Result<Response<LoggedBody<Body>>, Infallible> {
        let origin = self.proxies.origin(via, request.headers_mut());
        let (id, refusal) = match self.request_id(request.headers()) {
            Ok(id) => (id, None),
            Err(failure) => (fresh_id(), Some(failure)),
        };
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let request_id = RequestId::asking(id, method.as_str(), &path);
        let header = HeaderValue::try_from(request_id.as_str()).ok();
        let shared = match is_healthcheck(&path) {
            true => HeaderMap::new(),
            false => self.options.cors.headers(&method, request.headers()),
        };
        let asked = Asked::of(&method, request.headers());
        let purpose = (!self.is_admin).then(|| Purpose::of(&method, &path, request.headers()));
        let speaker = Speaker::default();
        let asks = Asks {
            method,
            path,
            purpose,
            request_id: request_id.clone(),
            peer: via.peer,
            client: origin.client,
            speaker: speaker.clone(),
        };
        let record = Record::begin(exchange.clone(), asks, self.options.audit.clone());

        let (mut head, body) = request.into_parts();
        // What handlers see is the id that the answer has.
        if let Some(id) = header.clone() {
            head.headers.insert(REQUEST_ID, id);
        }
        head.extensions.insert(origin);
        head.extensions.insert(speaker);
        let version = head.version;
        let (body, read_to_end) = RequestBody::new(body, record.received(), head.extensions.remove());
        let response = match refusal {
            Some(failure) => {
                drop(body);
                failure.into_response()
            }
            None => request_id.serve(self.call(Request::from_parts(head, body))).await,
        };

        let mut response = asked.finish(response);
        if response.status() == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, self.challenge());
        }
        if let Some(id) = header {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        cors::share(response.headers_mut(), shared);
        // HTTP/2 has a stream for each request, and takes back that of a body that nobody reads.
        if version < Version::HTTP_2 && !read_to_end.get() {
            // What the client still sends would be taken for its next request.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            exchange.leave_unread();
        }
        Ok(record.carry(response))
    }

    /// A handler's panic is its request's failure, not its connection's.
    async fn call(&self, request: Request<RequestBody>) -> Reply {
        let answer = self.api.clone().call(request);
        match AssertUnwindSafe(answer).catch_unwind().await {
            Ok(Ok(response)) => response,
            Err(_) => {
                tracing::error!("a handler panicked");
                Failure::bare(StatusCode::INTERNAL_SERVER_ERROR).into_response()
            }
        }
    }

    fn challenge(&self) -> HeaderValue {
        let uri = self.options.www_authenticate_uri.as_deref().unwrap_or_default();
        HeaderValue::try_from(format!("Keystone uri=\"{uri}\""))
            .unwrap_or(HeaderValue::from_static("Keystone uri=\"\""))
    }
}

impl<A> Current<A> {
    fn request_id(&self, headers: &HeaderMap) -> Result<String, Failure> {
        // hyper sees to it in HTTP/1.1 alone.
        if headers.len() > self.options.max_headers {
            return Err(Failure::bare(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        request_id(headers)
    }
}

fn fresh_id() -> String {
    ["req-", Uuid::new_v4().hyphenated().encode_lower(&mut Uuid::encode_buffer())].concat()
}

/// The client's own id, so that its log and ours can be read together, or a fresh one.
fn request_id(headers: &HeaderMap) -> Result<String, Failure> {
    let Some(id) = headers.get(REQUEST_ID).filter(|id| !id.is_empty()) else {
        return Ok(fresh_id());
    };
    if id.len() > MAX_REQUEST_ID {
        let message = format!("x-openstack-request-id is too long, max size {MAX_REQUEST_ID}");
        return Err(Failure::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, message));
    }
    match id.to_str() {
        Ok(id) if id.starts_with("req-") => Ok(id.to_owned()),
        Ok(id) => Ok(format!("req-{id}")),
        Err(_) => Err(Failure::bad_request("x-openstack-request-id must be printable ASCII")),
    }
}
