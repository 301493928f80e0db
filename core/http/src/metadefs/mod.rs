//! `/v2/metadefs/…`: one file per resource.

mod namespaces;
mod objects;
mod properties;
mod resource_types;
mod tags;

use crate::request::{Head, Request};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let namespaces = namespaces::routes(request.clone()).or(resource_types::routes(request.clone())).unify().boxed();
    let parts = properties::routes(request.clone()).or(objects::routes(request.clone())).unify().boxed();
    namespaces.or(parts).unify().boxed().or(tags::routes(request)).unify().boxed()
}

/// `?resource_type=…`
fn resource_type(head: &Head) -> Option<String> {
    head.query().into_iter().rev().find(|(name, _)| name == "resource_type").map(|(_, value)| value)
}
