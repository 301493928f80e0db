//! The client's request that work is done for. Its id goes where the work goes, into the background too, so that whoever
//! is asked for something on the way, Keystone or a backend, can be told, and the lines of the log bear it.

use std::{fmt, future::Future, sync::Arc};
use tokio::task_local;

task_local! {
    static CURRENT: Option<RequestId>;
}

/// The id of a request, as its client sees it in `X-OpenStack-Request-ID`, and what it asks for. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<Request>);

#[derive(Debug, PartialEq, Eq)]
struct Request {
    id: String,
    asks: Option<String>,
}

impl RequestId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(Arc::new(Request { id: id.into(), asks: None }))
    }

    /// With its method and its path, for a person to read.
    pub fn asking(id: String, method: &str, path: &str) -> Self {
        Self(Arc::new(Request { id, asks: Some([method, " ", path].concat()) }))
    }

    /// That of the request which is worked for here; `None` for what nobody asked for, maintenance say.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok().flatten()
    }

    pub fn as_str(&self) -> &str {
        &self.0.id
    }

    /// What the client asks for, `GET /v2/images` say, where that is known.
    pub fn asks(&self) -> Option<&str> {
        self.0.asks.as_deref()
    }

    /// Does work for this request.
    pub fn serve<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(Some(self), work)
    }

    /// As [`RequestId::serve`], for what is done at once.
    pub fn serve_now<R>(self, work: impl FnOnce() -> R) -> R {
        CURRENT.sync_scope(Some(self), work)
    }
}

/// `work` for the request that this is called in, wherever it then runs.
pub fn for_this_request<F: Future>(work: F) -> impl Future<Output = F::Output> {
    CURRENT.scope(RequestId::current(), work)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn told() -> Option<String> {
        tokio::task::yield_now().await;
        RequestId::current().map(|id| id.to_string())
    }

    #[tokio::test]
    async fn work_in_the_background_is_for_the_request_that_it_was_begun_in() {
        let request = RequestId::new("req-1").serve(async {
            let behind = tokio::spawn(for_this_request(told())).await.unwrap();
            let stray = tokio::spawn(told()).await.unwrap();
            (told().await, behind, stray)
        });
        assert_eq!(request.await, (Some("req-1".to_owned()), Some("req-1".to_owned()), None));
        assert_eq!(for_this_request(told()).await, None);
    }

    #[test]
    fn what_is_done_at_once_is_for_the_request_too() {
        let told = RequestId::new("req-1").serve_now(RequestId::current);
        assert_eq!(told, Some(RequestId::new("req-1")));
        assert_eq!(RequestId::current(), None);
    }

    #[test]
    fn what_a_request_asks_for_is_known_with_its_id() {
        let id = RequestId::asking("req-1".to_owned(), "GET", "/v2/images");
        assert_eq!((id.as_str(), id.asks()), ("req-1", Some("GET /v2/images")));
        assert_eq!(RequestId::new("req-1").asks(), None);
    }
}
