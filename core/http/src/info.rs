//! `/v2/info/stores`, `/v2/info/stores/detail`, `/v2/info/import` and `/v2/info/usage`.

use crate::{
    failure::{Failure, Result},
    reply,
    request::{Request, answer, answered},
};
use casement_service::{ResourceUsage, StoreDetail, StoreInfo};
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use warp::{Filter, filters::BoxedFilter, reply::Response};

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    let stores = warp::path!("v2" / "info" / "stores")
        .and(request.clone())
        .then(async |request| answer(get(request, |request| Ok(stores(&request.service.stores())))))
        .boxed();
    let detail = warp::path!("v2" / "info" / "stores" / "detail")
        .and(request.clone())
        .then(async |request| {
            answer(get(request, |request| Ok(details(&request.service.stores_detail(&request.caller)?))))
        })
        .boxed();
    let usage =
        warp::path!("v2" / "info" / "usage").and(request.clone()).then(|request| answered(usage(request))).boxed();
    let import = warp::path!("v2" / "info" / "import")
        .and(request)
        .then(async |request| answer(get(request, |_| Ok(import()))))
        .boxed();
    stores.or(detail).unify().boxed().or(usage).unify().boxed().or(import).unify().boxed()
}

fn get(request: Request, document: impl FnOnce(&Request) -> Result<Value>) -> Result {
    if request.head.method != Method::GET {
        return Err(Failure::method_not_allowed("GET"));
    }
    request.head.without_body()?;
    reply::json(StatusCode::OK, &document(&request)?)
}

/// Glance knows no other method here, not even as one that is not allowed.
async fn usage(request: Request) -> Result {
    if request.head.method != Method::GET {
        return Err(Failure::unknown_path(&request.head.method));
    }
    request.head.without_body()?;
    // -1 is Keystone's way to say that there is no limit.
    let line = |of: &ResourceUsage| {
        let limit = of.limit.map_or(json!(-1), |limit| json!(limit));
        (of.name.to_owned(), json!({"limit": limit, "usage": of.usage}))
    };
    let usage: Map<String, Value> = request.service.usage(&request.caller).await?.iter().map(line).collect();
    reply::json(StatusCode::OK, &json!({ "usage": usage }))
}

fn stores(stores: &[StoreInfo]) -> Value {
    json!({ "stores": stores.iter().map(store).collect::<Vec<_>>() })
}

fn details(stores: &[StoreDetail]) -> Value {
    let detail = |detail: &StoreDetail| {
        let mut view = store(&detail.info);
        view.insert("type".into(), json!(detail.kind));
        view.insert("properties".into(), Value::Object(detail.properties.clone()));
        view.insert("weight".into(), json!(detail.weight));
        view
    };
    json!({ "stores": stores.iter().map(detail).collect::<Vec<_>>() })
}

fn store(info: &StoreInfo) -> Map<String, Value> {
    let mut store = Map::from_iter([("id".to_owned(), json!(info.id))]);
    if let Some(description) = &info.description {
        store.insert("description".into(), json!(description));
    }
    // Glance says "true", as text, or nothing at all.
    for (name, is_so) in [("default", info.default), ("read-only", info.read_only)] {
        if is_so {
            store.insert(name.into(), json!("true"));
        }
    }
    if let Some(reason) = &info.unavailable {
        store.insert("unavailable".into(), json!(reason));
    }
    store
}

/// No import method is offered.
fn import() -> Value {
    json!({"import-methods": {"description": "Import methods available.", "type": "array", "value": []}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_say_only_what_is_so() {
        let info = |id: &str, description: Option<&str>, default, read_only| StoreInfo {
            id: id.into(),
            description: description.map(str::to_owned),
            default,
            read_only,
            unavailable: None,
        };
        let document = stores(&[info("fast", Some("Fast store"), true, false), info("web", None, false, true)]);
        assert_eq!(
            document,
            json!({"stores": [
                {"id": "fast", "description": "Fast store", "default": "true"},
                {"id": "web", "read-only": "true"},
            ]})
        );
    }
}
