//! The way of a request through the API: open answers, version, caller, route.

use crate::{
    Options, actions,
    audit::Speaker,
    body::RequestBody,
    caller_limits::{Gate, is_transfer},
    credentials::credentials,
    failure::{Failure, Result},
    forwarded::{Origin, Scheme},
    healthcheck::{healthcheck, is_healthcheck},
    image_data, images, info, locations, members, metadefs, request, schemas, stores, tags, tasks,
    versions::{self, Negotiated, negotiate},
};
use casement_image::Caller;
use casement_service::{Kind, Service};
use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{ACCEPT, LOCATION},
    uri::PathAndQuery,
};
use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use warp::{Filter, filters::BoxedFilter, reply::Response};

/// Everything below the [layer](crate::layer), as one tower service.
#[derive(Clone)]
pub(crate) struct Gateway(Arc<Parts>);

struct Parts {
    service: Service,
    options: Arc<Options>,
    gate: Gate,
    routes: BoxedFilter<(Response,)>,
}

impl Gateway {
    pub(crate) fn new(service: Service, options: Arc<Options>) -> Self {
        let gate = Gate::new(&options);
        Self::with(service, options, gate)
    }

    /// Another service and other options, and what callers have asked for so far.
    pub(crate) fn exchanged(&self, service: Service, options: Arc<Options>) -> Self {
        let gate = self.0.gate.under(options.caller_limits);
        Self::with(service, options, gate)
    }

    fn with(service: Service, options: Arc<Options>, gate: Gate) -> Self {
        let routes = routes(request::request(service.clone(), options.clone()));
        Self(Arc::new(Parts { service, options, gate, routes }))
    }
}

impl Parts {
    async fn answer(&self, request: Request<RequestBody>) -> Response {
        if request.method() == Method::OPTIONS {
            return Response::default();
        }
        if is_healthcheck(request.uri().path()) {
            return Box::pin(healthcheck(&self.service, request.method())).await;
        }
        let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let uri = request.uri().clone();
        let path = match negotiate(uri.path(), accept) {
            Negotiated::List(status) => {
                return request::answer(versions::list(status, &self.base_url(&request)));
            }
            Negotiated::Api(path) => path,
        };
        let client = request.extensions().get().map(|origin: &Origin| origin.client);
        let caller = match self.service.authenticate(&credentials(&request)).await {
            Ok(caller) => caller,
            // What is wrong with a token is not a stranger's to know.
            Err(error) if error.kind == Kind::Unauthenticated => {
                return match self.gate.admit(None, client, false).await {
                    Ok(_) => Failure::bare(StatusCode::UNAUTHORIZED).into_response(),
                    Err(refusal) => refusal.into_response(),
                };
            }
            Err(error) => return Failure::from(error).into_response(),
        };
        if let Some(speaker) = request.extensions().get::<Speaker>() {
            speaker.is(caller.clone());
        }
        let project = caller.project_id.as_deref();
        match self.gate.admit(project, client, is_transfer(request.method(), &path)).await {
            Ok(transfer) => {
                let mut response = request::answer(self.route(request, caller, &path).await);
                if let Some(transfer) = transfer {
                    response.extensions_mut().insert(Arc::new(transfer));
                }
                response
            }
            Err(refusal) => refusal.into_response(),
        }
    }

    fn base_url(&self, request: &Request<RequestBody>) -> String {
        self.options.base_url(Scheme::of(request), request.headers())
    }

    async fn route(&self, mut request: Request<RequestBody>, caller: Arc<Caller>, path: &str) -> Result {
        if path == "/v2" {
            return redirect(&self.base_url(&request));
        }
        // Routes do not end in a slash; warp would not mind.
        if path.ends_with('/') {
            return Err(Failure::unknown_path(request.method()));
        }
        if path != request.uri().path() {
            *request.uri_mut() = with_path(request.uri(), path).ok_or_else(Failure::not_found)?;
        }
        let request = request::admit(request, caller);
        let Ok(response) = tower_service::Service::call(&mut warp::service(self.routes.clone()), request).await;
        Ok(response)
    }
}

impl tower_service::Service<Request<RequestBody>> for Gateway {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let gateway = self.clone();
        Box::pin(async move { Ok(gateway.0.answer(request).await) })
    }
}

fn routes(request: BoxedFilter<(request::Request,)>) -> BoxedFilter<(Response,)> {
    // Boxed at each step: the type of a chain of `or` grows with its length, and compile time with the type.
    let images = images::collection(request.clone()).or(image_data::routes(request.clone())).unify().boxed();
    let parts = tags::routes(request.clone()).or(actions::routes(request.clone())).unify().boxed();
    let parts = parts.or(members::routes(request.clone())).unify().boxed();
    let parts = parts.or(locations::routes(request.clone())).unify().boxed();
    let parts = parts.or(stores::routes(request.clone())).unify().boxed();
    let parts = parts.or(tasks::routes(request.clone())).unify().boxed();
    let about = info::routes(request.clone()).or(schemas::routes(request.clone())).unify().boxed();
    let about = about.or(metadefs::routes(request.clone())).unify().boxed();
    let unknown = warp::method().map(|method| Failure::unknown_path(&method).into_response());
    let others = images.or(parts).unify().boxed().or(about).unify().boxed().or(unknown).unify().boxed();
    // What is asked for most comes first: each step takes its part of a request's time.
    images::item(request).or(others).unify().boxed()
}

fn redirect(base_url: &str) -> Result {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::FOUND;
    let location =
        HeaderValue::try_from(format!("{base_url}/v2/")).map_err(|_| Failure::bad_request("Invalid Host header."))?;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// `None` where the path cannot be written, which a path that came in always can.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    Some(Uri::from(path_and_query.ok()?))
}
