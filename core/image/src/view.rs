//! An image as clients see it.

use crate::{Image, Location, Status};
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// What the operator shows, and to whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ViewOptions {
    /// `direct_url`: the URL of the best location.
    pub show_direct_url: bool,
    /// `locations`: all of them.
    pub show_locations: bool,
    /// `stores`: where the data lies.
    pub multi_store: bool,
    pub is_admin: bool,
}

/// Notes from one gateway to another, in properties of the image.
const HIDDEN: [&str; 2] = ["os_glance_stage_host", "os_glance_hash_op_host"];

/// The keys come in the order in which Glance writes them.
pub fn image(image: &Image, options: &ViewOptions) -> Map<String, Value> {
    let mut view = Map::with_capacity(image.properties.len() + 26);
    for (name, value) in image.properties.iter().filter(|(name, _)| !HIDDEN.contains(&name.as_str())) {
        view.insert(name.clone(), Value::String(value.clone()));
    }
    let mut put = |name: &str, value: Value| {
        view.insert(name.to_owned(), value);
    };
    put("name", text(image.name.as_deref()));
    put("disk_format", text(image.disk_format.as_deref()));
    put("container_format", text(image.container_format.as_deref()));
    put("visibility", image.visibility.as_str().into());
    put("size", image.size.into());
    put("virtual_size", image.virtual_size.into());
    put("status", image.status.as_str().into());
    put("checksum", text(image.checksum.as_deref()));
    put("protected", image.protected.into());
    put("min_ram", image.min_ram.into());
    put("min_disk", image.min_disk.into());
    put("owner", text(image.owner.as_deref()));
    put("os_hidden", image.os_hidden.into());
    put("os_hash_algo", text(image.os_hash_algo.as_deref()));
    put("os_hash_value", text(image.os_hash_value.as_deref()));
    put("id", image.id.as_str().into());
    put("created_at", timestamp(image.created_at).into());
    put("updated_at", timestamp(image.updated_at).into());

    let locations = visible_locations(image, options.is_admin);
    if options.show_locations {
        put("locations", locations.iter().map(location).collect());
    }
    if let Some(best) = locations.first().filter(|_| options.show_direct_url) {
        put("direct_url", best.url.as_str().into());
    }
    put("tags", image.tags.iter().map(String::as_str).collect());
    let path = format!("/v2/images/{}", image.id);
    put("self", path.as_str().into());
    put("file", format!("{path}/file").into());
    put("schema", "/v2/schemas/image".into());
    if options.multi_store {
        let stores: Vec<&str> = locations.iter().filter_map(Location::store).collect();
        if !stores.is_empty() {
            put("stores", stores.join(",").into());
        }
    }
    view
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
pub(crate) fn timestamp(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(time::UtcOffset::UTC);
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = moment.to_hms();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Whoever may not have the data of a deactivated image may not know where it lies either.
pub fn visible_locations(image: &Image, is_admin: bool) -> &[Location] {
    match image.status {
        Status::Deactivated if !is_admin => &[],
        _ => &image.locations,
    }
}

fn location(location: &Location) -> Value {
    let mut view = Map::with_capacity(2);
    view.insert("url".to_owned(), location.url.as_str().into());
    view.insert("metadata".to_owned(), Value::Object(location.metadata.clone()));
    Value::Object(view)
}

fn text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, Value::from)
}
