//! Records that were written as JSON. Clouds ask for the same few images again and again, and what is shown of one is the
//! same for all who may see it, but for administrators.

use crate::Record;
use casement_image::Image;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Records that are kept, and how long the text of one may be.
const CAPACITY: usize = 512;
const LONGEST: usize = 8 << 10;

/// For one configuration: what is shown depends on it.
#[derive(Default)]
pub(crate) struct Rendered(Mutex<HashMap<Key, Kept>>);

/// Where the image lies in memory, and whether it is an administrator who sees it.
type Key = (usize, bool);

struct Kept {
    /// As long as it is held, no other one can come to lie there.
    _image: Arc<Image>,
    record: Arc<Record>,
}

impl Rendered {
    pub(crate) fn find(&self, image: &Arc<Image>, is_admin: bool) -> Option<Arc<Record>> {
        self.kept().get(&key(image, is_admin)).map(|kept| kept.record.clone())
    }

    pub(crate) fn keep(&self, image: &Arc<Image>, is_admin: bool, record: &Arc<Record>) {
        // Who is alone with an image will not be given the same one again.
        if Arc::strong_count(image) == 1 || record.json.len() > LONGEST {
            return;
        }
        let mut kept = self.kept();
        if kept.len() >= CAPACITY {
            kept.clear();
        }
        kept.insert(key(image, is_admin), Kept { _image: image.clone(), record: record.clone() });
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Key, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(image: &Arc<Image>, is_admin: bool) -> Key {
    (Arc::as_ptr(image).addr(), is_admin)
}

#[cfg(test)]
mod tests;
