//! What a location that a client gives leads to. It is judged by its text, then by where its host is, and only then is
//! it contacted.

use super::arrange::name_store;
use crate::{Error, Kind, Result, Service, Side, upload::judge::too_large};
use casement_image::{Image, ImageId, Location, locations};
use casement_stores::{Side as StoreSide, Store};
use std::{sync::Arc, time::Duration};
use tokio::{net::lookup_host, time::timeout};

/// How long the resolver may take.
const RESOLVING: Duration = Duration::from_secs(10);

/// A location that was found good.
#[derive(Debug)]
pub(crate) struct Examined {
    /// With the store that has it.
    pub(crate) location: Location,
    pub(crate) size: u64,
}

impl Service {
    /// # Errors
    /// When the location is none that a client may give, or leads to nothing.
    pub(crate) async fn examine(&self, image: &Image, wanted: Location) -> Result<Examined> {
        if !self.may_be_contacted(&wanted.url).await? {
            // Glance asks for the size first, where it does not know one.
            let malformed = image.size.is_none_or(|size| size == 0);
            return Err(if malformed { malformed_location() } else { locations::invalid_location().into() });
        }
        let (store, key) = self.store_for_location(&image.id, &wanted.url).await?;
        let size = size_of(&store, &key).await?;
        // Whoever runs the server may promise any size, and quotas add sizes up.
        let cap = self.settings().size_cap;
        if size > cap {
            return Err(too_large(cap));
        }
        let mut location = wanted;
        name_store(&mut location, &store);
        Ok(Examined { location, size })
    }

    /// The store and the object that a client's URL means, for `image`.
    pub(crate) async fn store_for_location(&self, image: &ImageId, url: &str) -> Result<(Arc<Store>, String)> {
        locations::check_scheme(url)?;
        let found = self.whose(url).await.ok_or_else(locations::invalid_location)?;
        if has_objects_of_its_own(&found.0) && !may_be_given(&found.1, image, found.0.options().client_locations) {
            return Err(locations::invalid_location().into());
        }
        Ok(found)
    }

    /// Whether a URL may be contacted for a client.
    ///
    /// # Errors
    /// When its scheme is none that clients may use.
    pub(crate) async fn may_be_contacted(&self, url: &str) -> Result<bool> {
        let scheme = locations::check_scheme(url)?;
        Ok(!matches!(scheme.as_str(), "http" | "https") || self.passes_filter(url).await)
    }

    /// Whether the operator's filter lets the service go to the URL, and its host is where the service may go.
    pub(crate) async fn passes_filter(&self, url: &str) -> bool {
        let filter = &self.settings().uri_filter;
        let Some(target) = filter.check(url) else { return false };
        if let Some(address) = target.address() {
            return filter.may_reach(&target, address);
        }
        // With its last dot the name is looked up as it stands: no search list, and never read as a number.
        let name = format!("{}.", target.host);
        match timeout(RESOLVING, lookup_host((name, target.port))).await {
            Ok(Ok(addresses)) => filter.may_reach_all(&target, addresses.map(|address| address.ip())),
            Ok(Err(_)) | Err(_) => false,
        }
    }
}

fn malformed_location() -> Error {
    Error::new(Kind::Invalid, Side::Client, "The Store URI was malformed.")
}

/// Whether a client may give this object of a store to an image. The store would hand out, and remove with the image,
/// whatever its own account may: what it keeps for another image (a part of it, even), and what lies beside.
fn may_be_given(key: &str, image: &ImageId, nameless_too: bool) -> bool {
    const LENGTH: usize = 36;
    let mut named = (0..key.len()).filter_map(|at| key.get(at..at + LENGTH).and_then(ImageId::parse)).peekable();
    (named.peek().is_some() || nameless_too) && named.all(|id| id == *image)
}

/// Whether the store keeps data by itself, and not just reads what lies elsewhere.
pub(crate) fn has_objects_of_its_own(store: &Store) -> bool {
    store.capabilities().is_none_or(|can| can.write)
}

async fn size_of(store: &Store, key: &str) -> Result<u64> {
    match store.stat(key).await {
        Ok(found) if found.size > 0 => Ok(found.size),
        // Whatever is behind an address that the client gave, and does not serve it, is the client's business.
        Ok(_) => Err(locations::invalid_location().into()),
        Err(error) if error.side == StoreSide::Store => {
            let mut refused = Error::from(locations::invalid_location());
            refused.cause = Some(error.to_string());
            Err(refused)
        }
        Err(error) => {
            let failure = Error::from(error);
            Err(if failure.kind == Kind::Internal { locations::invalid_location().into() } else { failure })
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_object_is_for_the_image_whose_id_it_bears_and_one_without_any_where_the_operator_says_so() {
        let (own, other) = ("3d4c5a52-0000-4000-8000-000000000001", "3d4c5a52-0000-4000-8000-000000000002");
        let image = ImageId::parse(own).unwrap();
        for (key, may, may_where_allowed) in [
            (own.to_owned(), true, true),
            (format!("/images/{own}-00001"), true, true),
            (other.to_owned(), false, false),
            (format!("{other}-00001"), false, false),
            (format!("/images_segments/{other}/{own}/00000001"), false, false),
            ("//AUTH_x/secrets/key".to_owned(), false, true),
            ("golden.qcow2".to_owned(), false, true),
            ("ä".repeat(40), false, true),
        ] {
            assert_eq!(may_be_given(&key, &image, false), may, "{key}");
            assert_eq!(may_be_given(&key, &image, true), may_where_allowed, "{key}");
        }
    }
}
