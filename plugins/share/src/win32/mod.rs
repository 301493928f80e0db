//! Windows' file systems: everything but the calls themselves, which stand behind [`Api`]. So it is built and tested on
//! every system, on a fake that answers as Windows does, or as something less.

mod api;
mod cluster;
mod code;
mod copy;
mod directory;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod file;
mod location;
mod names;
mod path;
mod probe;
mod smb;
#[cfg(test)]
mod tests;
mod volume;

pub use api::{Answer, Api, DiskSpace, Id, Information, Open, RemoteProtocol, Setting, VolumeInformation, constants};
pub use cluster::Cluster;
pub use code::Code;
pub use directory::NtfsDir;
pub use file::NtfsFile;

use crate::{Class, Credentials, Error, FileSystem, Options, Place, Result, options::bad};
use constants::{
    DRIVE_REMOTE, FILE_ATTRIBUTE_DIRECTORY, FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES,
    FILE_SUPPORTS_BLOCK_REFCOUNTING, OPEN_EXISTING,
};
use path::Root;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use volume::{Features, SHARE_ALL, Volume};

/// NTFS, ReFS and what file servers offer, as Windows shows them.
#[derive(Debug)]
pub struct Ntfs<A> {
    api: Arc<A>,
    sddl: Option<String>,
    credentials: Option<Credentials>,
    /// What is known of each root that was opened.
    volumes: Mutex<HashMap<String, Arc<Volume<A>>>>,
}

impl<A: Api> Ntfs<A> {
    pub fn on(api: A, options: &Options) -> Self {
        let (sddl, credentials) = (options.sddl.clone(), options.credentials.clone());
        Self { api: Arc::new(api), sddl, credentials, volumes: Mutex::default() }
    }

    pub fn api(&self) -> &A {
        &self.api
    }

    fn volumes(&self) -> MutexGuard<'_, HashMap<String, Arc<Volume<A>>>> {
        self.volumes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self, root: &Root) -> Result<()> {
        match (root.share(), &self.credentials) {
            (Some(share), Some(credentials)) => smb::connect(&*self.api, &share, credentials),
            _ => Ok(()),
        }
    }

    /// What is known of the volume, once asked; another one that appears under the same root is asked anew.
    fn volume(&self, root: &Root, handle: &A::Handle) -> Result<Arc<Volume<A>>> {
        let shown = root.to_string();
        let identity = self.identity(root, handle)?;
        if let Some(known) = self.volumes().get(&shown).filter(|known| known.identity == identity) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(self.examine(root, handle, identity)?);
        self.volumes().insert(shown, Arc::clone(&found));
        Ok(found)
    }

    /// A serial number tells the volumes of one server apart, so the share belongs to it.
    fn identity(&self, root: &Root, handle: &A::Handle) -> Answer<u128> {
        let serial = match self.api.id(handle) {
            Ok(id) => id.volume_serial,
            Err(code) if code.is_lacking() => self.api.information(handle)?.volume_serial.into(),
            Err(code) => return Err(code),
        };
        let share = root.share().map(|share| crc32fast::hash(share.to_lowercase().as_bytes()));
        Ok(u128::from(share.unwrap_or_default()) << 64 | u128::from(serial))
    }

    fn examine(&self, root: &Root, handle: &A::Handle, identity: u128) -> Result<Volume<A>> {
        let api = Arc::clone(&self.api);
        let VolumeInformation { file_system, flags } = api.volume_information(handle)?;
        if ["FAT", "FAT32", "FAT16", "FAT12"].contains(&file_system.as_str()) {
            return bad(format!(
                "the root `{root}` is on a {file_system} volume, which holds no file of 4 GiB and loses names in a power \
                 cut: use a volume with NTFS or ReFS"
            ));
        }
        let connection = smb::Connection::of(&*api, handle)?;
        if let Some(connection) = connection {
            connection.report(root);
        }
        let is_network_drive = || {
            let volume_path = api.volume_path(&root.extended());
            volume_path.is_ok_and(|path| api.drive_type(&path) == DRIVE_REMOTE)
        };
        // What was written to a cluster shared volume may be with its owner node alone, and die with it.
        let is_clustered = file_system.starts_with("CSVFS");
        let is_remote = root.share().is_some() || connection.is_some() || is_clustered || is_network_drive();
        let features = Features::default();
        if flags & FILE_SUPPORTS_BLOCK_REFCOUNTING == 0 {
            features.clone.give_up();
        }
        let (root, sddl) = (root.clone(), self.sddl.clone());
        Ok(Volume { api, root, sddl, file_system, is_remote, identity, features })
    }
}

impl<A: Api> FileSystem for Ntfs<A> {
    type Dir = NtfsDir<A>;

    fn check(&self, options: &Options) -> Result<()> {
        if options.file_mode.is_some() {
            return bad("file_mode means nothing on Windows: leave it out, or write `sddl`".into());
        }
        if let Some(sddl) = &options.sddl
            && let Err(code) = self.api.check_sddl(sddl)
        {
            let message = format!(
                "sddl = '{sddl}' is no security descriptor: {code}. An example: 'D:PAI(A;;FA;;;SY)(A;;FA;;;BA)'"
            );
            return bad(message);
        }
        let on_server = |root: &str| Root::parse(root).is_ok_and(|root| root.share().is_some());
        if options.credentials.is_some()
            && let Some(root) = options.roots.iter().find(|root| !on_server(&root.path))
        {
            let message = format!("the root `{}` is on no file server: leave out username and password", root.path);
            return bad(message);
        }
        Ok(())
    }

    fn settle(&self, root: &str) -> Result<String> {
        Ok(Root::parse(root)?.to_string())
    }

    fn objection(&self, name: &str) -> Option<&'static str> {
        names::objection(name)
    }

    fn place(&self, root: &str) -> Place {
        match Root::parse(root) {
            Ok(root) => root.place(),
            // Not settled, so that nothing lies there.
            Err(_) => Place { host: String::new(), names: vec![root.as_bytes().to_vec()] },
        }
    }

    fn readings(&self, rest: &str) -> Vec<Place> {
        location::readings(rest)
    }

    fn same_name(&self, one: &[u8], other: &[u8]) -> bool {
        names::are_one(one, other)
    }

    fn open(&self, root: &str) -> Result<NtfsDir<A>> {
        let root = Root::parse(root)?;
        let path = root.extended();
        // A root may be a link, or a mount point as those of cluster shared volumes are.
        let how = Open {
            access: FILE_READ_ATTRIBUTES,
            share: SHARE_ALL,
            disposition: OPEN_EXISTING,
            flags: FILE_FLAG_BACKUP_SEMANTICS,
            sddl: None,
        };
        let is_known = self.volumes().contains_key(&root.to_string());
        if !is_known {
            self.connect(&root)?;
        }
        let handle = match self.api.open(&path, &how) {
            // A connection does not outlive everything that happens to a server.
            Err(code) if is_known && self.credentials.is_some() && may_lack_connection(code) => {
                self.connect(&root)?;
                self.api.open(&path, &how)?
            }
            handle => handle?,
        };
        if self.api.information(&handle)?.attributes & FILE_ATTRIBUTE_DIRECTORY == 0 {
            return Err(Error::new(Class::NotADirectory, format!("`{root}` is a file and not a directory")));
        }
        Ok(NtfsDir::new(self.volume(&root, &handle)?, path))
    }
}

/// What opening a share says to an account that the server does not know.
fn may_lack_connection(code: Code) -> bool {
    matches!(code.class(), Class::Denied | Class::Lost)
}
