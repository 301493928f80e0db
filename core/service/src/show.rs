//! Showing an image record.

use crate::{Record, Result, Service, access::no_image_with_id};
use casement_image::{
    Caller, Image,
    view::{self, ViewOptions},
};
use serde_json::{Map, Value};

impl Service {
    /// The rendered record.
    ///
    /// # Errors
    /// When there is no such image, or the caller may not know of it.
    pub async fn show_image(&self, caller: &Caller, id: &str) -> Result<Record> {
        let found = self.find(caller, id, no_image_with_id(id)).await?;
        Ok(self.versioned(caller, &found.image))
    }

    pub(crate) fn render(&self, caller: &Caller, image: &Image) -> Map<String, Value> {
        let settings = self.settings();
        let options = ViewOptions {
            show_direct_url: settings.show_direct_url,
            show_locations: settings.show_multiple_locations,
            multi_store: true,
            is_admin: caller.is_admin,
        };
        let mut view = view::image(&self.property_access(caller).readable(image), &options);
        settings.schemas.retype(&mut view);
        view
    }
}
