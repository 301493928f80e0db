//! Namespaces: who may see them, and what is in them.

use super::{
    Association, Object, Tag,
    body::{self, OWN, check, document, list, put},
    limits::{check_name, check_short},
    property::{self, Properties, PropertyType},
};
use crate::{Caller, Error, Result, limits::check_text, view::timestamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use time::OffsetDateTime;

/// Who may see a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Public,
    Private,
}

impl Scope {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// What is not public is private, also where Glance, or a file, said nothing.
    pub fn of(text: Option<&str>) -> Self {
        if text == Some("public") { Self::Public } else { Self::Private }
    }
}

/// A namespace without what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Its name.
    pub namespace: String,
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub visibility: Scope,
    /// It, and what is in it, can't be deleted.
    pub protected: bool,
    /// The owning project.
    pub owner: String,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

/// What is in a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    pub associations: Vec<Association>,
    pub properties: BTreeMap<String, PropertyType>,
    pub objects: Vec<Object>,
    pub tags: Vec<Tag>,
}

impl Namespace {
    pub fn is_visible_to(&self, caller: &Caller) -> bool {
        let owned = caller.project_id.as_deref() == Some(self.owner.as_str());
        caller.is_admin || self.visibility == Scope::Public || owned
    }

    pub fn check_storable(&self) -> Result<()> {
        check_name("namespace", "namespace", &self.namespace)?;
        if self.namespace.contains('/') {
            return Err(Error::invalid("The name of a namespace can't contain a slash: no path could name it."));
        }
        check_short("display_name", self.display_name.as_deref().unwrap_or_default())?;
        check_text("description", self.description.as_deref().unwrap_or_default())?;
        check_text("owner", &self.owner)
    }

    /// Without what is in it.
    pub fn view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        put(&mut view, "namespace", Some(self.namespace.as_str()));
        put(&mut view, "display_name", self.display_name.as_deref());
        put(&mut view, "description", self.description.as_deref());
        put(&mut view, "visibility", Some(self.visibility.as_str()));
        put(&mut view, "protected", Some(self.protected));
        put(&mut view, "owner", Some(self.owner.as_str()));
        put(&mut view, "created_at", Some(timestamp(self.created_at)));
        put(&mut view, "updated_at", Some(timestamp(self.updated_at)));
        put(&mut view, "self", Some(format!("/v2/metadefs/namespaces/{}", self.namespace)));
        put(&mut view, "schema", Some("/v2/schemas/metadefs/namespace"));
        view
    }

    /// As in lists.
    pub fn list_view(&self, associations: &[Association]) -> Map<String, Value> {
        let mut view = self.view();
        if !associations.is_empty() {
            put(&mut view, "resource_type_associations", Some(list(associations, Association::view)));
        }
        view
    }

    /// With all that is in it; names of properties as things of `resource_type` have them.
    pub fn full_view(&self, contents: &Contents, resource_type: Option<&str>) -> Map<String, Value> {
        let of_type = contents.associations.iter().find(|association| Some(association.name.as_str()) == resource_type);
        let prefix = of_type.and_then(|association| association.prefix.as_deref()).unwrap_or_default();
        let mut view = self.list_view(&contents.associations);
        if !contents.properties.is_empty() {
            put(&mut view, "properties", Some(property::view_all(&contents.properties, prefix)));
        }
        if !contents.objects.is_empty() {
            let objects = list(&contents.objects, |object| object.prefixed_view(&self.namespace, prefix));
            put(&mut view, "objects", Some(objects));
        }
        if !contents.tags.is_empty() {
            put(&mut view, "tags", Some(list(&contents.tags, Tag::short_view)));
        }
        view
    }
}

/// The body of a create or an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceBody {
    namespace: String,
    display_name: Option<String>,
    description: Option<String>,
    visibility: Scope,
    protected: bool,
    owner: Option<String>,
    associations: Option<Vec<Association>>,
    properties: Option<Properties>,
    objects: Option<Vec<Object>>,
    tags: Option<Vec<Tag>>,
}

impl NamespaceBody {
    pub fn parse(body: &Value, now: OffsetDateTime) -> Result<Self> {
        let entries = check(body, &OWN, document("namespace"))?;
        Self::of(entries, now)
    }

    pub(super) fn of(entries: &Map<String, Value>, now: OffsetDateTime) -> Result<Self> {
        const ASSOCIATION: [&str; 5] = ["name", "prefix", "properties_target", "created_at", "updated_at"];
        const TAG: [&str; 3] = ["name", "created_at", "updated_at"];
        const OBJECT: [&str; 8] =
            ["name", "required", "description", "properties", "created_at", "updated_at", "self", "schema"];
        Ok(Self {
            namespace: body::text(entries, "namespace").unwrap_or_default(),
            display_name: body::text(entries, "display_name"),
            description: body::text(entries, "description"),
            visibility: Scope::of(entries.get("visibility").and_then(Value::as_str)),
            protected: entries.get("protected").and_then(Value::as_bool).unwrap_or_default(),
            owner: body::text(entries, "owner"),
            associations: items(entries, "resource_type_associations", &ASSOCIATION, |association| {
                Ok(Association::of(association, now))
            })?,
            properties: property::parse_all(entries.get("properties"))?,
            objects: items(entries, "objects", &OBJECT, |object| Object::of(object, now))?,
            tags: items(entries, "tags", &TAG, |tag| Ok(Tag::new(body::text(tag, "name").unwrap_or_default(), now)))?,
        })
    }

    /// The owner that the body names.
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// The actions that making what is in it asks for, beside making the namespace.
    pub fn actions(&self) -> impl Iterator<Item = &'static str> {
        let wanted = [
            (self.associations.as_ref().is_some_and(|all| !all.is_empty()), "add_metadef_resource_type_association"),
            (self.objects.as_ref().is_some_and(|all| !all.is_empty()), "add_metadef_object"),
            (self.properties.as_ref().is_some_and(|all| !all.is_empty()), "add_metadef_property"),
            (self.tags.as_ref().is_some_and(|all| !all.is_empty()), "add_metadef_tag"),
        ];
        wanted.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, action)| action)
    }

    /// The namespace, of this project where the body names no other.
    pub fn build(&self, owner: String, now: OffsetDateTime) -> Namespace {
        Namespace {
            namespace: self.namespace.clone(),
            display_name: self.display_name.clone(),
            description: self.description.clone(),
            visibility: self.visibility,
            protected: self.protected,
            owner: self.owner.clone().unwrap_or(owner),
            created_at: now,
            updated_at: now,
        }
    }

    pub fn contents(&self) -> Contents {
        Contents {
            associations: self.associations.clone().unwrap_or_default(),
            properties: self.properties.clone().unwrap_or_default(),
            objects: self.objects.clone().unwrap_or_default(),
            tags: self.tags.clone().unwrap_or_default(),
        }
    }

    /// The answer to a create: the namespace, and what is in it in the words of the client.
    pub fn created_view(&self, namespace: &Namespace) -> Map<String, Value> {
        let mut view = namespace.view();
        put(
            &mut view,
            "resource_type_associations",
            self.associations.as_ref().map(|all| list(all, Association::short_view)),
        );
        put(&mut view, "properties", self.properties.as_ref().map(|all| property::view_all(all, "")));
        put(&mut view, "objects", self.objects.as_ref().map(|all| list(all, |object| object.short_view(""))));
        put(&mut view, "tags", self.tags.as_ref().map(|all| list(all, Tag::short_view)));
        view
    }
}

impl Contents {
    pub fn check_storable(&self) -> Result<()> {
        self.associations.iter().try_for_each(Association::check_storable)?;
        self.objects.iter().try_for_each(Object::check_storable)?;
        self.tags.iter().try_for_each(Tag::check_storable)?;
        property::check_all(&self.properties)
    }
}

/// A list of objects in the body. Of the known attributes, those of the service itself are passed over.
fn items<T>(
    entries: &Map<String, Value>,
    name: &str,
    known: &[&str],
    parse: impl Fn(&Map<String, Value>) -> Result<T>,
) -> Result<Option<Vec<T>>> {
    let Some(Value::Array(items)) = entries.get(name) else { return Ok(None) };
    let parse_one = |item: &Value| {
        let no_entries = Map::new();
        let item = item.as_object().unwrap_or(&no_entries);
        if let Some(other) = item.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(Error::invalid(format!("Unknown attribute in {name}: {other}.")));
        }
        if !item.contains_key("name") {
            return Err(Error::invalid(format!("Mandatory attribute missing in {name}: name.")));
        }
        parse(item)
    };
    items.iter().map(parse_one).collect::<Result<_>>().map(Some)
}
