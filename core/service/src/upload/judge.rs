//! The judgement: what came is held against what was promised, before anything of it is published.

use crate::{Error, Kind, Result, Side, UploadRequest};
use casement_catalog::Outcome;
use casement_image::Location;
use casement_stores::ingest::Ingested;
use serde_json::{Map, Value};

/// Passes data that is what the request said it would be, as the outcome to be recorded.
///
/// # Errors
/// When the size is not the announced one.
pub(super) fn judge(request: &UploadRequest, ingested: Ingested, url: String, store: &str) -> Result<Outcome> {
    if let Some(expected) = request.size
        && expected != ingested.size
    {
        let message = format!("Size mismatch: expected {expected} bytes, got {} bytes", ingested.size);
        return Err(Error::new(Kind::Invalid, Side::Client, message));
    }
    let metadata = Map::from_iter([("store".to_owned(), Value::String(store.to_owned()))]);
    Ok(Outcome {
        size: ingested.size,
        checksum: Some(ingested.checksum),
        os_hash_algo: Some(ingested.multihash.name().to_owned()),
        os_hash_value: Some(ingested.os_hash_value),
        virtual_size: None,
        location: Location { url, metadata },
    })
}

/// More came than was announced, or than an image may have.
pub(super) fn too_long(request: &UploadRequest, got: u64, cap: u64) -> Error {
    match request.size {
        Some(expected) if got > expected => {
            let message = format!("Size exceeds: expected {expected} bytes, got {got} bytes");
            Error::new(Kind::Invalid, Side::Client, message)
        }
        _ => too_large(cap),
    }
}

pub(super) fn too_large(cap: u64) -> Error {
    let message = format!("Image exceeds the maximum size of {cap} bytes.");
    Error::new(Kind::LimitExceeded, Side::Client, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use casement_stores::Multihash;

    fn ingested(size: u64) -> Ingested {
        Ingested { size, checksum: "c".to_owned(), multihash: Multihash::Sha512, os_hash_value: "h".to_owned() }
    }

    fn announced(size: Option<u64>) -> UploadRequest {
        UploadRequest { store: None, size }
    }

    #[test]
    fn data_of_the_announced_size_passes_and_carries_its_store_in_the_location() {
        for size in [Some(10), None] {
            let outcome = judge(&announced(size), ingested(10), "file:///x".to_owned(), "fast").unwrap();
            assert_eq!((outcome.size, outcome.location.store()), (10, Some("fast")));
        }
    }

    #[test]
    fn data_of_another_size_is_refused_in_glances_words() {
        let refused = judge(&announced(Some(5)), ingested(3), String::new(), "fast").unwrap_err();
        assert_eq!(refused.message, "Size mismatch: expected 5 bytes, got 3 bytes");
        assert_eq!(too_long(&announced(Some(5)), 8, 100).message, "Size exceeds: expected 5 bytes, got 8 bytes");
        assert_eq!(too_long(&announced(None), 101, 100).kind, Kind::LimitExceeded);
    }
}
