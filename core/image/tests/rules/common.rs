//! An image to try the rules on.

use casement_image::{Image, ImageId, Quotas, create, schema::Schemas};
use serde_json::{Value, json};
use std::sync::LazyLock;
use time::macros::datetime;

pub(crate) static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::default);

pub(crate) const ID: &str = "b44f4a0f-0000-4000-8000-00805f9b34fb";

/// What Glance would make of this body, from a member of project p1.
pub(crate) fn image(body: Value) -> Image {
    try_image(&body).unwrap()
}

pub(crate) fn try_image(body: &Value) -> casement_image::Result<Image> {
    let body = create::check_body(body, &SCHEMAS)?;
    let defaults = create::Defaults {
        id: ImageId::parse(ID),
        owner: Some("p1".to_owned()),
        now: datetime!(2026-11-22 7:08:09 UTC),
        quotas: Quotas::default(),
    };
    create::build(body, defaults)
}

pub(crate) fn queued() -> Image {
    image(json!({"name": "n", "disk_format": "raw", "container_format": "bare", "foo": "bar"}))
}
