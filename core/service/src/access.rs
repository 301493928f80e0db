//! Who may see what, and who may do what: one place where the catalog's answer meets the policy.

use crate::{Error, Kind, Result, Service, Side};
use casement_catalog::Found;
use casement_image::{Caller, ImageId, Visibility};
use casement_policy::Target;

impl Service {
    /// The image, if there is one that the caller may know of. `missing` words the refusal.
    pub(crate) async fn find(&self, caller: &Caller, id: &str, missing: impl Fn() -> String) -> Result<Found> {
        let found = self.look_up(caller, id, &missing).await?;
        self.permit("get_image", caller, &found, missing)?;
        Ok(found)
    }

    /// The image, if its visibility lets the caller know of it. What the caller may do is still to be asked, and be it
    /// `get_image`.
    pub(crate) async fn look_up(&self, caller: &Caller, id: &str, missing: impl Fn() -> String) -> Result<Found> {
        let Some(image_id) = ImageId::parse(id) else { return Err(Error::not_found(missing())) };
        let mut found = self.catalog().find_image(&image_id, caller.project_id.as_deref()).await?;
        if let Some(found) = &mut found {
            self.arrange(&mut found.image).await;
        }
        let visible = found.filter(|found| found.image.is_visible_to(caller, found.is_member));
        visible.ok_or_else(|| Error::not_found(missing()))
    }

    /// The image, for an `action` on it. A caller who may see it but not do this is refused; one who may do this need
    /// not be one who may see it.
    pub(crate) async fn find_for(
        &self,
        action: &str,
        caller: &Caller,
        id: &str,
        missing: impl Fn() -> String,
    ) -> Result<Found> {
        refuse_read_only(caller)?;
        let found = self.look_up(caller, id, &missing).await?;
        self.permit(action, caller, &found, missing)?;
        Ok(found)
    }

    /// As [`Service::authorize`], but whoever may not see the image does not learn of it by being refused.
    pub(crate) fn permit(
        &self,
        action: &str,
        caller: &Caller,
        found: &Found,
        missing: impl Fn() -> String,
    ) -> Result<()> {
        self.authorize(action, caller, found).map_err(|refusal| match self.authorize("get_image", caller, found) {
            Ok(()) => refusal,
            Err(_) => Error::not_found(missing()),
        })
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

/// Making an image public or a community's asks for a right of its own.
pub(crate) fn visibility_action(wanted: Option<Visibility>) -> Option<&'static str> {
    match wanted? {
        Visibility::Public => Some("publicize_image"),
        Visibility::Community => Some("communitize_image"),
        Visibility::Private | Visibility::Shared => None,
    }
}

fn unauthorized(action: &str) -> Error {
    Error::new(Kind::Forbidden, Side::Client, format!("You are not authorized to complete {action} action."))
}

/// The wording that most verbs share.
pub(crate) fn no_image_with_id(id: &str) -> impl Fn() -> String {
    move || format!("No image found with ID {id}")
}

pub(crate) fn image_not_found(id: &str) -> impl Fn() -> String {
    move || format!("Image {id} not found.")
}
