//! Who may see what, and who may do what: one place where the catalog's answer meets the policy.

use crate::{Error, Kind, Result, Service, Side};
use casement_catalog::Found;
use casement_image::{Caller, Image, ImageId};
use casement_policy::Target;

impl Service {
    /// The image, if there is one that the caller may know of. `missing` words the refusal.
    pub(crate) async fn find(&self, caller: &Caller, id: &str, missing: impl Fn() -> String) -> Result<Found> {
        let Some(image_id) = ImageId::parse(id) else { return Err(Error::not_found(missing())) };
        let found = self.catalog().find_image(&image_id, caller.project_id.as_deref()).await?;
        let visible = found.filter(|found| {
            found.image.is_visible_to(caller, found.is_member) && self.allows("get_image", caller, found)
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
        if self.allows(action, caller, found) { Ok(()) } else { Err(unauthorized(action)) }
    }

    fn allows(&self, action: &str, caller: &Caller, found: &Found) -> bool {
        self.parts().rules.check(action, caller, &target(&found.image, found.is_member, caller))
    }

    /// For actions that concern no image that exists already.
    pub(crate) fn authorize_new(&self, action: &str, caller: &Caller, owner: Option<&str>) -> Result<()> {
        let target = Target { project_id: owner, owner, ..Target::default() };
        if self.parts().rules.check(action, caller, &target) { Ok(()) } else { Err(unauthorized(action)) }
    }

    /// For actions that concern the whole service; the target is the caller's own project.
    pub(crate) fn authorize_general(&self, action: &str, caller: &Caller) -> Result<()> {
        self.authorize_new(action, caller, caller.project_id.as_deref())
    }
}

/// An anonymous caller may look, never touch.
pub(crate) fn refuse_read_only(caller: &Caller) -> Result<()> {
    if caller.read_only { Err(Error::forbidden("Read-only access")) } else { Ok(()) }
}

fn unauthorized(action: &str) -> Error {
    Error::new(Kind::Forbidden, Side::Client, format!("You are not authorized to complete {action} action."))
}

fn target<'a>(image: &'a Image, is_member: bool, caller: &'a Caller) -> Target<'a> {
    Target {
        project_id: image.owner.as_deref(),
        owner: image.owner.as_deref(),
        visibility: Some(image.visibility.as_str()),
        member_id: if is_member { caller.project_id.as_deref() } else { None },
    }
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
