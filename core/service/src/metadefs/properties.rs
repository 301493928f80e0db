//! The properties of a namespace.

use super::{Missing, in_words, refused, require_unprotected};
use crate::{Error, Result, Service};
use casement_catalog::FoundNamespace;
use casement_image::{Caller, metadef::Property};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

impl Service {
    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}/properties`.
    pub async fn list_properties(&self, caller: &Caller, namespace: &str) -> Result<Value> {
        let found = self.namespace(caller, namespace, Missing::Alike).await?;
        self.authorize_namespace("get_metadef_properties", caller, &found.namespace)?;
        let properties = self.catalog().metadef_properties(&found).await?;
        let properties: Map<String, Value> =
            properties.into_iter().map(|(name, definition)| (name, Value::Object(definition.into_json()))).collect();
        Ok(json!({ "properties": properties }))
    }

    /// With `resource_type`, `name` is the one that things of this type have it under.
    ///
    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}/properties/{property}`.
    pub async fn show_property(
        &self,
        caller: &Caller,
        namespace: &str,
        name: &str,
        resource_type: Option<&str>,
    ) -> Result<Map<String, Value>> {
        let found = self.namespace(caller, namespace, Missing::Alike).await?;
        self.authorize_namespace("get_metadef_property", caller, &found.namespace)?;
        let name = match resource_type.filter(|name| !name.is_empty()) {
            Some(resource_type) => {
                self.authorize_namespace("get_metadef_resource_type", caller, &found.namespace)?;
                self.unprefixed(&found, name, resource_type).await?
            }
            None => name,
        };
        let property = self.catalog().find_metadef_property(&found, name).await?;
        Ok(property.ok_or_else(|| no_property(name))?.view())
    }

    async fn unprefixed<'n>(&self, found: &FoundNamespace, name: &'n str, resource_type: &str) -> Result<&'n str> {
        let associations = self.catalog().associations(found).await?;
        let Some(association) = associations.into_iter().find(|association| association.name == resource_type) else {
            return Err(self.no_association(found, resource_type).await?);
        };
        let prefix = association.prefix.as_deref();
        prefix.filter(|prefix| !prefix.is_empty()).and_then(|prefix| name.strip_prefix(prefix)).ok_or_else(|| {
            Error::not_found(format!(
                "Property {name} does not start with the expected resource type association prefix of '{}'.",
                // Python's spelling of "nothing", as clients know it.
                prefix.unwrap_or("None")
            ))
        })
    }

    async fn no_association(&self, found: &FoundNamespace, resource_type: &str) -> Result<Error> {
        let message = if self.catalog().has_resource_type(resource_type).await? {
            let namespace = &found.namespace.namespace;
            format!(
                "The metadata definition resource-type association of resource-type={resource_type} to \
                 namespace={namespace}, was not found."
            )
        } else {
            format!("The metadata definition resource-type with name={resource_type}, was not found.")
        };
        Ok(Error::not_found(message))
    }

    /// # Errors
    /// See `POST /v2/metadefs/namespaces/{namespace}/properties`.
    pub async fn create_property(&self, caller: &Caller, namespace: &str, body: &Value) -> Result<Map<String, Value>> {
        let wanted = Property::parse(body)?;
        let found = self.namespace_for("add_metadef_property", caller, namespace, Missing::Alike).await?;
        wanted.check_storable().map_err(in_words("Couldn't create metadata property"))?;
        self.catalog().add_metadef_property(&found, &wanted, OffsetDateTime::now_utc()).await.map_err(refused)?;
        Ok(wanted.view())
    }

    /// Replaces a property, its name too.
    ///
    /// # Errors
    /// See `PUT /v2/metadefs/namespaces/{namespace}/properties/{property}`.
    pub async fn update_property(
        &self,
        caller: &Caller,
        namespace: &str,
        name: &str,
        body: &Value,
    ) -> Result<Map<String, Value>> {
        let wanted = Property::parse(body)?;
        let found = self.namespace_for("modify_metadef_property", caller, namespace, Missing::Alike).await?;
        wanted.check_storable().map_err(in_words("Couldn't update metadata property"))?;
        let now = OffsetDateTime::now_utc();
        if self.catalog().update_metadef_property(&found, name, &wanted, now).await.map_err(refused)? {
            Ok(wanted.view())
        } else {
            Err(no_property(name))
        }
    }

    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}/properties/{property}`.
    pub async fn delete_property(&self, caller: &Caller, namespace: &str, name: &str) -> Result<()> {
        let found = self.namespace_for("remove_metadef_property", caller, namespace, Missing::Alike).await?;
        if self.catalog().find_metadef_property(&found, name).await?.is_none() {
            return Err(no_property(name));
        }
        require_unprotected(&found, "property", name)?;
        let removed = self.catalog().remove_metadef_property(&found, name).await.map_err(refused)?;
        if removed { Ok(()) } else { Err(no_property(name)) }
    }
}

fn no_property(name: &str) -> Error {
    Error::not_found(format!("Could not find property {name}"))
}
