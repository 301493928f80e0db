//! What the service tells of itself.

use crate::{Service, StoreInfo};
use serde_json::Value;

impl Service {
    /// `None` for a schema that does not exist. Names as in the path: `image`, `images`, `metadefs/namespace`.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.settings().schemas.by_name(name)
    }

    /// Ids of all stores.
    pub fn store_ids(&self) -> Vec<String> {
        self.parts().stores.iter().map(|store| store.id().to_owned()).collect()
    }

    /// Every store, also one that can't serve now.
    pub fn stores(&self) -> Vec<StoreInfo> {
        let stores = &self.parts().stores;
        let default = stores.default_store().map(|store| store.id().to_owned());
        stores
            .iter()
            .map(|store| StoreInfo {
                id: store.id().to_owned(),
                description: store.options().description.clone(),
                default: default.as_deref() == Some(store.id()),
                read_only: store.is_read_only(),
                unavailable: store.unavailable(),
            })
            .collect()
    }
}
