//! `/v2/images/{id}/file`: image data in and out.

use crate::{
    failure::{Failure, Result},
    reply,
    request::{Head, Request, Segment, answered},
    send_file::Files,
};
use casement_service::{Download, DownloadRequest, Error, Kind, Piece, Side, UploadRequest};
use futures_util::StreamExt;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE},
};
use warp::{Filter, Reply, filters::BoxedFilter, reply::Response};

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const OCTETS: &str = "application/octet-stream";

pub(crate) fn routes(request: BoxedFilter<(Request,)>) -> BoxedFilter<(Response,)> {
    warp::path!("v2" / "images" / Segment / "file")
        .and(request)
        .then(|Segment(id), request| answered(async move { file(&id, request).await }))
        .boxed()
}

async fn file(id: &str, request: Request) -> Result {
    match request.head.method {
        Method::GET => {
            request.head.without_body()?;
            let wanted = DownloadRequest { takes_files: request.files.is_some(), ..download_request(&request.head) };
            let download = request.service.download(&request.caller, id, &wanted).await?;
            Ok(downloaded(download, request.files))
        }
        Method::PUT => {
            let upload = upload_request(&request.head)?;
            request.service.upload(&request.caller, id, upload, request.body).await?;
            Ok(reply::no_content())
        }
        _ => Err(Failure::method_not_allowed("GET, PUT")),
    }
}

fn upload_request(head: &Head) -> Result<UploadRequest> {
    let content_type = head.content_type();
    if content_type != Some(OCTETS) {
        let message = format!("Invalid content type {}", content_type.unwrap_or("None"));
        return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let size = match head.header("x-openstack-image-size") {
        Some(size) => Some(
            size.trim()
                .parse()
                .map_err(|_| Failure::bad_request("Invalid or missing image size in request headers."))?,
        ),
        // An empty body has an unknown size, in Glance.
        None => head.content_length().filter(|length| *length > 0),
    };
    Ok(UploadRequest { store: head.header("x-image-meta-store").map(str::to_owned), size })
}

fn download_request(head: &Head) -> DownloadRequest {
    let text =
        |name: HeaderName| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let prefer = head.query().into_iter().rfind(|(name, _)| name == "prefer");
    DownloadRequest {
        range: text(RANGE),
        content_range: text(CONTENT_RANGE),
        prefer: prefer
            .iter()
            .flat_map(|(_, stores)| stores.split(','))
            .map(str::trim)
            .filter(|store| !store.is_empty())
            .map(str::to_owned)
            .collect(),
        takes_files: false,
    }
}

/// The length is promised, so a stream that fails breaks the connection and cannot pass for the whole image.
fn downloaded(download: Download, files: Option<Files>) -> Response {
    let Download::Data { size, part, checksum, data } = download else {
        return reply::no_content();
    };
    let frames = data.map(move |piece| match (piece?, &files) {
        (Piece::Bytes(bytes), _) => Ok(bytes),
        (Piece::File(part), Some(files)) => Ok(files.send(part)),
        (Piece::File(_), None) => Err(Error::new(Kind::Internal, Side::Gateway, "nobody can send this file")),
    });
    let mut response = warp::reply::stream(frames).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(OCTETS));
    headers.insert(CONTENT_LENGTH, part.map_or(size, |(_, length)| length).into());
    if let Some(Ok(checksum)) = checksum.map(HeaderValue::try_from) {
        headers.insert(CONTENT_MD5, checksum);
    }
    if let Some((offset, length)) = part {
        let range = format!("bytes {offset}-{}/{size}", (offset + length).saturating_sub(1));
        if let Ok(range) = HeaderValue::try_from(range) {
            headers.insert(CONTENT_RANGE, range);
        }
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bytes::Bytes;
    use futures_util::stream;

    fn data(part: Option<(u64, u64)>, checksum: Option<&str>) -> Response {
        let data = Box::pin(stream::iter([Ok(Piece::Bytes(Bytes::from_static(b"0123")))]));
        downloaded(Download::Data { size: 10, part, checksum: checksum.map(str::to_owned), data }, None)
    }

    #[test]
    fn a_whole_image_tells_its_length_and_checksum() {
        let response = data(None, Some("781e5e245d69b566979b86e28d23f2c7"));
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], OCTETS);
        assert_eq!(response.headers()[CONTENT_LENGTH], "10");
        assert_eq!(response.headers()[CONTENT_MD5], "781e5e245d69b566979b86e28d23f2c7");
        assert!(!response.headers().contains_key(CONTENT_RANGE));
    }

    #[test]
    fn a_part_tells_its_place_and_the_whole_image_s_checksum() {
        let response = data(Some((4, 6)), Some("781e5e245d69b566979b86e28d23f2c7"));
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(response.headers()[CONTENT_LENGTH], "6");
        assert_eq!(response.headers()[CONTENT_RANGE], "bytes 4-9/10");
        assert_eq!(response.headers()[CONTENT_MD5], "781e5e245d69b566979b86e28d23f2c7");
    }

    #[test]
    fn an_image_without_a_checksum_sends_none_and_one_without_data_is_no_content() {
        assert!(!data(None, None).headers().contains_key(CONTENT_MD5));
        assert_eq!(downloaded(Download::Empty, None).status(), StatusCode::NO_CONTENT);
    }

    const TYPE: (&str, &str) = ("content-type", OCTETS);

    fn upload(headers: &[(&str, &str)]) -> Result<(Option<String>, Option<u64>)> {
        upload_request(&Head::of(Method::PUT, "", headers)).map(|request| (request.store, request.size))
    }

    #[test]
    fn an_upload_tells_its_store_and_its_size() {
        assert_eq!(upload(&[TYPE]).unwrap(), (None, None));
        assert_eq!(upload(&[("content-type", "application/octet-stream; x=y")]).unwrap(), (None, None));
        assert_eq!(upload(&[TYPE, ("content-length", "0")]).unwrap(), (None, None));
        assert_eq!(upload(&[TYPE, ("content-length", "7")]).unwrap(), (None, Some(7)));
        let headers = [TYPE, ("content-length", "7"), ("x-openstack-image-size", "5"), ("x-image-meta-store", "fast")];
        assert_eq!(upload(&headers).unwrap(), (Some("fast".into()), Some(5)));
    }

    #[test]
    fn an_upload_of_another_type_or_with_a_bad_size_is_refused() {
        for (headers, status, message) in [
            (vec![], StatusCode::UNSUPPORTED_MEDIA_TYPE, "Invalid content type None"),
            (
                vec![("content-type", "text/plain; charset=x")],
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Invalid content type text/plain",
            ),
            (
                vec![TYPE, ("x-openstack-image-size", "zz")],
                StatusCode::BAD_REQUEST,
                "Invalid or missing image size in request headers.",
            ),
            (
                vec![TYPE, ("x-openstack-image-size", "-1")],
                StatusCode::BAD_REQUEST,
                "Invalid or missing image size in request headers.",
            ),
        ] {
            let failure = upload(&headers).unwrap_err();
            assert_eq!((failure.status, failure.message.as_str()), (status, message));
        }
    }

    #[test]
    fn a_download_passes_its_ranges_and_preferred_stores_on() {
        let head =
            Head::of(Method::GET, "prefer=cheap,%20fast,,", &[("range", "bytes=0-3"), ("content-range", "junk")]);
        let request = download_request(&head);
        assert_eq!(request.prefer, ["cheap", "fast"]);
        assert_eq!((request.range.as_deref(), request.content_range.as_deref()), (Some("bytes=0-3"), Some("junk")));
    }
}
