//! The locations of an image as they are looked at: each with the store that has it, the best first.

use crate::Service;
use casement_image::{Image, Location};
use casement_stores::Store;
use serde_json::Value;
use std::{cmp::Reverse, sync::Arc};
use time::OffsetDateTime;

impl Service {
    /// Names the stores of locations that don't say theirs, or say one that is no more (a single-store Glance wrote
    /// them, or the operator renamed a store), and orders all by the weights of the stores.
    pub(crate) async fn arrange(&self, image: &mut Arc<Image>) {
        if !self.is_arranged(&image.locations) {
            // Boxed, since most are arranged and would carry its memory along.
            Box::pin(self.arrange_anew(Arc::make_mut(image))).await;
        }
    }

    async fn arrange_anew(&self, image: &mut Image) {
        for at in 0..image.locations.len() {
            if !self.is_named(&image.locations[at]) {
                self.find_store(image, at).await;
            }
        }
        self.order(image);
    }

    fn is_arranged(&self, locations: &[Location]) -> bool {
        let named = locations.iter().all(|location| self.is_named(location));
        named && locations.is_sorted_by_key(|location| Reverse(self.weight_of(location)))
    }

    fn is_named(&self, location: &Location) -> bool {
        location.store().is_some_and(|id| self.parts().stores.get(id).is_some())
    }

    /// By the weights of the stores, as recorded where they weigh the same.
    pub(crate) fn order(&self, image: &mut Image) {
        image.locations.sort_by_key(|location| Reverse(self.weight_of(location)));
    }

    fn weight_of(&self, location: &Location) -> i64 {
        location.store().and_then(|id| self.parts().stores.get(id)).map_or(0, |store| store.options().weight)
    }

    async fn find_store(&self, image: &mut Image, at: usize) {
        let location = &mut image.locations[at];
        let Some((store, _)) = self.whose(&location.url).await else { return };
        let unnamed = location.clone();
        name_store(location, &store);
        // The next look finds it again, should this not be noted.
        if let Err(error) = self.catalog().name_store(&image.id, &unnamed, location, OffsetDateTime::now_utc()).await {
            tracing::debug!(image = image.id.as_str(), %error, "the store of a location is not noted");
        }
    }

    /// The store that a URL belongs to, and the object in it. Stores know their own; a prefix would have to be guessed.
    pub(crate) async fn whose(&self, url: &str) -> Option<(Arc<Store>, String)> {
        for store in self.parts().stores.iter() {
            if let Ok(key) = store.key_of(url).await {
                return Some((Arc::clone(store), key));
            }
        }
        None
    }
}

pub(super) fn name_store(location: &mut Location, store: &Store) {
    location.metadata.insert("store".to_owned(), Value::String(store.id().to_owned()));
}
