//! The judgement: what came is held against what was promised, before anything of it is published.

use crate::{Error, Kind, Result, Side, UploadRequest};
use casement_catalog::Outcome;
use casement_image::{Image, Location};
use casement_inspect::{Inspection, Inspector, Refusal, RefusalKind, Settings as Formats, Verdict, is_inspected};
use casement_stores::ingest::Ingested;

/// Passes data that is what the request and the image's record say it is, as the outcome to be recorded.
///
/// # Errors
/// When the size is not the announced one, or the data is of another format, or harmful to whoever opens it.
pub(super) fn judge(
    request: &UploadRequest,
    image: &Image,
    ingested: Ingested,
    location: Location,
    formats: &Formats,
) -> Result<Outcome> {
    if let Some(expected) = request.size
        && expected != ingested.size
    {
        let message = format!("Size mismatch: expected {expected} bytes, got {} bytes", ingested.size);
        return Err(Error::new(Kind::Invalid, Side::Client, message));
    }
    let verdict = match &ingested.inspection {
        Some(inspection) => casement_inspect::judge(inspection, disk_format(image), container_format(image), formats)
            .map_err(refused)?,
        None => Verdict::default(),
    };
    Ok(Outcome {
        size: ingested.size,
        checksum: ingested.checksum,
        os_hash_algo: Some(ingested.multihash.name().to_owned()),
        os_hash_value: Some(ingested.os_hash_value),
        virtual_size: verdict.virtual_size,
        location,
    })
}

/// Passes data at a location that is not harmful to whoever opens it. Of another format than the record says it may be:
/// Glance does not look, and clients rely on it.
pub(crate) fn judge_location(image: &Image, inspection: &Inspection, formats: &Formats) -> Result<Verdict> {
    let formats = Formats { require_format_match: false, ..formats.clone() };
    casement_inspect::judge(inspection, disk_format(image), container_format(image), &formats).map_err(refused)
}

/// Looks into the data of images whose container is the bare disk.
pub(crate) fn inspector(image: &Image) -> Option<Inspector> {
    is_inspected(container_format(image)).then(Inspector::new)
}

fn disk_format(image: &Image) -> &str {
    image.disk_format.as_deref().unwrap_or_default()
}

fn container_format(image: &Image) -> &str {
    image.container_format.as_deref().unwrap_or_default()
}

fn refused(refusal: Refusal) -> Error {
    tracing::info!(rule = refusal.rule, "image data refused: {refusal}");
    let kind = match refusal.kind {
        RefusalKind::TooLarge => Kind::LimitExceeded,
        _ => Kind::UnsupportedMedia,
    };
    let mut error = Error::new(kind, Side::Client, refusal.message);
    error.generic_lead = true;
    error
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

pub(crate) fn too_large(cap: u64) -> Error {
    let message = format!("Image exceeds the maximum size of {cap} bytes.");
    Error::new(Kind::LimitExceeded, Side::Client, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use casement_image::create::{Defaults, build};
    use casement_stores::Multihash;
    use serde_json::{Map, json};
    use time::OffsetDateTime;

    const DATA: &[u8] = b"0123456789";

    fn image(disk_format: &str, container_format: &str) -> Image {
        let body = json!({"disk_format": disk_format, "container_format": container_format});
        let now = OffsetDateTime::UNIX_EPOCH;
        let defaults = Defaults { id: None, owner: None, now, quotas: casement_image::Quotas::default() };
        build(body.as_object().unwrap(), defaults).unwrap()
    }

    fn judged(image: &Image, announced: Option<u64>, data: &[u8]) -> Result<Outcome> {
        let inspection = inspector(image).map(|mut inspector| {
            inspector.feed(data);
            inspector.finish()
        });
        let ingested = Ingested {
            size: data.len() as u64,
            checksum: Some("c".to_owned()),
            multihash: Multihash::Sha512,
            os_hash_value: "h".to_owned(),
            inspection,
        };
        let request = UploadRequest { store: None, size: announced };
        let location = Location { url: "file:///x".to_owned(), metadata: Map::new() };
        judge(&request, image, ingested, location, &Formats::default())
    }

    #[test]
    fn data_of_the_announced_size_passes() {
        for size in [Some(10), None] {
            let outcome = judged(&image("raw", "bare"), size, DATA).unwrap();
            assert_eq!((outcome.size, outcome.virtual_size), (10, Some(10)));
        }
    }

    #[test]
    fn data_of_another_size_is_refused_in_glances_words() {
        let announced = |size| UploadRequest { store: None, size };
        let refused = judged(&image("raw", "bare"), Some(5), b"abc").unwrap_err();
        assert_eq!(refused.message, "Size mismatch: expected 5 bytes, got 3 bytes");
        assert_eq!(too_long(&announced(Some(5)), 8, 100).message, "Size exceeds: expected 5 bytes, got 8 bytes");
        assert_eq!(too_long(&announced(None), 101, 100).kind, Kind::LimitExceeded);
    }

    #[test]
    fn data_of_another_format_than_the_image_says_is_refused_in_glances_words() {
        let refused = judged(&image("qcow2", "bare"), None, DATA).unwrap_err();
        assert_eq!(refused.message, "Image disk_format qcow2 does not match stream data raw");
        assert_eq!((refused.kind, refused.generic_lead), (Kind::UnsupportedMedia, true));
    }

    #[test]
    fn data_in_a_container_is_not_looked_into() {
        assert_eq!(judged(&image("qcow2", "ovf"), None, DATA).unwrap().virtual_size, None);
    }
}
