//! Listing images.

use crate::{Error, Kind, Result, Service, Side};
use casement_catalog::{Found, Kind as Catalog, Page};
use casement_image::{Caller, Image, ListQuery, list::links};
use serde_json::{Value, json};

impl Service {
    /// The whole document: images, first, next, schema. `query` is the decoded query string, in order.
    ///
    /// # Errors
    /// See `GET /v2/images`.
    pub async fn list_images(&self, caller: &Caller, query: &[(String, String)]) -> Result<Value> {
        self.authorize_general("get_images", caller)?;
        let wanted = ListQuery::parse(query, &self.settings().list)?;
        let page = match self.property_access(caller).hides(&wanted) {
            true => Page { images: Vec::new(), full: false },
            false => self.page(caller, &wanted).await?,
        };
        let next_marker = page.images.last().filter(|_| page.full).map(|image| image.id.clone());
        let images: Vec<Value> = page
            .images
            .into_iter()
            // The catalog's rows are visible ones; the policy may know better.
            .map(|image| Found { is_member: is_shared_with(&image, caller), image })
            .filter(|found| self.authorize("get_image", caller, found).is_ok())
            .map(|mut found| {
                self.order(&mut found.image);
                Value::Object(self.render(caller, &found.image))
            })
            .collect();
        let (first, next) = links(query, next_marker.as_ref());
        let mut document = json!({ "images": images, "first": first, "schema": "/v2/schemas/images" });
        if let Some(next) = next {
            document["next"] = Value::String(next);
        }
        Ok(document)
    }

    async fn page(&self, caller: &Caller, wanted: &ListQuery) -> Result<Page> {
        self.catalog().list_images(wanted, caller).await.map_err(|error| match error.kind {
            Catalog::MarkerUnknown => marker_error(Kind::Invalid, "No image found with ID", wanted, ""),
            Catalog::MarkerNotVisible => {
                marker_error(Kind::Forbidden, "Forbidding request, image", wanted, " not visible")
            }
            _ => error.into(),
        })
    }
}

/// The catalog lists a shared image that is another's only to its members, and to administrators.
fn is_shared_with(image: &Image, caller: &Caller) -> bool {
    image.owner.is_some() && image.owner != caller.project_id
}

fn marker_error(kind: Kind, before: &str, query: &ListQuery, after: &str) -> Error {
    let marker = query.marker.as_ref().map(ToString::to_string).unwrap_or_default();
    Error::new(kind, Side::Client, format!("{before} {marker}{after}"))
}
