//! What a caller wants to act on, as far as rules can ask about it.

use casement_image::{Caller, Image, Visibility};
use std::borrow::Cow;

/// The `%(…)s` of rules. What is `None` matches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Target<'a> {
    /// The project that owns the image or namespace; where there is none yet, the caller's.
    pub project_id: Option<&'a str>,
    /// The same for an image; namespaces and lists have none.
    pub owner: Option<&'a str>,
    pub visibility: Option<&'a str>,
    /// The caller's project, when the image is shared with it.
    pub member_id: Option<&'a str>,
    /// For rules that ask about other fields or about properties.
    pub image: Option<&'a Image>,
}

impl<'a> Target<'a> {
    /// An image that is there. `is_member` says whether the caller's project is a member of it.
    pub fn image(image: &'a Image, caller: &'a Caller, is_member: bool) -> Self {
        Self {
            project_id: image.owner.as_deref(),
            owner: image.owner.as_deref(),
            visibility: Some(image.visibility.as_str()),
            member_id: caller.project_id.as_deref().filter(|_| is_member && image.visibility == Visibility::Shared),
            image: Some(image),
        }
    }

    /// An image that is to be made. Without a wish for its visibility it counts as private here, as in Glance.
    pub fn new_image(owner: Option<&'a str>, visibility: Option<Visibility>) -> Self {
        Self {
            project_id: owner,
            owner,
            visibility: Some(visibility.unwrap_or(Visibility::Private).as_str()),
            ..Self::default()
        }
    }

    /// Nothing in particular, such as a list: whatever is the caller's own.
    pub fn own(caller: &'a Caller) -> Self {
        Self { project_id: caller.project_id.as_deref(), ..Self::default() }
    }

    /// The value behind `%(key)s`: `None` where the target has no such field, `Some(None)` where it is not set.
    pub(crate) fn get(&self, key: &str) -> Option<Option<Cow<'a, str>>> {
        let field = match key {
            "project_id" => self.project_id,
            "owner" => self.owner,
            "visibility" => self.visibility,
            "member_id" | "member" => self.member_id,
            _ => return image_field(self.image?, key),
        };
        // Of an image Glance knows all of these, set or not.
        if field.is_some() || self.image.is_some() { Some(field.map(Cow::Borrowed)) } else { None }
    }
}

fn image_field<'a>(image: &'a Image, key: &str) -> Option<Option<Cow<'a, str>>> {
    let boolean = |value: bool| Some(Cow::Borrowed(if value { "True" } else { "False" }));
    let text = |value: &'a Option<String>| value.as_deref().map(Cow::Borrowed);
    Some(match key {
        "id" | "image_id" => Some(Cow::Borrowed(image.id.as_str())),
        "name" => text(&image.name),
        "status" => Some(Cow::Borrowed(image.status.as_str())),
        "disk_format" => text(&image.disk_format),
        "container_format" => text(&image.container_format),
        "checksum" => text(&image.checksum),
        "os_hash_algo" => text(&image.os_hash_algo),
        "os_hash_value" => text(&image.os_hash_value),
        "protected" => boolean(image.protected),
        "os_hidden" => boolean(image.os_hidden),
        "min_ram" => Some(Cow::Owned(image.min_ram.to_string())),
        "min_disk" => Some(Cow::Owned(image.min_disk.to_string())),
        "size" => image.size.map(|size| Cow::Owned(size.to_string())),
        "virtual_size" => image.virtual_size.map(|size| Cow::Owned(size.to_string())),
        _ => return image.properties.get(key).map(|value| Some(Cow::Borrowed(value.as_str()))),
    })
}
