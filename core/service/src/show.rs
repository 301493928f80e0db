//! Image records as their callers see them, written as JSON.

use crate::{Error, Kind, Record, Result, Service, Side, access::no_image_with_id};
use casement_catalog::Found;
use casement_image::{
    Caller, Image,
    view::{self, View, ViewOptions},
};
use serde::Serialize;
use std::{borrow::Cow, sync::Arc};

/// Most records are shorter.
pub(crate) const LENGTH: usize = 1 << 10;

impl Service {
    /// The image's record.
    ///
    /// # Errors
    /// When there is no such image, or the caller may not know of it.
    pub async fn show_image(&self, caller: &Caller, id: &str) -> Result<Arc<Record>> {
        let Found { image, .. } = self.find(caller, id, no_image_with_id(id)).await?;
        let Cow::Borrowed(_) = self.property_access(caller).readable(&image) else {
            return self.shown(caller, &image).map(Arc::new);
        };
        if let Some(record) = self.0.rendered.find(&image, caller.is_admin) {
            return Ok(record);
        }
        let record = Arc::new(self.shown(caller, &image)?);
        self.0.rendered.keep(&image, caller.is_admin, &record);
        Ok(record)
    }

    pub(crate) fn shown(&self, caller: &Caller, image: &Image) -> Result<Record> {
        let readable = self.property_access(caller).readable(image);
        let json = json(&self.view(caller, &readable), LENGTH)?;
        Ok(Record { id: image.id.clone(), json: json.into(), version: crate::version::of(image) })
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
