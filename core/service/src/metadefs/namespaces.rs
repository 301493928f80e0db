//! Namespaces.

use super::{Missing, in_words, refused, require_unprotected, unknown_namespace};
use crate::{Error, Result, Service, access::refuse_read_only};
use casement_catalog::FoundNamespace;
use casement_image::{
    Caller,
    metadef::{Namespace, NamespaceBody, NamespaceQuery, namespace_links},
};
use casement_policy::Target;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

impl Service {
    /// The whole document: namespaces, first, next, schema. `query` is the decoded query string, in order.
    ///
    /// # Errors
    /// See `GET /v2/metadefs/namespaces`.
    pub async fn list_namespaces(&self, caller: &Caller, query: &[(String, String)]) -> Result<Value> {
        let wanted = NamespaceQuery::parse(query, &self.settings().list)?;
        for action in ["get_metadef_namespaces", "list_metadef_resource_types"] {
            self.authorize_metadef(action, caller, &Target::own(caller))?;
        }
        let marker = match &wanted.page.marker {
            Some(name) => Some(self.marker(caller, name).await?),
            None => None,
        };
        let page = self.catalog().list_namespaces(&wanted, marker.as_ref(), caller).await?;
        let last = page.namespaces.last().filter(|_| page.full).map(|(found, _)| found.namespace.namespace.clone());
        let namespaces: Vec<_> = page
            .namespaces
            .iter()
            .filter(|(found, _)| self.may("get_metadef_namespace", caller, &found.namespace))
            .map(|(found, associations)| found.namespace.list_view(associations))
            .collect();
        let (first, next) = namespace_links(query, last.as_deref());
        let mut document =
            json!({ "namespaces": namespaces, "first": first, "schema": "/v2/schemas/metadefs/namespaces" });
        if let Some(next) = next {
            document["next"] = Value::String(next);
        }
        Ok(document)
    }

    async fn marker(&self, caller: &Caller, name: &str) -> Result<FoundNamespace> {
        match self.catalog().find_namespace(name).await? {
            Some(found) if found.namespace.is_visible_to(caller) => Ok(found),
            Some(_) => Err(Error::forbidden(format!(
                "Forbidding request, metadata definition namespace={name} is not visible."
            ))),
            None if name.is_empty() => Err(Error::not_found("Metadata definition namespace not found for id=")),
            None => Err(unknown_namespace(name)),
        }
    }

    /// A namespace with all that is in it. With `resource_type`, names of properties are prefixed as things of this
    /// type have them.
    ///
    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}`.
    pub async fn show_namespace(
        &self,
        caller: &Caller,
        name: &str,
        resource_type: Option<&str>,
    ) -> Result<Map<String, Value>> {
        let Some(found) = self.catalog().find_namespace(name).await? else { return Err(unknown_namespace(name)) };
        let namespace = &found.namespace;
        if !namespace.is_visible_to(caller) || !self.may("get_metadef_namespace", caller, namespace) {
            return Err(Error::not_found("The resource could not be found."));
        }
        for action in
            ["list_metadef_resource_types", "get_metadef_objects", "get_metadef_properties", "get_metadef_tags"]
        {
            self.authorize_namespace(action, caller, namespace)?;
        }
        let contents = self.catalog().namespace_contents(&found).await?;
        Ok(namespace.full_view(&contents, resource_type))
    }

    /// Makes a namespace with all that the body puts into it, or nothing.
    ///
    /// # Errors
    /// See `POST /v2/metadefs/namespaces`.
    pub async fn create_namespace(&self, caller: &Caller, body: &Value) -> Result<Map<String, Value>> {
        let now = OffsetDateTime::now_utc();
        let wanted = NamespaceBody::parse(body, now)?;
        refuse_read_only(caller)?;
        for action in ["add_metadef_namespace"].into_iter().chain(wanted.actions()) {
            self.authorize_metadef(action, caller, &Target::own(caller))?;
        }
        let namespace = wanted.build(owner(&wanted, caller)?, now);
        let contents = wanted.contents();
        let storable = namespace.check_storable().and_then(|()| contents.check_storable());
        storable.map_err(in_words("Couldn't create metadata namespace"))?;
        self.catalog().create_namespace(&namespace, &contents).await.map_err(refused)?;
        Ok(wanted.created_view(&namespace))
    }

    /// Replaces what a namespace says of itself; what is in it stays.
    ///
    /// # Errors
    /// See `PUT /v2/metadefs/namespaces/{namespace}`.
    pub async fn update_namespace(&self, caller: &Caller, name: &str, body: &Value) -> Result<Map<String, Value>> {
        let now = OffsetDateTime::now_utc();
        let wanted = NamespaceBody::parse(body, now)?;
        let found = self.namespace_for("modify_metadef_namespace", caller, name, Missing::Alike).await?;
        // An empty owner names none.
        let owner = match wanted.owner() {
            None | Some("") => caller.project_id.clone().unwrap_or_else(|| found.namespace.owner.clone()),
            Some(owner) => owner.to_owned(),
        };
        let after = Namespace { owner, ..wanted.build(String::new(), now) };
        after.check_storable().map_err(in_words("Couldn't update metadata namespace"))?;
        let after = self.catalog().update_namespace(&found, after).await.map_err(refused)?;
        Ok(after.view())
    }

    /// Deletes a namespace with all that is in it.
    ///
    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}`.
    pub async fn delete_namespace(&self, caller: &Caller, name: &str) -> Result<()> {
        let found = self.deletable_namespace(caller, name, &[]).await?;
        self.catalog().delete_namespace(&found).await.map_err(refused)
    }

    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}/objects`.
    pub async fn delete_objects(&self, caller: &Caller, name: &str) -> Result<()> {
        let found = self.deletable_namespace(caller, name, &[]).await?;
        self.catalog().remove_metadef_objects(&found).await.map_err(refused)
    }

    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}/properties`.
    pub async fn delete_properties(&self, caller: &Caller, name: &str) -> Result<()> {
        let found = self.deletable_namespace(caller, name, &[]).await?;
        self.catalog().remove_metadef_properties(&found).await.map_err(refused)
    }

    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}/tags`.
    pub async fn delete_tags(&self, caller: &Caller, name: &str) -> Result<()> {
        let found = self.deletable_namespace(caller, name, &["delete_metadef_tags"]).await?;
        self.catalog().remove_metadef_tags(&found).await.map_err(refused)
    }

    async fn deletable_namespace(&self, caller: &Caller, name: &str, more: &[&str]) -> Result<FoundNamespace> {
        let found = self.namespace_for("delete_metadef_namespace", caller, name, Missing::Alike).await?;
        more.iter().try_for_each(|action| self.authorize_namespace(action, caller, &found.namespace))?;
        require_unprotected(&found, "namespace", name)?;
        Ok(found)
    }
}

/// The project that is to own what the body makes.
fn owner(wanted: &NamespaceBody, caller: &Caller) -> Result<String> {
    let owner = wanted.owner().or(caller.project_id.as_deref());
    let missing = || casement_image::Error::invalid("The token has no project; name an owner.");
    Ok(owner.ok_or_else(missing)?.to_owned())
}
