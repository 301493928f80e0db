//! Listing images.

use crate::{
    Error, Kind, Result, Service, Side,
    show::{LENGTH, json},
};
use casement_catalog::{Kind as Catalog, Page};
use casement_image::{Caller, Image, ListQuery, list::links, view::View};
use casement_policy::Target;
use serde::Serialize;

impl Service {
    /// The whole document, as JSON: images, first, schema, next. `query` is the decoded query string, in order.
    ///
    /// # Errors
    /// See `GET /v2/images`.
    pub async fn list_images(&self, caller: &Caller, query: &[(String, String)]) -> Result<Vec<u8>> {
        self.authorize_general("get_images", caller)?;
        let wanted = ListQuery::parse(query, &self.settings().list)?;
        let access = self.property_access(caller);
        let mut page = match access.hides(&wanted) {
            true => Page { images: Vec::new(), full: false },
            false => self.page(caller, &wanted).await?,
        };
        let next_marker = page.images.last().filter(|_| page.full).map(|image| image.id.clone());
        // The catalog's rows are visible ones; the policy may know better.
        page.images.retain(|image| self.may_list(caller, image));
        page.images.iter_mut().for_each(|image| self.order(image));
        let images: Vec<_> = page.images.iter().map(|image| access.readable(image)).collect();
        let (first, next) = links(query, next_marker.as_ref());
        let images: Vec<_> = images.iter().map(|image| self.view(caller, image)).collect();
        let length = LENGTH * (images.len() + 1);
        json(&Document { images, first, schema: "/v2/schemas/images", next }, length)
    }

    fn may_list(&self, caller: &Caller, image: &Image) -> bool {
        self.authorize_target("get_image", caller, &Target::image(image, caller, is_shared_with(image, caller))).is_ok()
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

#[derive(Serialize)]
struct Document<'a> {
    images: Vec<View<'a>>,
    first: String,
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The catalog lists a shared image that is another's only to its members, and to administrators.
fn is_shared_with(image: &Image, caller: &Caller) -> bool {
    image.owner.is_some() && image.owner != caller.project_id
}

fn marker_error(kind: Kind, before: &str, query: &ListQuery, after: &str) -> Error {
    let marker = query.marker.as_ref().map(ToString::to_string).unwrap_or_default();
    Error::new(kind, Side::Client, format!("{before} {marker}{after}"))
}
