//! Metadata definitions: namespaces that describe which properties images, volumes, flavors … can have, for people and
//! programs that fill them in. The service itself never reads them.
//!
//! A body goes through `parse` (its schema, and what clients may set at all), then the policy has its say, and then
//! `check_storable` holds it against what the database can hold. Clients learn of the first that fails, as with Glance.

mod attributes;
mod body;
pub mod file;
mod limits;
mod list;
mod namespace;
mod object;
mod property;
mod resource_type;
mod tag;

pub use limits::{MAX_ASSOCIATIONS, MAX_NAMESPACE_BYTES, MAX_RESOURCE_TYPES, too_many, too_much};
pub use list::{
    ListQuery, NamespaceQuery, NamespaceSortKey, TagQuery, TagSortKey, check_object_query, namespace_links,
};
pub use namespace::{Contents, Namespace, NamespaceBody, Scope};
pub use object::Object;
pub use property::{Property, PropertyType};
pub use resource_type::{Association, ResourceType};
pub use tag::{Tag, wants_append};
