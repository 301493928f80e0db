//! The objects of a namespace.

use super::{Missing, in_words, refused, require_unprotected};
use crate::{Error, Result, Service};
use casement_image::{
    Caller,
    metadef::{Object, check_object_query},
};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

impl Service {
    /// All of them: there are no pages.
    ///
    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}/objects`.
    pub async fn list_objects(&self, caller: &Caller, namespace: &str, query: &[(String, String)]) -> Result<Value> {
        check_object_query(query)?;
        let found = self.namespace(caller, namespace, Missing::Worded).await?;
        self.authorize_namespace("get_metadef_objects", caller, &found.namespace)?;
        let mut objects = Vec::new();
        if self.may("get_metadef_object", caller, &found.namespace) {
            objects = self.catalog().metadef_objects(&found).await?;
        }
        let objects: Vec<_> = objects.iter().map(|object| object.view(namespace)).collect();
        // Glance leaves the slash away, and clients have the document so.
        Ok(json!({ "objects": objects, "schema": "v2/schemas/metadefs/objects" }))
    }

    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}/objects/{object}`.
    pub async fn show_object(&self, caller: &Caller, namespace: &str, name: &str) -> Result<Map<String, Value>> {
        let found = self.namespace(caller, namespace, Missing::Worded).await?;
        self.authorize_namespace("get_metadef_object", caller, &found.namespace)?;
        let object = self.catalog().find_metadef_object(&found, name).await?;
        Ok(object.ok_or_else(|| no_object(name))?.view(namespace))
    }

    /// # Errors
    /// See `POST /v2/metadefs/namespaces/{namespace}/objects`.
    pub async fn create_object(&self, caller: &Caller, namespace: &str, body: &Value) -> Result<Map<String, Value>> {
        let wanted = Object::parse_new(body, OffsetDateTime::now_utc())?;
        let found = self.namespace_for("add_metadef_object", caller, namespace, Missing::Worded).await?;
        wanted.check_storable().map_err(in_words("Couldn't create metadata object"))?;
        self.catalog().add_metadef_object(&found, &wanted).await.map_err(refused)?;
        Ok(wanted.view(namespace))
    }

    /// Replaces an object, its name too.
    ///
    /// # Errors
    /// See `PUT /v2/metadefs/namespaces/{namespace}/objects/{object}`.
    pub async fn update_object(
        &self,
        caller: &Caller,
        namespace: &str,
        name: &str,
        body: &Value,
    ) -> Result<Map<String, Value>> {
        let wanted = Object::parse(body, OffsetDateTime::now_utc())?;
        let found = self.namespace_for("modify_metadef_object", caller, namespace, Missing::Worded).await?;
        wanted.check_storable().map_err(in_words("Couldn't update metadata object"))?;
        match self.catalog().update_metadef_object(&found, name, &wanted).await.map_err(refused)? {
            Some(created_at) => Ok(Object { created_at, ..wanted }.view(namespace)),
            None => Err(no_object(name)),
        }
    }

    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}/objects/{object}`.
    pub async fn delete_object(&self, caller: &Caller, namespace: &str, name: &str) -> Result<()> {
        let found = self.namespace_for("delete_metadef_object", caller, namespace, Missing::Worded).await?;
        if self.catalog().find_metadef_object(&found, name).await?.is_none() {
            return Err(no_object(name));
        }
        require_unprotected(&found, "object", name)?;
        let removed = self.catalog().remove_metadef_object(&found, name).await.map_err(refused)?;
        if removed { Ok(()) } else { Err(no_object(name)) }
    }
}

fn no_object(name: &str) -> Error {
    Error::not_found(format!("Could not find metadata object {name}"))
}
