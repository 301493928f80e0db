//! JSON bodies, whatever content type they are labelled with.

use crate::{
    failure::{Failure, Result},
    request::Request,
};
use casement_service::BodyStream;
use futures_util::TryStreamExt;
use http::StatusCode;
use serde_json::Value;

/// The body as an object or a list.
pub(crate) async fn read(request: &mut Request) -> Result<Value> {
    if !request.head.has_body() {
        return Err(Failure::bad_request("Body expected in request."));
    }
    let limit = request.options.max_json_body;
    if request.head.content_length().is_some_and(|length| length > limit as u64) {
        return Err(Failure::bare(StatusCode::PAYLOAD_TOO_LARGE));
    }
    parse(&collect(&mut request.body, limit).await?)
}

async fn collect(body: &mut BodyStream, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.try_next().await? {
        if bytes.len() + frame.len() > limit {
            return Err(Failure::bare(StatusCode::PAYLOAD_TOO_LARGE));
        }
        bytes.extend_from_slice(&frame);
    }
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Value> {
    match serde_json::from_slice(bytes) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
        Ok(_) => Err(Failure::bad_request("Unexpected body type. Expected list/dict.")),
        Err(_) => Err(Failure::bad_request("Malformed JSON in request body.")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use bytes::Bytes;
    use casement_service::BodyError;
    use futures_util::stream;

    #[test]
    fn only_objects_and_lists_are_bodies() {
        assert!(parse(br#"{"a": 1}"#).is_ok());
        assert!(parse(b"[]").is_ok());
        for (body, message) in [
            (&br#""x""#[..], "Unexpected body type. Expected list/dict."),
            (b"5", "Unexpected body type. Expected list/dict."),
            (b"null", "Unexpected body type. Expected list/dict."),
            (b"{bad", "Malformed JSON in request body."),
            (b"", "Malformed JSON in request body."),
            (b"{} {}", "Malformed JSON in request body."),
            (b"{\"a\": \"\xff\"}", "Malformed JSON in request body."),
        ] {
            let failure = parse(body).unwrap_err();
            assert_eq!((failure.status, failure.message.as_str()), (StatusCode::BAD_REQUEST, message));
        }
    }

    #[test]
    fn a_body_nested_beyond_reason_is_refused_and_overflows_no_stack() {
        assert_eq!(parse("[".repeat(1 << 20).as_bytes()).unwrap_err().status, StatusCode::BAD_REQUEST);
    }

    async fn status_of(frames: Vec<std::result::Result<Bytes, BodyError>>) -> StatusCode {
        let mut body: BodyStream = Box::pin(stream::iter(frames));
        collect(&mut body, 4).await.map_or_else(|failure| failure.status, |_| StatusCode::OK)
    }

    #[tokio::test]
    async fn the_limit_holds_while_frames_come_in_and_a_bad_end_is_told() {
        let frame = || Ok(Bytes::from_static(b"ab"));
        assert_eq!(status_of(vec![frame(), frame()]).await, StatusCode::OK);
        assert_eq!(
            status_of(vec![frame(), frame(), Ok(Bytes::from_static(b"c"))]).await,
            StatusCode::PAYLOAD_TOO_LARGE
        );
        assert_eq!(status_of(vec![frame(), Err(BodyError::Stalled)]).await, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(status_of(vec![frame(), Err(BodyError::Cut("reset".into()))]).await, StatusCode::BAD_REQUEST);
    }
}
