//! The tags of a namespace.

use super::{Missing, in_words, refused, require_unprotected};
use crate::{Error, Result, Service};
use casement_image::{
    Caller,
    metadef::{Tag, TagQuery},
};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

impl Service {
    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}/tags`.
    pub async fn list_metadef_tags(
        &self,
        caller: &Caller,
        namespace: &str,
        query: &[(String, String)],
    ) -> Result<Value> {
        let wanted = TagQuery::parse(query)?;
        let found = self.namespace(caller, namespace, Missing::Alike).await?;
        self.authorize_namespace("get_metadef_tags", caller, &found.namespace)?;
        let missing = || no_tag(wanted.marker.as_deref().unwrap_or_default());
        let tags = self.catalog().metadef_tags(&found, &wanted).await?.ok_or_else(missing)?;
        Ok(named(&tags))
    }

    /// # Errors
    /// See `GET /v2/metadefs/namespaces/{namespace}/tags/{tag}`.
    pub async fn show_metadef_tag(&self, caller: &Caller, namespace: &str, name: &str) -> Result<Map<String, Value>> {
        let found = self.namespace(caller, namespace, Missing::Alike).await?;
        self.authorize_namespace("get_metadef_tag", caller, &found.namespace)?;
        let tag = self.catalog().find_metadef_tag(&found, name).await?;
        Ok(tag.ok_or_else(|| no_tag(name))?.view())
    }

    /// # Errors
    /// See `POST /v2/metadefs/namespaces/{namespace}/tags/{tag}`.
    pub async fn create_metadef_tag(&self, caller: &Caller, namespace: &str, name: &str) -> Result<Map<String, Value>> {
        self.namespace(caller, namespace, Missing::Alike).await?;
        let wanted = Tag::of_path(name, OffsetDateTime::now_utc())?;
        let found = self.namespace_for("add_metadef_tag", caller, namespace, Missing::Alike).await?;
        wanted.check_storable().map_err(in_words("Couldn't create metadata tag"))?;
        self.catalog().add_metadef_tag(&found, &wanted).await.map_err(refused)?;
        Ok(wanted.view())
    }

    /// Gives the namespace these tags; with `append`, beside those it has. An empty list changes nothing.
    ///
    /// # Errors
    /// See `POST /v2/metadefs/namespaces/{namespace}/tags`.
    pub async fn set_metadef_tags(
        &self,
        caller: &Caller,
        namespace: &str,
        append: bool,
        body: &Value,
    ) -> Result<Value> {
        let wanted = Tag::parse_list(body, OffsetDateTime::now_utc())?;
        let found = self.namespace_for("add_metadef_tags", caller, namespace, Missing::Alike).await?;
        wanted.iter().try_for_each(Tag::check_storable).map_err(in_words("Couldn't create metadata tags"))?;
        if !wanted.is_empty() {
            self.catalog().add_metadef_tags(&found, &wanted, append).await.map_err(refused)?;
        }
        Ok(named(&wanted))
    }

    /// # Errors
    /// See `PUT /v2/metadefs/namespaces/{namespace}/tags/{tag}`.
    pub async fn rename_metadef_tag(
        &self,
        caller: &Caller,
        namespace: &str,
        name: &str,
        body: &Value,
    ) -> Result<Map<String, Value>> {
        let wanted = Tag::parse(body, OffsetDateTime::now_utc())?;
        let found = self.namespace_for("modify_metadef_tag", caller, namespace, Missing::Alike).await?;
        wanted.check_storable().map_err(in_words("Couldn't update metadata tag"))?;
        let renamed = self.catalog().rename_metadef_tag(&found, name, &wanted).await.map_err(refused)?;
        Ok(renamed.ok_or_else(|| no_tag(name))?.view())
    }

    /// # Errors
    /// See `DELETE /v2/metadefs/namespaces/{namespace}/tags/{tag}`.
    pub async fn delete_metadef_tag(&self, caller: &Caller, namespace: &str, name: &str) -> Result<()> {
        let found = self.namespace_for("delete_metadef_tag", caller, namespace, Missing::Alike).await?;
        if self.catalog().find_metadef_tag(&found, name).await?.is_none() {
            return Err(no_tag(name));
        }
        require_unprotected(&found, "tag", name)?;
        let removed = self.catalog().remove_metadef_tag(&found, name).await.map_err(refused)?;
        if removed { Ok(()) } else { Err(no_tag(name)) }
    }
}

fn named(tags: &[Tag]) -> Value {
    json!({ "tags": tags.iter().map(Tag::short_view).collect::<Vec<_>>() })
}

fn no_tag(name: &str) -> Error {
    Error::not_found(format!("Could not find metadata tag {name}"))
}
