//! Which folders a configuration means.

use crate::{Config, CsvFs, Volumes, volumes::Found};
use casement_share::{
    Class, Error, FileSystem, Result, RootOptions,
    win32::{Api, Code},
};

/// A folder on each volume that is named, or on each that there is.
pub(crate) fn of<A: Api>(config: &Config, volumes: &Volumes<A>, fs: &CsvFs<A>) -> Result<Vec<RootOptions>> {
    if config.volumes.is_empty() {
        return found(volumes, fs, &config.folder);
    }
    // Whether these are volumes is seen when they are opened.
    let named = config.volumes.iter().map(|volume| {
        let name = name(volumes, fs, volume.name())?;
        Ok(RootOptions { path: root(volumes, fs, &name, &config.folder)?, weight: volume.weight() })
    });
    named.collect()
}

fn found<A: Api>(volumes: &Volumes<A>, fs: &CsvFs<A>, folder: &str) -> Result<Vec<RootOptions>> {
    let (mut roots, mut without) = (Vec::new(), Vec::new());
    for name in volumes.names()? {
        let path = root(volumes, fs, &name, folder)?;
        match volumes.look(&name) {
            Found::Volume if is_missing(volumes, &path) => without.push(path),
            Found::Volume => roots.push(RootOptions { path, weight: 0 }),
            Found::Away(error) => {
                tracing::warn!(volume = name, %error, "a cluster shared volume is not there yet");
                roots.push(RootOptions { path, weight: 0 });
            }
            Found::Other(error) => tracing::warn!(name, %error, "not used"),
        }
    }
    match (roots.is_empty(), without.first()) {
        (true, Some(example)) => {
            let message = format!(
                "no cluster shared volume has the folder `{folder}`: make it on those that are to hold images, as in \
                 New-Item -ItemType Directory '{example}'"
            );
            Err(Error::new(Class::Absent, message))
        }
        (true, None) => {
            let message = format!(
                "this node has no cluster shared volume below `{}`: Get-ClusterSharedVolume lists those of the cluster, \
                 Add-ClusterSharedVolume makes one of a disk",
                volumes.folder()
            );
            Err(Error::new(Class::Absent, message))
        }
        (false, _) => {
            without.iter().for_each(|path| tracing::info!(path, "a volume without this folder is not used"));
            Ok(roots)
        }
    }
}

/// Whether there certainly is no such folder.
pub(crate) fn is_missing<A: Api>(volumes: &Volumes<A>, path: &str) -> bool {
    matches!(volumes.open(path, 0), Err(Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND))
}

/// The name of a volume, from its name or its path.
fn name<A: Api>(volumes: &Volumes<A>, fs: &CsvFs<A>, text: &str) -> Result<String> {
    if !text.is_empty() && !text.contains(['\\', '/', ':']) {
        return Ok(text.to_owned());
    }
    let path = fs.settle(text)?;
    let message = match volumes.split(&path) {
        Some((name, "")) => return Ok(name.to_owned()),
        Some((name, folder)) => {
            format!("`{text}` leads into a volume: write volumes = [\"{name}\"] and folder = '{folder}'")
        }
        None => format!(
            "`{text}` is no cluster shared volume: write the name of one, as in \"Volume1\", or its path, as in '{}'",
            volumes.path("Volume1")
        ),
    };
    Err(Error::new(Class::Config, message))
}

/// The folder of images on a volume.
pub(crate) fn root<A: Api>(volumes: &Volumes<A>, fs: &CsvFs<A>, volume: &str, folder: &str) -> Result<String> {
    let inside = folder.trim_matches(['\\', '/']);
    if inside.is_empty() {
        let message = "folder is empty: write the folder of images inside of each volume, as in \"images\"";
        return Err(Error::new(Class::Config, message));
    }
    fs.settle(&volumes.path(&format!(r"{volume}\{inside}")))
}
