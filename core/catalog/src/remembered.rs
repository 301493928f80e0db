//! Images that were looked up since the last commit. Clouds ask for the same few again and again.

use crate::Found;
use casement_image::{Image, ImageId};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Lookups that are remembered, and how large an image may be for that.
const CAPACITY: usize = 512;
const LARGEST: usize = 8 << 10;

/// Counts commits. Whoever reads takes the count first: what was read is good as long as it stays the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Commits(Arc<AtomicU64>);

impl Commits {
    /// To be called before anybody is told of the commit.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn so_far(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// For one process that is the only one to write.
#[derive(Debug)]
pub(crate) struct Remembered {
    commits: Commits,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The commits when all of it was read.
    as_of: u64,
    count: usize,
    /// By the image, with the project for which it was looked up.
    images: HashMap<ImageId, Vec<(Option<String>, Found)>>,
}

impl Remembered {
    pub(crate) fn new(commits: Commits) -> Self {
        Self { commits, known: Mutex::default() }
    }

    pub(crate) fn find(&self, id: &ImageId, project: Option<&str>) -> Option<Found> {
        let known = self.known();
        if known.as_of != self.commits.so_far() {
            return None;
        }
        let lookups = known.images.get(id)?;
        lookups.iter().find(|(of, _)| of.as_deref() == project).map(|(_, found)| found.clone())
    }

    /// What was read when there were so many commits.
    pub(crate) fn remember(&self, as_of: u64, project: Option<&str>, found: &Found) {
        let mut known = self.known();
        if as_of != self.commits.so_far() || weight(&found.image) > LARGEST {
            return;
        }
        if known.as_of != as_of || known.count >= CAPACITY {
            *known = Known { as_of, ..Known::default() };
        }
        known.count += 1;
        let lookups = known.images.entry(found.image.id.clone()).or_default();
        lookups.push((project.map(str::to_owned), found.clone()));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of what an image may have much of.
fn weight(image: &Image) -> usize {
    let properties = image.properties.iter().map(|(name, value)| name.len() + value.len());
    let tags = image.tags.iter().map(String::len);
    let locations = image.locations.iter().map(|location| location.url.len() + 64 * location.metadata.len());
    properties.chain(tags).chain(locations).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::plans::{catalog, some_image};

    async fn found() -> Found {
        let (_dir, catalog) = catalog().await;
        Found { image: Arc::new(some_image(&catalog).await), is_member: false }
    }

    #[tokio::test]
    async fn a_lookup_is_remembered_for_its_project_until_the_next_commit() {
        let commits = Commits::default();
        let (remembered, found) = (Remembered::new(commits.clone()), found().await);
        remembered.remember(0, Some("p1"), &found);
        assert_eq!(remembered.find(&found.image.id, Some("p1")), Some(found.clone()));
        assert_eq!(remembered.find(&found.image.id, Some("p2")), None);
        assert_eq!(remembered.find(&found.image.id, None), None);
        commits.count();
        assert_eq!(remembered.find(&found.image.id, Some("p1")), None);
    }

    #[tokio::test]
    async fn what_was_read_before_a_commit_is_not_remembered_after_it() {
        let commits = Commits::default();
        let (remembered, found) = (Remembered::new(commits.clone()), found().await);
        let as_of = commits.so_far();
        commits.count();
        remembered.remember(as_of, None, &found);
        assert_eq!(remembered.find(&found.image.id, None), None);
    }

    #[tokio::test]
    async fn neither_many_images_nor_large_ones_take_much_memory() {
        let remembered = Remembered::new(Commits::default());
        let small = found().await;
        let mut large = small.clone();
        Arc::make_mut(&mut large.image).properties.insert("p".to_owned(), "v".repeat(LARGEST));
        remembered.remember(0, None, &large);
        assert_eq!(remembered.find(&large.image.id, None), None);
        for _ in 0..3 * CAPACITY {
            let image = Image { id: ImageId::random(), ..Image::clone(&small.image) };
            remembered.remember(0, None, &Found { image: Arc::new(image), is_member: false });
            assert!(remembered.known().images.len() <= CAPACITY);
        }
    }

    #[tokio::test]
    async fn an_image_that_was_looked_up_is_not_asked_for_again() {
        let (_dir, catalog) = catalog().await;
        let image = some_image(&catalog).await;
        let found = catalog.find_image(&image.id, None).await.unwrap();
        // Nobody can read now.
        let _only_reader = catalog.db.snapshot().await.unwrap();
        assert_eq!(catalog.find_image(&image.id, None).await.unwrap(), found);
    }
}
