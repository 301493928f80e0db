//! A directory, by its path: a handle would not survive the loss of a share, and Win32 opens nothing below one.

use super::{
    Answer, Api, Code, NtfsFile, Open, Setting,
    api::constants::{
        CREATE_NEW, DELETE, DRIVE_REMOTE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_READONLY,
        FILE_ATTRIBUTE_REPARSE_POINT, FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT,
        FILE_FLAG_SEQUENTIAL_SCAN, FILE_READ_ONLY_VOLUME, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_WRITE_ATTRIBUTES,
        GENERIC_READ, GENERIC_WRITE, MOVEFILE_WRITE_THROUGH, OPEN_EXISTING,
    },
    probe,
    volume::{SHARE_ALL, Volume, join},
};
use crate::{Dir, Metadata, Result, Space};
use std::sync::Arc;
use uuid::Uuid;

/// Where files go whose names must be free while others still read them; in the root, because a rename frees a name only
/// within the volume.
const TRASH: &str = ".casement-trash";

/// A directory of a root.
#[derive(Debug)]
pub struct NtfsDir<A> {
    volume: Arc<Volume<A>>,
    /// In the extended form.
    path: String,
}

impl<A: Api> NtfsDir<A> {
    pub(super) fn new(volume: Arc<Volume<A>>, path: String) -> Self {
        Self { volume, path }
    }

    fn api(&self) -> &A {
        &self.volume.api
    }

    fn path_of(&self, name: &str) -> String {
        join(&self.path, name)
    }

    fn file(&self, handle: A::Handle) -> NtfsFile<A> {
        NtfsFile::new(Arc::clone(&self.volume), handle)
    }

    /// Opens what is stored under this name and no other: Windows also finds `abc` by `ABC` and by a short name such as
    /// `ABCDEF~1`.
    fn open_entry(&self, name: &str, open: impl FnOnce(&str) -> Answer<A::Handle>) -> Answer<A::Handle> {
        let path = self.path_of(name);
        // What is being deleted cannot be opened any more, and does not come back.
        let gone = |code| if code == Code::DELETE_PENDING { Code::FILE_NOT_FOUND } else { code };
        let handle = open(&path).map_err(gone)?;
        match self.api().find(&path) {
            Ok(stored) if stored.iter().any(|stored| stored == name) => Ok(handle),
            Ok(_) => Err(Code::FILE_NOT_FOUND),
            // The client of a file server may answer from a listing that is some seconds old.
            Err(Code::FILE_NOT_FOUND) => Ok(handle),
            Err(code) => Err(code),
        }
    }

    /// Opens a file to read or write its data.
    fn open_data(&self, name: &str, access: u32, share: u32, flags: u32) -> Answer<A::Handle> {
        let handle = self.open_entry(name, |path| self.volume.open_existing(path, access, share, flags))?;
        let found = self.volume.examine(&handle)?;
        if !found.metadata.is_file {
            return Err(Code::FILE_NOT_FOUND);
        }
        if !found.is(FILE_ATTRIBUTE_REPARSE_POINT) {
            return Ok(handle);
        }
        // The data of a deduplicated file is where its reparse point leads.
        drop(handle);
        self.volume.open(&self.path_of(name), &Open { access, share, disposition: OPEN_EXISTING, flags, sddl: None })
    }

    fn create(&self, name: &str) -> Answer<A::Handle> {
        let how = Open {
            // Reading lets the system keep parts of pages in its cache, which a file server's client else sends at once.
            access: GENERIC_READ | GENERIC_WRITE | DELETE,
            share: 0,
            disposition: CREATE_NEW,
            // A link that stands there is not followed to where it leads.
            flags: FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT,
            sddl: self.volume.sddl.as_deref(),
        };
        self.volume.open(&self.path_of(name), &how)
    }

    fn rename(&self, name: &str, file: NtfsFile<A>, target: &str) -> Answer<()> {
        let volume = &self.volume;
        let denied = |code| volume.why_denied(target, code);
        if volume.patiently(|| volume.rename(file.handle(), target).map_err(denied))?.is_some() {
            return Ok(());
        }
        drop(file);
        let source = self.path_of(name);
        volume.patiently(|| self.api().move_file(&source, target, MOVEFILE_WRITE_THROUGH).map_err(denied))
    }

    fn delete(&self, name: &str) -> Answer<()> {
        let handle = self.open_entry(name, |path| self.volume.open_to_delete(path))?;
        let found = self.volume.examine(&handle)?;
        if found.is(FILE_ATTRIBUTE_DIRECTORY) {
            return Err(Code::FILE_NOT_FOUND);
        }
        if found.is(FILE_ATTRIBUTE_READONLY) {
            self.make_writable(name, found.without(FILE_ATTRIBUTE_READONLY))?;
        }
        let volume = &self.volume;
        // The right to delete was granted with the handle: what is denied now is the deletion of a file that is mapped
        // (STATUS_CANNOT_DELETE).
        let mapped = |code| if code == Code::ACCESS_DENIED { Code::USER_MAPPED_FILE } else { code };
        if volume.patiently(|| volume.delete_at_once(&handle).map_err(mapped))?.is_some() {
            return Ok(());
        }
        let aside = self.put_aside(&handle);
        volume.patiently(|| self.api().set(&handle, &Setting::Disposition).map_err(mapped))?;
        drop(handle);
        match aside {
            Ok(()) => Ok(()),
            // Whoever else has it open still keeps the name from being free.
            Err(code) if !self.api().find(&self.path_of(name)).unwrap_or_default().is_empty() => {
                tracing::debug!(%code, name, "a deleted file could not be put aside");
                Err(Code::DELETE_PENDING)
            }
            Err(_) => Ok(()),
        }
    }

    /// A read-only file cannot be deleted; only Windows 10 1809 and later can be told to do it nevertheless.
    fn make_writable(&self, name: &str, attributes: u32) -> Answer<()> {
        let handle = self.volume.open_existing(&self.path_of(name), FILE_WRITE_ATTRIBUTES, SHARE_ALL, 0)?;
        self.api().set(&handle, &Setting::Attributes(attributes))
    }

    /// Moves a file that is to be deleted out of the way of its name.
    fn put_aside(&self, file: &A::Handle) -> Answer<()> {
        let trash = self.trash();
        let to = join(&trash, &Uuid::new_v4().to_string());
        let rename = || self.volume.patiently(|| self.volume.rename(file, &to));
        let renamed = match rename() {
            Err(Code::PATH_NOT_FOUND | Code::FILE_NOT_FOUND) => {
                match self.api().create_directory(&trash) {
                    Ok(()) | Err(Code::ALREADY_EXISTS) => {}
                    Err(code) => return Err(code),
                }
                rename()
            }
            renamed => renamed,
        };
        renamed?.ok_or(Code::NOT_SUPPORTED)
    }

    fn trash(&self) -> String {
        join(&self.volume.root.extended(), TRASH)
    }

    fn flush(&self) -> Answer<()> {
        let flags = FILE_FLAG_BACKUP_SEMANTICS;
        let how = Open { access: GENERIC_WRITE, share: SHARE_ALL, disposition: OPEN_EXISTING, flags, sddl: None };
        let directory = self.volume.open(&self.path, &how)?;
        self.volume.features.directory_flush.attempt(|| self.api().flush(&directory)).map(|_| ())
    }

    fn look(&self) -> Answer<Space> {
        let space = self.api().disk_space(&self.path)?;
        let volume = self.api().volume_information(&self.volume.open_to_look(&self.path)?)?;
        Ok(Space {
            used: space.total.saturating_sub(space.free),
            available: space.available_to_caller,
            read_only: volume.flags & FILE_READ_ONLY_VOLUME != 0,
        })
    }

    fn lies_on_a_mount(&self) -> Answer<bool> {
        let api = self.api();
        if self.volume.root.share().is_some() {
            return Ok(true);
        }
        let here = api.volume_path(&self.path)?;
        let system = api.volume_path(&api.windows_directory()?)?;
        let plain = |path: &str| path.trim_start_matches(r"\\?\").to_ascii_uppercase();
        Ok(api.drive_type(&here) == DRIVE_REMOTE || plain(&here) != plain(&system))
    }
}

impl<A: Api> Dir for NtfsDir<A> {
    type File = NtfsFile<A>;

    fn open_dir(&self, name: &str) -> Result<Self> {
        let handle = self.open_entry(name, |path| self.volume.open_to_look(path))?;
        let found = self.volume.examine(&handle)?;
        if !found.is(FILE_ATTRIBUTE_DIRECTORY) || found.is(FILE_ATTRIBUTE_REPARSE_POINT) {
            return Err(Code::DIRECTORY.into());
        }
        Ok(Self { volume: Arc::clone(&self.volume), path: self.path_of(name) })
    }

    /// What the root hands down is left to it: files are staged here, and keep their access control when they are published.
    fn make_dir(&self, name: &str) -> Result<()> {
        Ok(self.api().create_directory(&self.path_of(name))?)
    }

    fn open_file(&self, name: &str) -> Result<NtfsFile<A>> {
        let share = FILE_SHARE_READ | FILE_SHARE_DELETE;
        Ok(self.file(self.open_data(name, GENERIC_READ, share, FILE_FLAG_SEQUENTIAL_SCAN)?))
    }

    fn create_file(&self, name: &str) -> Result<NtfsFile<A>> {
        Ok(self.file(self.create(name)?))
    }

    fn reopen_file(&self, name: &str) -> Result<NtfsFile<A>> {
        Ok(self.file(self.open_data(name, GENERIC_READ | GENERIC_WRITE | DELETE, 0, 0)?))
    }

    fn metadata(&self, name: &str) -> Result<Metadata> {
        let handle = self.open_entry(name, |path| self.volume.open_to_look(path))?;
        Ok(self.volume.examine(&handle)?.metadata)
    }

    fn remove(&self, name: &str) -> Result<()> {
        Ok(self.delete(name)?)
    }

    fn publish(&self, name: &str, file: NtfsFile<A>, to: &Self, new_name: &str) -> Result<()> {
        Ok(self.rename(name, file, &to.path_of(new_name))?)
    }

    fn sync(&self) -> Result<()> {
        Ok(self.flush()?)
    }

    fn names(&self) -> Result<Vec<String>> {
        match self.api().find(&self.path_of("*")) {
            Ok(mut names) => {
                names.retain(|name| !matches!(name.as_str(), "." | ".."));
                Ok(names)
            }
            // The top of a volume has no entry for itself.
            Err(Code::FILE_NOT_FOUND) => Ok(Vec::new()),
            Err(code) => Err(code.into()),
        }
    }

    fn space(&self) -> Result<Space> {
        Ok(self.look()?)
    }

    fn volume(&self) -> Result<u128> {
        Ok(self.volume.identity)
    }

    fn is_mounted(&self) -> Result<bool> {
        Ok(self.lies_on_a_mount()?)
    }

    fn is_remote(&self) -> bool {
        self.volume.is_remote
    }

    fn sweep(&self) -> Result<()> {
        let trash = self.trash();
        let names = match self.api().find(&join(&trash, "*")) {
            Err(Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND) => return Ok(()),
            names => names?,
        };
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let path = join(&trash, name);
            // What another reader still holds goes another time.
            match self.volume.open_to_delete(&path).and_then(|file| self.api().set(&file, &Setting::Disposition)) {
                Ok(()) => {}
                Err(code) if code.class().is_transient() => return Err(code.into()),
                Err(code) => tracing::debug!(%code, path, "not deleted yet"),
            }
        }
        Ok(())
    }

    fn probe(&self) -> Result<()> {
        Ok(probe::run(&self.volume, &self.path)?)
    }
}
