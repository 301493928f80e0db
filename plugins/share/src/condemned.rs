//! Deletes that could not be carried out because somebody has the file open: remembered on the disk, so that they outlive
//! a crash, and carried out later.

use crate::{Class, Dir, Result, folders::open_or_make};
use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Holds an empty file for each object that is to go, of the same name.
const FOLDER: &str = ".casement-condemned";

/// The objects of one root that are deleted for everybody but the disk.
#[derive(Debug, Default)]
pub(crate) struct Condemned(Mutex<BTreeSet<String>>);

impl Condemned {
    pub(crate) fn contains(&self, key: &str) -> bool {
        self.keys().contains(key)
    }

    /// Puts an object on the list, durably.
    pub(crate) fn add<D: Dir>(&self, root: &D, key: &str) -> Result<()> {
        let folder = open_or_make(root, FOLDER)?;
        match folder.create_file(key) {
            Ok(note) => drop(note),
            Err(error) if error.class() == Class::Exists => {}
            Err(error) => return Err(error),
        }
        folder.sync()?;
        self.keys().insert(key.to_owned());
        Ok(())
    }

    /// Reads what a process before this one, or another gateway, has left.
    pub(crate) fn read_from<D: Dir>(&self, root: &D) -> Result<()> {
        let names = match root.open_dir(FOLDER) {
            Ok(folder) => folder.names()?,
            Err(error) if error.class() == Class::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        *self.keys() = names.into_iter().collect();
        Ok(())
    }

    /// Carries out what can be by now.
    pub(crate) fn carry_out<D: Dir>(&self, root: &D) -> Result<()> {
        self.read_from(root)?;
        let keys = self.keys().clone();
        if keys.is_empty() {
            return Ok(());
        }
        let folder = root.open_dir(FOLDER)?;
        for key in keys {
            match root.remove(&key) {
                Err(error) if error.class() != Class::NotFound => {
                    tracing::debug!(key, %error, "a deleted object is still held");
                    continue;
                }
                _ => {}
            }
            // The object must be gone for good before nobody knows any more that it should be.
            root.sync()?;
            match folder.remove(&key) {
                // Another gateway was quicker.
                Err(error) if error.class() != Class::NotFound => return Err(error),
                _ => {}
            }
            self.keys().remove(&key);
            tracing::info!(key, "a deleted object that was held is gone");
        }
        Ok(())
    }

    fn keys(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
