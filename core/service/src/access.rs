//! Who may see what, and who may do what: one place where the catalog's answer meets the policy.

use crate::{Error, Kind, Result, Service, Side};
use casement_catalog::Found;
use casement_image::{Caller, ImageId, Visibility};
use casement_policy::Target;

impl Service {
    /// The image, if there is one that the caller may know of. `missing` words the refusal.
    pub(crate) async fn find(&self, caller: &Caller, id: &str, missing: impl Fn() -> String) -> Result<Found> {
        let Some(image_id) = ImageId::parse(id) else { return Err(Error::not_found(missing())) };
        let mut found = self.catalog().find_image(&image_id, caller.project_id.as_deref()).await?;
        if let Some(found) = &mut found {
            self.arrange(&mut found.image).await;
        }
        let visible = found.filter(|found| {
            found.image.is_visible_to(caller, found.is_member) && self.authorize("get_image", caller, found).is_ok()
        });
        visible.ok_or_else(|| Error::not_found(missing()))
    }

    /// As [`Service::find`], for an `action` on the image; a caller who may see it but not do this is refused.
    pub(crate) async fn find_for(
        &self,
        action: &str,
        caller: &Caller,
        id: &str,
        missing: impl Fn() -> String,
    ) -> Result<Found> {
        let found = self.find(caller, id, missing).await?;
        refuse_read_only(caller)?;
        self.authorize(action, caller, &found)?;
        Ok(found)
    }

    pub(crate) fn authorize(&self, action: &str, caller: &Caller, found: &Found) -> Result<()> {
        self.authorize_target(action, caller, &Target::image(&found.image, caller, found.is_member))
    }

    /// For actions that concern no image that exists already.
    pub(crate) fn authorize_new(
        &self,
        action: &str,
        caller: &Caller,
        owner: Option<&str>,
        visibility: Option<Visibility>,
    ) -> Result<()> {
        self.authorize_target(action, caller, &Target::new_image(owner, visibility))
    }

    /// For actions that concern the whole service; the target is the caller's own project.
    pub(crate) fn authorize_general(&self, action: &str, caller: &Caller) -> Result<()> {
        self.authorize_target(action, caller, &Target::own(caller))
    }

    pub(crate) fn authorize_target(&self, action: &str, caller: &Caller, target: &Target<'_>) -> Result<()> {
        if self.parts().rules.check(action, caller, target) { Ok(()) } else { Err(unauthorized(action)) }
    }
}

/// An anonymous caller may look, never touch.
pub(crate) fn refuse_read_only(caller: &Caller) -> Result<()> {
    if caller.read_only { Err(Error::forbidden("Read-only access")) } else { Ok(()) }
}

fn unauthorized(action: &str) -> Error {
    Error::new(Kind::Forbidden, Side::Client, format!("You are not authorized to complete {action} action."))
}

/// The wording that most verbs share.
pub(crate) fn no_image_with_id(id: &str) -> impl Fn() -> String {
    let id = id.to_owned();
    move || format!("No image found with ID {id}")
}

pub(crate) fn image_not_found(id: &str) -> impl Fn() -> String {
    let id = id.to_owned();
    move || format!("Image {id} not found.")
}
