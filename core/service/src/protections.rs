//! Property protections: what a caller may do with additional properties beyond the image's own rules.

use crate::{Error, Result, Service};
use casement_image::{
    Caller, Image, ListQuery,
    patch::{self, Operation as Patch, PropertyChange},
};
use casement_policy::{Access, Operation};
use std::borrow::Cow;

/// What one caller may do; everything where the operator protects nothing.
pub(crate) struct PropertyAccess<'a>(Option<Access<'a>>);

impl Service {
    pub(crate) fn property_access<'a>(&'a self, caller: &'a Caller) -> PropertyAccess<'a> {
        let parts = self.parts();
        PropertyAccess(parts.protections.as_ref().map(|protections| protections.access(&parts.rules, caller)))
    }
}

impl PropertyAccess<'_> {
    fn allows(&self, operation: Operation, property: &str) -> bool {
        self.0.as_ref().is_none_or(|access| access.allows(operation, property))
    }

    fn demand(&self, operation: Operation, property: &str) -> Result<()> {
        let reserved = || Error::forbidden(format!("Attribute '{property}' is reserved."));
        self.allows(operation, property).then_some(()).ok_or_else(reserved)
    }

    /// Whether an image with these properties may be made.
    pub(crate) fn check_new<'p>(&self, mut properties: impl Iterator<Item = &'p str>) -> Result<()> {
        properties.try_for_each(|property| self.demand(Operation::Create, property))
    }

    /// Readies the image for one operation of a patch. A property that the caller may not read is as good as not there
    /// for it; to make it anew takes the right to change it too.
    pub(crate) fn check_patch(&self, image: &mut Image, patch: &Patch) -> Result<()> {
        let Some((name, change)) = patch.property_change() else { return Ok(()) };
        let exists = image.properties.contains_key(name);
        let known = exists && self.allows(Operation::Read, name);
        match change {
            PropertyChange::Add if known => self.demand(Operation::Update, name),
            PropertyChange::Add => {
                self.demand(Operation::Create, name)?;
                if image.properties.remove(name).is_some() {
                    self.demand(Operation::Update, name)?;
                }
                Ok(())
            }
            PropertyChange::Replace | PropertyChange::Remove if exists && !known => {
                Err(patch::no_such_property(name).into())
            }
            PropertyChange::Replace if known => self.demand(Operation::Update, name),
            PropertyChange::Remove if known => self.demand(Operation::Delete, name),
            // The patch itself tells that there is nothing to change.
            PropertyChange::Replace | PropertyChange::Remove => Ok(()),
        }
    }

    /// Whether a query asks for a property that the caller may not read: by what it finds it would tell the value.
    pub(crate) fn hides(&self, query: &ListQuery) -> bool {
        query.properties.keys().any(|name| !self.allows(Operation::Read, name))
    }

    /// The image as the caller may see it.
    pub(crate) fn readable<'i>(&self, image: &'i Image) -> Cow<'i, Image> {
        if image.properties.keys().all(|name| self.allows(Operation::Read, name)) {
            return Cow::Borrowed(image);
        }
        let mut readable = image.clone();
        readable.properties.retain(|name, _| self.allows(Operation::Read, name));
        Cow::Owned(readable)
    }
}
