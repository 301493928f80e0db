//! What a caller wants to act on, as far as rules can ask about it.

use casement_image::{Caller, Image, Visibility};

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

    /// The value behind `%(key)s`.
    pub(crate) fn get(&self, key: &str) -> Option<&'a str> {
        match key {
            "project_id" => self.project_id,
            "owner" => self.owner,
            "visibility" => self.visibility,
            "member_id" | "member" => self.member_id,
            _ => image_field(self.image?, key),
        }
    }
}

fn image_field<'a>(image: &'a Image, key: &str) -> Option<&'a str> {
    let boolean = |value: bool| Some(if value { "True" } else { "False" });
    match key {
        "id" | "image_id" => Some(image.id.as_str()),
        "name" => image.name.as_deref(),
        "status" => Some(image.status.as_str()),
        "disk_format" => image.disk_format.as_deref(),
        "container_format" => image.container_format.as_deref(),
        "checksum" => image.checksum.as_deref(),
        "os_hash_algo" => image.os_hash_algo.as_deref(),
        "os_hash_value" => image.os_hash_value.as_deref(),
        "protected" => boolean(image.protected),
        "os_hidden" => boolean(image.os_hidden),
        _ => image.properties.get(key).map(String::as_str),
    }
}
