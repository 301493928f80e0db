//! Image records as their callers see them, written as JSON.

use crate::{Error, Kind, Record, Result, Service, Side, access::no_image_with_id};
use casement_image::{
    Caller, Image,
    view::{self, View, ViewOptions},
};
use serde::Serialize;

/// Most records are shorter.
pub(crate) const LENGTH: usize = 1 << 10;

impl Service {
    /// The image's record.
    ///
    /// # Errors
    /// When there is no such image, or the caller may not know of it.
    pub async fn show_image(&self, caller: &Caller, id: &str) -> Result<Record> {
        let found = self.find(caller, id, no_image_with_id(id)).await?;
        self.shown(caller, &found.image)
    }

    pub(crate) fn shown(&self, caller: &Caller, image: &Image) -> Result<Record> {
        let readable = self.property_access(caller).readable(image);
        let json = json(&self.view(caller, &readable), LENGTH)?;
        Ok(Record { id: image.id.clone(), json, version: crate::version::of(image) })
    }

    /// Of the properties, the caller sees those that are there: see [readable](crate::protections::PropertyAccess::readable).
    pub(crate) fn view<'a>(&'a self, caller: &Caller, image: &'a Image) -> View<'a> {
        let settings = self.settings();
        let options = ViewOptions {
            show_direct_url: settings.show_direct_url,
            show_locations: settings.show_multiple_locations,
            multi_store: true,
            is_admin: caller.is_admin,
        };
        view::image(image, &options, &settings.schemas)
    }
}

/// `length` is what the text is expected to have.
pub(crate) fn json(document: &impl Serialize, length: usize) -> Result<Vec<u8>> {
    let mut text = Vec::with_capacity(length);
    serde_json::to_writer(&mut text, document).map_err(|error| {
        let message = "The answer could not be written.";
        Error { cause: Some(error.to_string()), ..Error::new(Kind::Internal, Side::Gateway, message) }
    })?;
    Ok(text)
}
