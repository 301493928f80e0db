//! Locations in a PATCH. Everything happens to the image in memory; nothing is removed from a store before the catalog
//! holds the whole patch.

use super::examine::has_objects_of_its_own;
use crate::{Result, Service, access::no_image_with_id};
use casement_catalog::{Found, NewTransfer};
use casement_image::{
    Caller, Image, Location, Status,
    locations::{self, LocationChange, Validation},
};
use serde_json::Value;

impl Service {
    /// Applies one change of the locations to the image in memory.
    pub(crate) async fn change_locations(
        &self,
        caller: &Caller,
        found: &Found,
        image: &mut Image,
        change: LocationChange<'_>,
    ) -> Result<()> {
        change.check_not_emptying()?;
        self.permit(change.action(), caller, found, no_image_with_id(found.image.id.as_str()))?;
        change.check_allowed(image, self.settings().show_multiple_locations)?;
        forget_refused(image);
        match change {
            LocationChange::Add { at, value } => self.add_location_to(image, at, value).await,
            LocationChange::Replace(values) => self.replace_locations(image, values).await,
            LocationChange::Remove { at } => {
                image.locations.remove(locations::position_to_remove(at, image)?);
                Ok(())
            }
        }
    }

    async fn add_location_to(&self, image: &mut Image, at: &str, value: &Value) -> Result<()> {
        let said = Validation::of(image, std::slice::from_ref(value), self.settings().multihash.name())?;
        let at = locations::position_to_add(at, image.locations.len())?;
        self.settings().quotas.check_locations(image.locations.len() + 1)?;
        let location = self.take_location(image, locations::wanted(value)?).await?;
        image.locations.insert(at, location);
        Ok(said.activate(image)?)
    }

    async fn replace_locations(&self, image: &mut Image, values: &[Value]) -> Result<()> {
        let said = Validation::of(image, values, self.settings().multihash.name())?;
        let wanted = values.iter().map(locations::wanted).collect::<casement_image::Result<Vec<_>>>()?;
        self.settings().quotas.check_locations(wanted.len())?;
        if locations::check_same_urls(image, &wanted)? {
            image.locations = keep_stores(&image.locations, wanted);
        } else {
            for location in wanted {
                let location = self.take_location(image, location).await?;
                image.locations.push(location);
            }
        }
        Ok(said.activate(image)?)
    }

    /// A client's location with its store. The first one gives the image its size.
    async fn take_location(&self, image: &mut Image, wanted: Location) -> Result<Location> {
        let examined = self.examine(image, wanted).await?;
        locations::check_no_duplicate(&image.locations, &examined.location)?;
        image.size = image.size.filter(|size| *size > 0).or(Some(examined.size));
        Ok(examined.location)
    }

    /// What lies in stores and belongs to the image no more once it is `after`, as transfers that will remove it.
    pub(crate) async fn dropped(&self, before: &Image, after: &Image) -> Vec<NewTransfer> {
        let kept = |location: &Location| after.locations.iter().any(|other| other.url == location.url);
        let dropped: Vec<Location> = before.locations.iter().filter(|location| !kept(location)).cloned().collect();
        self.objects_at(&before.id, &dropped).await
    }
}

/// A queued image can have the location of data that was refused, where the store can't remove any; it counts for
/// nothing once there is a new one.
fn forget_refused(image: &mut Image) {
    if image.status == Status::Queued {
        image.locations.clear();
        image.size = None;
    }
}

/// Which store has a URL is not the client's to say.
fn keep_stores(known: &[Location], wanted: Vec<Location>) -> Vec<Location> {
    let with_its_store = |mut location: Location| {
        let store = known.iter().find(|known| known.url == location.url).and_then(|known| known.metadata.get("store"));
        match store {
            Some(store) => location.metadata.insert("store".to_owned(), store.clone()),
            None => location.metadata.remove("store"),
        };
        location
    };
    wanted.into_iter().map(with_its_store).collect()
}

impl Service {
    /// The objects at these locations, as transfers that will remove them.
    pub(crate) async fn objects_at(&self, image: &casement_image::ImageId, places: &[Location]) -> Vec<NewTransfer> {
        let mut objects = Vec::with_capacity(places.len());
        for location in places {
            let (store, key) = match self.locate(location).await {
                // What lies elsewhere is not ours to remove.
                Some((store, _)) if !has_objects_of_its_own(&store) => continue,
                Some((store, key)) => (store.id().to_owned(), key),
                // The store can't be asked now: what Casement and Glance write is named after the image.
                None => match location.store() {
                    Some(store) => (store.to_owned(), image.as_str().to_owned()),
                    None => {
                        tracing::error!(image = image.as_str(), "no store knows this image's location; data stays");
                        continue;
                    }
                },
            };
            objects.push(self.removal(image, store, key));
        }
        objects
    }
}
