//! Resource types, and how namespaces go with them.

use super::{Missing, in_words, refused, require_unprotected};
use crate::{Error, Result, Service};
use casement_image::{
    Caller,
    metadef::{Association, ResourceType},
};
use casement_policy::Target;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

impl Service {
    /// # Errors
    /// See `GET /v2/metadefs/resource_types`.
    pub async fn list_resource_types(&self, caller: &Caller) -> Result<Value> {
        self.authorize_metadef("list_metadef_resource_types", caller, &Target::own(caller))?;
        let types: Vec<_> = self.catalog().resource_types().await?.iter().map(ResourceType::view).collect();
        Ok(json!({ "resource_types": types }))
    }

    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}/resource_types`.
    pub async fn list_associations(&self, caller: &Caller, namespace: &str) -> Result<Value> {
        let found = self.namespace(caller, namespace, Missing::Alike).await?;
        self.authorize_namespace("list_metadef_resource_types", caller, &found.namespace)?;
        let mut associations = Vec::new();
        if self.may("get_metadef_resource_type", caller, &found.namespace) {
            associations = self.catalog().associations(&found).await?;
        }
        let associations: Vec<_> = associations.iter().map(Association::view).collect();
        Ok(json!({ "resource_type_associations": associations }))
    }

    /// # Errors
    /// See `POST /v2/metadefs/namespaces/{namespace}/resource_types`.
    pub async fn add_association(&self, caller: &Caller, namespace: &str, body: &Value) -> Result<Map<String, Value>> {
        let wanted = Association::parse(body, OffsetDateTime::now_utc())?;
        let action = "add_metadef_resource_type_association";
        let found = self.namespace_for(action, caller, namespace, Missing::Alike).await?;
        wanted.check_storable().map_err(in_words("Couldn't create resource type association"))?;
        self.catalog().add_association(&found, &wanted).await.map_err(refused)?;
        Ok(wanted.view())
    }

    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}/resource_types/{resource_type}`.
    pub async fn remove_association(&self, caller: &Caller, namespace: &str, resource_type: &str) -> Result<()> {
        let action = "remove_metadef_resource_type_association";
        let found = self.namespace_for(action, caller, namespace, Missing::Alike).await?;
        let missing = || Error::not_found(format!("Failed to find resource type {resource_type} to delete"));
        let associations = self.catalog().associations(&found).await?;
        if associations.iter().all(|association| association.name != resource_type) {
            return Err(missing());
        }
        require_unprotected(&found, "resource-type-association", resource_type)?;
        let removed = self.catalog().remove_association(&found, resource_type).await.map_err(refused)?;
        if removed { Ok(()) } else { Err(missing()) }
    }
}
