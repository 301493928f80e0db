//! An image as clients see it.

use crate::{
    Image, Location, Status,
    schema::{Schemas, base_properties},
};
use serde::{Serialize, Serializer, ser::SerializeMap};
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

/// An image as a caller sees it, to be written as JSON. Its keys come in the order in which Glance writes them.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    image: &'a Image,
    options: ViewOptions,
    schemas: &'a Schemas,
    locations: &'a [Location],
}

/// `schemas` say of which type an operator's properties are.
pub fn image<'a>(image: &'a Image, options: &ViewOptions, schemas: &'a Schemas) -> View<'a> {
    View { image, options: *options, schemas, locations: visible_locations(image, options.is_admin) }
}

impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let image = self.image;
        let mut view = serializer.serialize_map(None)?;
        self.put_properties(&mut view)?;
        view.serialize_entry("name", &image.name)?;
        view.serialize_entry("disk_format", &image.disk_format)?;
        view.serialize_entry("container_format", &image.container_format)?;
        view.serialize_entry("visibility", image.visibility.as_str())?;
        view.serialize_entry("size", &image.size)?;
        view.serialize_entry("virtual_size", &image.virtual_size)?;
        view.serialize_entry("status", image.status.as_str())?;
        view.serialize_entry("checksum", &image.checksum)?;
        view.serialize_entry("protected", &image.protected)?;
        view.serialize_entry("min_ram", &image.min_ram)?;
        view.serialize_entry("min_disk", &image.min_disk)?;
        view.serialize_entry("owner", &image.owner)?;
        view.serialize_entry("os_hidden", &image.os_hidden)?;
        view.serialize_entry("os_hash_algo", &image.os_hash_algo)?;
        view.serialize_entry("os_hash_value", &image.os_hash_value)?;
        view.serialize_entry("id", image.id.as_str())?;
        view.serialize_entry("created_at", &timestamp(image.created_at))?;
        view.serialize_entry("updated_at", &timestamp(image.updated_at))?;
        if self.options.show_locations {
            view.serialize_entry("locations", &self.locations.iter().map(Place::of).collect::<Vec<_>>())?;
        }
        if let Some(url) = self.direct_url() {
            view.serialize_entry("direct_url", url)?;
        }
        view.serialize_entry("tags", &image.tags)?;
        view.serialize_entry("self", &format_args!("/v2/images/{}", image.id))?;
        view.serialize_entry("file", &format_args!("/v2/images/{}/file", image.id))?;
        view.serialize_entry("schema", "/v2/schemas/image")?;
        if let Some(stores) = self.stores() {
            view.serialize_entry("stores", &stores)?;
        }
        view.end()
    }
}

impl View<'_> {
    fn put_properties<M: SerializeMap>(&self, view: &mut M) -> Result<(), M::Error> {
        for (name, text) in &self.image.properties {
            if HIDDEN.contains(&name.as_str()) || self.is_of_the_image(name) {
                continue;
            }
            match self.schemas.typed(name, text) {
                Some(typed) => view.serialize_entry(name, &typed)?,
                None => view.serialize_entry(name, text)?,
            }
        }
        Ok(())
    }

    /// A catalog of Glance's may have a property of a name that later became the image's own.
    fn is_of_the_image(&self, name: &str) -> bool {
        match name {
            "locations" => self.options.show_locations,
            "direct_url" => self.direct_url().is_some(),
            "stores" => self.stores().is_some(),
            _ => base_properties().contains_key(name),
        }
    }

    fn direct_url(&self) -> Option<&str> {
        self.locations.first().filter(|_| self.options.show_direct_url).map(|best| best.url.as_str())
    }

    fn stores(&self) -> Option<String> {
        let stores: Vec<&str> = self.locations.iter().filter_map(Location::store).collect();
        (self.options.multi_store && !stores.is_empty()).then(|| stores.join(","))
    }
}

#[derive(Serialize)]
struct Place<'a> {
    url: &'a str,
    metadata: &'a Map<String, Value>,
}

impl<'a> Place<'a> {
    fn of(location: &'a Location) -> Self {
        Self { url: &location.url, metadata: &location.metadata }
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
pub(crate) fn timestamp(moment: OffsetDateTime) -> String {
    let moment = moment.to_offset(time::UtcOffset::UTC);
    let (hour, minute, second) = moment.to_hms();
    let year = moment.year().unsigned_abs();
    let (century, year) = ((year / 100 % 100) as u8, (year % 100) as u8);
    // Two of these by `format!` took a third of what writing a record takes.
    let mut text = String::with_capacity("YYYY-MM-DDTHH:MM:SSZ".len());
    for (number, after) in [
        (century, ""),
        (year, "-"),
        (moment.month().into(), "-"),
        (moment.day(), "T"),
        (hour, ":"),
        (minute, ":"),
        (second, "Z"),
    ] {
        text.push(char::from(b'0' + number / 10));
        text.push(char::from(b'0' + number % 10));
        text.push_str(after);
    }
    text
}

/// Whoever may not have the data of a deactivated image may not know where it lies either.
pub fn visible_locations(image: &Image, is_admin: bool) -> &[Location] {
    match image.status {
        Status::Deactivated if !is_admin => &[],
        _ => &image.locations,
    }
}
