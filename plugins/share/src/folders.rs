//! Directories of the store's own in a root.

use crate::{Class, Dir, Error, Result};

/// Where writes in progress are kept: inside the root, because only within a volume can a file be published by giving it
/// another name.
pub(crate) const STAGING: &str = ".casement-staging";

/// The staging directory; made where there is none.
pub(crate) fn staging<D: Dir>(root: &D) -> Result<D> {
    let staging = open_or_make(root, STAGING)?;
    if staging.volume()? != root.volume()? {
        let message =
            format!("`{STAGING}` lies on another volume than the root, so nothing can be published: remove it");
        return Err(Error::new(Class::Config, message));
    }
    Ok(staging)
}

/// A directory of the store's own in the root.
pub(crate) fn open_or_make<D: Dir>(root: &D, name: &str) -> Result<D> {
    match root.open_dir(name) {
        Err(error) if error.class() == Class::NotFound => match root.make_dir(name) {
            Err(error) if error.class() != Class::Exists => Err(error),
            _ => root.sync().and_then(|()| root.open_dir(name)),
        },
        opened => opened,
    }
}
