//! The admin address: metrics, and whether the service lives, is ready, and how its stores are. For those who run it;
//! nobody is asked who they are.

use crate::{body::RequestBody, failure::Failure, reply};
use casement_service::{Service, StoreHealth};
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::sync::watch;
use warp::reply::Response;

/// What the admin address tells of. Cheap to clone.
#[derive(Clone)]
pub struct Admin(Arc<dyn Watched>);

/// Who is watched: one process ([`Process`]), or several together.
pub trait Watched: Send + Sync {
    /// All figures in Prometheus's text format.
    fn metrics(&self) -> BoxFuture<'_, String>;
    /// Why requests are not welcome; nothing where they are.
    fn unreadiness(&self) -> BoxFuture<'_, Vec<String>>;
    /// How each store is.
    fn stores(&self) -> BoxFuture<'_, Vec<Value>>;
}

/// One process.
pub struct Process {
    /// Writes what this process has counted and measured.
    pub metrics: Box<dyn Fn() -> String + Send + Sync>,
    pub phase: watch::Receiver<Phase>,
}

/// Where the service is in its life.
#[derive(Debug, Clone)]
pub enum Phase {
    /// No request is taken yet.
    Starting,
    Serving(Service),
    /// No new request is taken any more.
    Draining(Service),
}

/// Prometheus's text format, version 0.0.4.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Admin {
    pub fn new(watched: Arc<dyn Watched>) -> Self {
        Self(watched)
    }

    async fn answer(&self, method: &Method, path: &str) -> Response {
        if !matches!(path, "/metrics" | "/health/live" | "/health/ready" | "/health/stores") {
            return Failure::unknown_path(method).into_response();
        }
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Failure::method_not_allowed("GET, HEAD").into_response();
        }
        match path {
            "/metrics" => self.metrics().await,
            // Whoever can answer at all is alive.
            "/health/live" => json_reply(StatusCode::OK, &json!({"status": "live"})),
            "/health/ready" => self.readiness().await,
            _ => json_reply(StatusCode::OK, &json!({"stores": self.0.stores().await})),
        }
    }

    async fn metrics(&self) -> Response {
        let mut response = Response::new(self.0.metrics().await.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(METRICS));
        response
    }

    async fn readiness(&self) -> Response {
        match self.0.unreadiness().await.as_slice() {
            [] => json_reply(StatusCode::OK, &json!({"status": "ready"})),
            reasons => json_reply(StatusCode::SERVICE_UNAVAILABLE, &json!({"status": "not ready", "reasons": reasons})),
        }
    }
}

impl Process {
    fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }
}

impl Watched for Process {
    fn metrics(&self) -> BoxFuture<'_, String> {
        Box::pin(async {
            if let Phase::Serving(service) | Phase::Draining(service) = self.phase() {
                service.tell_figures();
            }
            (self.metrics)()
        })
    }

    fn unreadiness(&self) -> BoxFuture<'_, Vec<String>> {
        Box::pin(async {
            match self.phase() {
                Phase::Starting => vec!["the service is starting".to_owned()],
                Phase::Draining(_) => vec!["the service is stopping: requests under way may end".to_owned()],
                Phase::Serving(service) => service.unreadiness().await,
            }
        })
    }

    fn stores(&self) -> BoxFuture<'_, Vec<Value>> {
        Box::pin(async {
            match self.phase() {
                Phase::Starting => Vec::new(),
                Phase::Serving(service) | Phase::Draining(service) => {
                    service.store_health().iter().map(store).collect()
                }
            }
        })
    }
}

fn store(health: &StoreHealth) -> Value {
    json!({
        "id": health.id,
        "plugin": health.plugin,
        "required": health.required,
        "state": health.state,
        "since": health.since,
        "breaker_open": health.breaker_open,
        "last_error": health.last_error.as_ref().map(|(message, at)| json!({"message": message, "at": at})),
        "free_bytes": health.free_bytes,
        "used_bytes": health.used_bytes,
    })
}

fn json_reply(status: StatusCode, value: &Value) -> Response {
    reply::json(status, value).unwrap_or_else(Failure::into_response)
}

impl tower_service::Service<Request<RequestBody>> for Admin {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let admin = self.clone();
        Box::pin(async move { Ok(admin.answer(request.method(), request.uri().path()).await) })
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admin")
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("phase", &self.phase).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn admin() -> Admin {
        let metrics = Box::new(|| "x 1\n".to_owned());
        Admin::new(Arc::new(Process { metrics, phase: watch::channel(Phase::Starting).1 }))
    }

    #[tokio::test]
    async fn a_service_that_starts_lives_and_is_not_ready() {
        let admin = admin();
        assert_eq!(admin.answer(&Method::GET, "/health/live").await.status(), StatusCode::OK);
        assert_eq!(admin.answer(&Method::GET, "/health/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(admin.answer(&Method::GET, "/health/stores").await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn metrics_name_their_format() {
        let answer = admin().answer(&Method::GET, "/metrics").await;
        assert_eq!(answer.headers()["content-type"], METRICS);
    }

    #[tokio::test]
    async fn other_paths_and_other_methods_are_refused() {
        assert_eq!(admin().answer(&Method::GET, "/v2/images").await.status(), StatusCode::NOT_FOUND);
        assert_eq!(admin().answer(&Method::POST, "/metrics").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
}
