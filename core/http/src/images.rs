//! `/v2/images` and `/v2/images/{id}`.

use crate::{
    audit::Created,
    conditions::{has_already, if_match, not_modified, with_etag},
    failure::{Failure, Result},
    json_body, reply,
    request::{Request, Segment, answered},
};
use casement_image::patch::Dialect;
use casement_service::Record;
use http::{HeaderName, HeaderValue, Method, StatusCode, header::LOCATION};
use warp::{Filter, filters::BoxedFilter, reply::Response};

const STORE_IDS: HeaderName = HeaderName::from_static("openstack-image-store-ids");
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");
const PATCH_V2_0: &str = "application/openstack-images-v2.0-json-patch";
const PATCH_V2_1: &str = "application/openstack-images-v2.1-json-patch";

pub(crate) fn collection(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    warp::path!("v2" / "images").and(request).then(|request| answered(images(request))).boxed()
}

pub(crate) fn item(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    warp::path!("v2" / "images" / Segment)
        .and(request)
        .then(|Segment(id), request| answered(async move { image(&id, request).await }))
        .boxed()
}

async fn images(mut request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            let page = request.service.list_images(&request.caller, &request.head.query()).await?;
            Ok(reply::written(StatusCode::OK, page))
        }
        Method::POST => {
            let body = json_body::read(&mut request).await?;
            let image = request.service.create_image(&request.caller, &body).await?;
            Ok(created(image, &request.base_url(), &request.service.store_ids()))
        }
        _ => Err(Failure::method_not_allowed("GET, POST")),
    }
}

async fn image(id: &str, request: Request) -> Result {
    match request.head.method {
        Method::GET => show(id, request).await,
        // Boxed, since the commonest request would carry their memory along.
        Method::PATCH => Box::pin(update(id, request)).await,
        Method::DELETE => Box::pin(delete(id, request)).await,
        _ => Err(Failure::method_not_allowed("GET, PATCH, DELETE")),
    }
}

async fn show(id: &str, request: Request) -> Result {
    request.head.without_body()?;
    let record = request.service.show_image(&request.caller, id).await?;
    if has_already(&request.head.headers, &record.version) {
        return Ok(not_modified(&record.version));
    }
    Ok(told(&record))
}

async fn update(id: &str, mut request: Request) -> Result {
    let dialect = dialect(request.head.content_type())?;
    let body = json_body::read(&mut request).await?;
    let precondition = if_match(&request.head.headers);
    let record = request.service.update_image(&request.caller, id, dialect, &body, precondition.as_ref()).await?;
    Ok(told(&record))
}

async fn delete(id: &str, request: Request) -> Result {
    request.head.without_body()?;
    let precondition = if_match(&request.head.headers);
    request.service.delete_image(&request.caller, id, precondition.as_ref()).await?;
    Ok(reply::no_content())
}

fn told(record: &Record) -> Response {
    with_etag(reply::written(StatusCode::OK, record.json.clone()), &record.version)
}

fn created(image: Record, base_url: &str, store_ids: &[String]) -> Response {
    let Record { id, json, .. } = image;
    let mut response = reply::written(StatusCode::CREATED, json);
    response.extensions_mut().insert(Created(id.to_string()));
    for (name, value) in [(LOCATION, format!("{base_url}/v2/images/{id}")), (STORE_IDS, store_ids.join(","))] {
        // Neither can hold what a header cannot, save for a Host header that a client made up.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn dialect(content_type: Option<&str>) -> Result<Dialect> {
    match content_type {
        Some(PATCH_V2_0) => Ok(Dialect::V2_0),
        Some(PATCH_V2_1) => Ok(Dialect::V2_1),
        _ => {
            let allowed = format!("{PATCH_V2_0}, {PATCH_V2_1}");
            let message = format!("Image PATCH expects Content-Type one of: {allowed}");
            let failure = Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message);
            Err(match HeaderValue::try_from(allowed) {
                Ok(allowed) => failure.with_header(ACCEPT_PATCH, allowed),
                Err(_) => failure,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use casement_image::ImageId;

    #[test]
    fn a_created_image_answers_with_its_place_and_all_stores() {
        let id = ImageId::parse("b44f4dd8-0f06-4a7d-9d6a-2a5e2b1f5f0e").unwrap();
        let image = Record { id: id.clone(), json: "{}".into(), version: "1".into() };
        let response = created(image, "http://host:9292", &["cheap".into(), "fast".into()]);
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[LOCATION], format!("http://host:9292/v2/images/{id}"));
        assert_eq!(response.headers()[STORE_IDS], "cheap,fast");
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn a_patch_names_its_dialect_exactly() {
        assert_eq!(dialect(Some(PATCH_V2_0)).unwrap(), Dialect::V2_0);
        assert_eq!(dialect(Some(PATCH_V2_1)).unwrap(), Dialect::V2_1);
        for other in [
            None,
            Some("application/json"),
            Some("application/openstack-images-v2.2-json-patch"),
            Some("Application/openstack-images-v2.1-json-patch"),
        ] {
            let failure = dialect(other).unwrap_err();
            assert_eq!(failure.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
            let allowed = HeaderValue::try_from(format!("{PATCH_V2_0}, {PATCH_V2_1}")).unwrap();
            assert_eq!(failure.header, Some((ACCEPT_PATCH, allowed)));
        }
    }
}
