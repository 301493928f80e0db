//! What is told of the stores to those who run the site, and removing one copy of an image from one of them.

use crate::{
    Error, Kind, Result, Service, Side, StoreDetail,
    access::{no_image_with_id, refuse_read_only},
};
use casement_catalog::{Bounds, Kind as Catalog};
use casement_image::{Caller, Image, Location, Status, view::visible_locations};
use casement_stores::config::StoreOptions;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

/// How often a removal is tried anew because somebody else changed the image in between.
const TRIES: u32 = 5;

impl Service {
    /// Every store with its kind, its weight and how it is set up.
    ///
    /// # Errors
    /// See `GET /v2/info/stores/detail`.
    pub fn stores_detail(&self, caller: &Caller) -> Result<Vec<StoreDetail>> {
        self.authorize_general("stores_info_detail", caller)?;
        let detail = |(store, info): (&std::sync::Arc<casement_stores::Store>, _)| StoreDetail {
            info,
            kind: kind_of(&store.options().plugin).to_owned(),
            weight: store.options().weight,
            properties: properties(store.options(), store.chunk_size()),
        };
        Ok(self.parts().stores.iter().zip(self.stores()).map(detail).collect())
    }

    /// Removes the copy of an image that a store has: first the record of it, then the data.
    ///
    /// # Errors
    /// See `DELETE /v2/stores/{store}/{image}`.
    pub async fn delete_from_store(&self, caller: &Caller, store: &str, id: &str) -> Result<()> {
        refuse_read_only(caller)?;
        let conflict = |message: String| Error::new(Kind::Conflict, Side::Client, message);
        if self.parts().stores.get(store).is_none() {
            return Err(conflict(format!("The selected store {store} is not available on this node.")));
        }
        for _ in 0..TRIES {
            let missing = || format!("Failed to find image {id}");
            let found = self.look_up(caller, id, missing).await?;
            self.permit("get_image_location", caller, &found, missing)?;
            self.permit("delete_image_location", caller, &found, missing)?;
            let before = found.image;
            if before.status != Status::Active {
                let message = "It's not allowed to remove image data from store if image status is not 'active'";
                return Err(conflict(message.to_owned()));
            }
            if before.locations.len() == 1 {
                let message =
                    "Cannot delete image data from the only store containing it. Consider deleting the image instead.";
                return Err(Error::forbidden(message));
            }
            let at = before.locations.iter().position(|location| location.store() == Some(store));
            let at = at.ok_or_else(|| Error::not_found(format!("Image {id} is not stored in store {store}.")))?;
            let mut after = Image::clone(&before);
            after.locations.remove(at);
            let dropped = self.dropped(&before, &after).await;
            let (unbounded, now) = (Bounds::default(), OffsetDateTime::now_utc());
            match self.catalog().relocate_image(&before, &after, &dropped, &unbounded, now).await {
                Ok(_) => {
                    for object in dropped {
                        self.settle_or_later(&object.id).await;
                    }
                    return Ok(());
                }
                Err(error) if error.kind == Catalog::Changed => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(conflict(format!("Image {id} is being changed by others; try again.")))
    }

    /// Where the data of an image lies.
    ///
    /// # Errors
    /// See `GET /v2/images/{id}/locations`.
    pub async fn image_locations(&self, caller: &Caller, id: &str) -> Result<Value> {
        let missing = no_image_with_id(id);
        let found = self.look_up(caller, id, &missing).await?;
        self.permit("fetch_image_location", caller, &found, missing)?;
        let view = |location: &Location| json!({ "url": location.url, "metadata": location.metadata });
        Ok(visible_locations(&found.image, caller.is_admin).iter().map(view).collect())
    }
}

/// Glance's name for the kind of a store.
fn kind_of(plugin: &str) -> &str {
    match plugin {
        "filesystem" => "file",
        other => other,
    }
}

/// How a store is set up, under Glance's names where Glance has such a store.
fn properties(options: &StoreOptions, chunk_size: usize) -> Map<String, Value> {
    let config = &options.config;
    match options.plugin.as_str() {
        "filesystem" => {
            let root = config.get("root").and_then(Value::as_str).unwrap_or_default();
            let folder = options.base_dir.join(root);
            let entries = [
                ("data_dir", json!(folder.display().to_string())),
                ("chunk_size", config.get("chunk_size").cloned().unwrap_or(json!(chunk_size))),
                ("thin_provisioning", config.get("sparse").cloned().unwrap_or(json!(false))),
            ];
            entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        }
        // There is nothing of use to tell, as in Glance.
        "http" => Map::new(),
        _ => config.iter().filter(|(name, value)| is_plain(name, value)).map(|(n, v)| (n.clone(), v.clone())).collect(),
    }
}

/// Whether a key of a plugin that nothing is known of may be told: what could be a secret may not.
fn is_plain(name: &str, value: &Value) -> bool {
    const TELLING: [&str; 7] = ["secret", "password", "passphrase", "token", "key", "credential", "auth"];
    let name = name.to_ascii_lowercase();
    let secret = TELLING.iter().any(|word| name.contains(word));
    // A URL with an `@` may have a password before it.
    !secret && !value.is_array() && !value.is_object() && value.as_str().is_none_or(|text| !text.contains('@'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use casement_stores::config::Limits;

    fn options(plugin: &str, config: Value) -> StoreOptions {
        StoreOptions {
            id: "s".into(),
            plugin: plugin.into(),
            description: None,
            default: false,
            required: false,
            read_only: false,
            client_locations: false,
            weight: 0,
            limits: Limits::default(),
            config: config.as_object().unwrap().clone(),
            base_dir: "/etc/casement".into(),
        }
    }

    #[test]
    fn a_store_of_files_is_told_of_in_glances_names_and_no_secret_is_told() {
        let file = properties(&options("filesystem", json!({"root": "/srv/images", "sparse": true})), 4 << 20);
        let wanted = json!({"data_dir": "/srv/images", "chunk_size": 4 << 20, "thin_provisioning": true});
        assert_eq!(Value::Object(file), wanted);
        assert!(properties(&options("http", json!({"proxy": "http://p"})), 1).is_empty());
        let other = json!({
            "bucket": "images", "part_size": 5, "access_key": "A", "secret_key": "B", "auth_url": "http://k",
            "endpoint": "https://user:word@host", "password": "p", "nested": {"password": "p"}, "tokens": ["t"],
        });
        assert_eq!(Value::Object(properties(&options("s3", other), 1)), json!({"bucket": "images", "part_size": 5}));
    }
}
