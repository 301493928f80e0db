//! What of a request a handler sees.

use crate::{
    Options,
    body::{Pace, paced},
    failure::{Failure, Result},
    forwarded::Scheme,
    send_file::Files,
};
use bytes::{Buf, Bytes};
use casement_image::Caller;
use casement_service::{BodyStream, Service};
use futures_util::{FutureExt, Stream, TryStreamExt, future::BoxFuture, stream};
use http::{
    HeaderMap, Method, Uri,
    header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING},
};
use hyper::body::Body;
use percent_encoding::percent_decode_str;
use std::{mem, str::FromStr, sync::Arc};
use url::form_urlencoded;
use warp::{Filter, filters::BoxedFilter};

/// A segment of a path, decoded. One that hides a slash, or is not UTF-8, matches no route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment(pub(crate) String);

impl FromStr for Segment {
    type Err = ();

    fn from_str(raw: &str) -> std::result::Result<Self, ()> {
        let text = percent_decode_str(raw).decode_utf8().map_err(drop)?;
        if text.contains('/') { Err(()) } else { Ok(Self(text.into_owned())) }
    }
}

/// What a request says before its body.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    uri: Uri,
}

/// A request extension: what is known of a request that was let in. Warp's filters hand out copies, so it is cheap to clone.
#[derive(Debug, Clone)]
struct Admitted {
    head: Arc<Head>,
    caller: Arc<Caller>,
    scheme: Scheme,
    files: Option<Files>,
    has_body: bool,
}

pub(crate) struct Request {
    pub(crate) head: Arc<Head>,
    pub(crate) caller: Arc<Caller>,
    pub(crate) service: Service,
    pub(crate) options: Arc<Options>,
    pub(crate) body: BodyStream,
    /// Where the connection can send files.
    pub(crate) files: Option<Files>,
    scheme: Scheme,
}

impl Request {
    /// The URL that links begin with.
    pub(crate) fn base_url(&self) -> String {
        self.options.base_url(self.scheme, &self.head.headers)
    }
}

/// Readies a request of this caller for the routes.
pub(crate) fn admit<B: Body>(mut request: http::Request<B>, caller: Arc<Caller>) -> http::Request<B> {
    let head = Head {
        method: request.method().clone(),
        headers: mem::take(request.headers_mut()),
        uri: request.uri().clone(),
    };
    let (head, files) = (Arc::new(head), request.extensions_mut().remove());
    let (scheme, has_body) = (Scheme::of(&request), !request.body().is_end_stream());
    request.extensions_mut().insert(Admitted { head, caller, scheme, files, has_body });
    request
}

/// Takes apart what is left of a request whose path has matched.
pub(crate) fn request(service: Service, options: Arc<Options>) -> BoxedFilter<(Request,)> {
    let pace = Pace { idle: options.body_idle_timeout, min_rate: options.min_upload_rate };
    warp::ext::get::<Admitted>()
        .and(warp::body::stream())
        .map(move |Admitted { head, caller, scheme, files, has_body }, frames| Request {
            head,
            caller,
            service: service.clone(),
            options: options.clone(),
            body: if has_body { paced(bytes(frames), pace) } else { Box::pin(stream::empty()) },
            files,
            scheme,
        })
        .boxed()
}

/// What is behind warp's `impl Buf` is `Bytes`, so this copies nothing.
pub(crate) fn bytes<B: Buf>(
    frames: impl Stream<Item = std::result::Result<B, warp::Error>>,
) -> impl Stream<Item = std::result::Result<Bytes, warp::Error>> {
    frames.map_ok(|mut frame| frame.copy_to_bytes(frame.remaining()))
}

/// A route's answer: failures go along with an empty response until their body is written.
pub(crate) fn answer(result: Result) -> warp::reply::Response {
    result.unwrap_or_else(Failure::into_response)
}

/// The same of a route that has something to wait for. In a box: on its way to its own route a request is given the
/// futures of those that do not fit, and with that of a change inside one takes 8 KiB.
pub(crate) fn answered(
    work: impl Future<Output = Result> + Send + 'static,
) -> BoxFuture<'static, warp::reply::Response> {
    async { answer(work.await) }.boxed()
}

impl Head {
    /// A header's text. One that is not printable ASCII counts as absent.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type without its parameters.
    pub(crate) fn content_type(&self) -> Option<&str> {
        self.header(CONTENT_TYPE.as_str()).map(|value| value.split(';').next().unwrap_or_default().trim())
    }

    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.trim().parse().ok()
    }

    pub(crate) fn has_body(&self) -> bool {
        self.headers.contains_key(TRANSFER_ENCODING) || self.content_length().is_some_and(|length| length > 0)
    }

    /// For resources that take none.
    pub(crate) fn without_body(&self) -> Result<()> {
        if self.has_body() { Err(Failure::bad_request("A body is not expected with this request.")) } else { Ok(()) }
    }

    /// Names and values, decoded, in order.
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.uri.query().unwrap_or_default().as_bytes()).into_owned().collect()
    }
}

#[cfg(test)]
impl Head {
    /// A head for tests, with headers as pairs of text.
    pub(crate) fn of(method: Method, query: &str, headers: &[(&str, &str)]) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse::<http::HeaderName>().expect("a name"), value.parse().expect("a value")))
            .collect();
        Self { method, headers, uri: format!("/?{query}").parse().expect("a query") }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_segment_is_decoded_and_hides_no_slash() {
        let parse = |raw: &str| raw.parse::<Segment>().map(|segment| segment.0);
        assert_eq!(parse("a%20b"), Ok("a b".into()));
        assert_eq!(parse("%C3%A9"), Ok("\u{e9}".into()));
        assert_eq!(parse("a%2Fb"), Err(()));
        assert_eq!(parse("%ff"), Err(()));
    }

    #[test]
    fn a_body_is_one_with_a_length_or_a_transfer_coding() {
        let refused = |headers: &[(&str, &str)]| Head::of(Method::POST, "", headers).without_body().is_err();
        assert!(!refused(&[]));
        assert!(!refused(&[("content-length", "0")]));
        assert!(refused(&[("content-length", "1")]));
        assert!(refused(&[("transfer-encoding", "chunked")]));
    }

    #[test]
    fn a_query_keeps_its_order_and_its_repetitions() {
        let pairs = Head::of(Method::GET, "tag=b&tag=a&name=in:x%2Cy+z&flag", &[]).query();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("tag", "b"), ("tag", "a"), ("name", "in:x,y z"), ("flag", "")]);
    }
}
