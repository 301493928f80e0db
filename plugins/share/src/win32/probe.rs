//! What a volume can do, tried on a file of its own: some file servers accept what they then do not do.

use super::{
    Answer, Api, Code, Open, Setting,
    api::constants::{CREATE_NEW, DELETE, FSCTL_SET_SPARSE, GENERIC_READ, GENERIC_WRITE},
    volume::{SHARE_ALL, Volume, join},
};
use uuid::Uuid;

/// Tries in `directory`. Its file has the form of a transfer's name: one that a crash leaves is discarded like those.
pub(super) fn run<A: Api>(volume: &Volume<A>, directory: &str) -> Answer<()> {
    let new_path = || join(directory, &Uuid::new_v4().to_string());
    let (made, renamed) = (new_path(), new_path());
    let access = GENERIC_READ | GENERIC_WRITE | DELETE;
    let file = volume.open(&made, &Open { access, share: SHARE_ALL, disposition: CREATE_NEW, flags: 0, sddl: None })?;
    let path = match volume.rename(&file, &renamed) {
        Ok(Some(())) => renamed,
        _ => made,
    };
    let features = &volume.features;
    features.sparse.attempt(|| volume.api.control(&file, FSCTL_SET_SPARSE, &[1], &mut []))?;
    delete(volume, file, &path)?;

    let shown = [
        ("posix rename", &features.posix_rename),
        ("rename by handle", &features.rename),
        ("posix delete", &features.posix_delete),
        ("sparse files", &features.sparse),
        ("block clone", &features.clone),
    ];
    let able: Vec<_> = shown.iter().filter(|(_, feature)| feature.is_there()).map(|(name, _)| *name).collect();
    let (root, file_system, remote) = (&volume.root, &volume.file_system, volume.is_remote);
    tracing::debug!(%root, file_system, remote, able = able.join(", "), "what the volume can do");
    Ok(())
}

/// Deletes while the file is open elsewhere, and looks whether its name is free.
fn delete<A: Api>(volume: &Volume<A>, file: A::Handle, path: &str) -> Answer<()> {
    let reader = volume.open_to_look(path)?;
    if volume.delete_at_once(&file)?.is_none() {
        volume.api.set(&file, &Setting::Disposition)?;
    }
    drop(file);
    if volume.features.posix_delete.is_there() && volume.api.find(path).is_ok_and(|names| !names.is_empty()) {
        volume.features.posix_delete.give_up();
    }
    drop(reader);
    match volume.api.find(path) {
        Ok(_) | Err(Code::FILE_NOT_FOUND) => Ok(()),
        Err(code) => Err(code),
    }
}
