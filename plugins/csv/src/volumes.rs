//! The cluster shared volumes of this machine: where they are, and whether a folder really is one.

use crate::control;
use casement_share::{
    Class, Error, Result,
    win32::{Answer, Api, Code, Open, constants::*},
};

const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// The folder of the system disk in which Windows shows the cluster shared volumes.
#[derive(Debug)]
pub struct Volumes<A> {
    api: A,
    /// `C:\ClusterStorage`, whatever letter the system disk has.
    folder: String,
}

/// What stands under a name in that folder.
#[derive(Debug)]
pub(crate) enum Found {
    Volume,
    /// A volume that cannot be looked at now.
    Away(Error),
    /// Something else, which is never written to.
    Other(Error),
}

impl<A: Api> Volumes<A> {
    /// "Use Cluster Shared Volumes in a failover cluster": they are below `%SystemDrive%\ClusterStorage`.
    pub fn new(api: A) -> Result<Self> {
        let windows = api.windows_directory()?;
        let drive = windows.trim_start_matches(r"\\?\").get(..2).unwrap_or("C:");
        let folder = format!(r"{drive}\ClusterStorage");
        Ok(Self { api, folder })
    }

    pub(crate) fn api(&self) -> &A {
        &self.api
    }

    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// `C:\ClusterStorage\Volume1`
    pub(crate) fn path(&self, volume: &str) -> String {
        format!(r"{}\{volume}", self.folder)
    }

    /// The name of the volume in a path, and what follows.
    pub(crate) fn split<'p>(&self, path: &'p str) -> Option<(&'p str, &'p str)> {
        let start = path.get(..self.folder.len())?;
        let rest = path[start.len()..].strip_prefix('\\')?;
        let is_below = start.eq_ignore_ascii_case(&self.folder) && !rest.is_empty();
        is_below.then(|| rest.split_once('\\').unwrap_or((rest, "")))
    }

    /// The names of everything that stands where volumes do.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        match self.api.find(&extended(&self.path("*"))) {
            Ok(mut names) => {
                names.retain(|name| !name.starts_with('.'));
                names.sort();
                Ok(names)
            }
            Err(Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND) => Ok(Vec::new()),
            Err(code) => Err(Error::from(code).context(&format!("looking into `{}`", self.folder))),
        }
    }

    /// Whether this is a cluster shared volume. Nothing else may be written to: a folder of the same name on the system
    /// disk, as a mistake or a removed volume leaves it, would take images until that disk is full.
    pub(crate) fn look(&self, volume: &str) -> Found {
        let path = self.path(volume);
        match self.open(&path, FILE_FLAG_OPEN_REPARSE_POINT).and_then(|file| self.api.information(&file)) {
            Ok(found) if found.attributes & FILE_ATTRIBUTE_REPARSE_POINT == 0 => {
                Found::Other(no_volume(&path, "is a folder or file of the system disk"))
            }
            Ok(_) => match self.is_on_csvfs(&path) {
                Ok(true) => Found::Volume,
                Ok(false) => Found::Other(no_volume(&path, "leads to a file system that is not CSVFS")),
                Err(code) => Found::Away(Error::from(code).context(&format!("looking at `{path}`"))),
            },
            Err(Code::FILE_NOT_FOUND | Code::PATH_NOT_FOUND) => Found::Other(no_volume(&path, "does not exist")),
            Err(code) => Found::Away(Error::from(code).context(&format!("looking at `{path}`"))),
        }
    }

    /// Refuses a folder that is not in a cluster shared volume, or not in the one that its path names.
    pub(crate) fn require(&self, root: &str) -> Result<()> {
        let Some((volume, _)) = self.split(root) else {
            let message = format!(r"`{root}` is not below `{}`: name a volume there", self.folder);
            return Err(Error::new(Class::Config, message));
        };
        match self.look(volume) {
            Found::Volume => {}
            Found::Away(error) | Found::Other(error) => return Err(error),
        }
        let serials = self.serial(root).and_then(|one| Ok((one, self.serial(&self.path(volume))?)));
        let (one, other) = serials.map_err(|code| Error::from(code).context(&format!("looking at `{root}`")))?;
        if one != other {
            let message =
                format!("`{root}` leads to another volume than `{volume}`: name the folder where it really is");
            return Err(Error::new(Class::Config, message));
        }
        Ok(())
    }

    /// Looks at what a path leads to. Where the control code is not known, the name of the file system tells: `CSVFS`, or
    /// with the name of the one below it.
    fn is_on_csvfs(&self, path: &str) -> Answer<bool> {
        self.is_csvfs(&self.open(path, 0)?)
    }

    pub(crate) fn is_csvfs(&self, file: &A::Handle) -> Answer<bool> {
        if control::is_csv_file(&self.api, file)? {
            return Ok(true);
        }
        self.api.volume_information(file).map(|volume| volume.file_system.starts_with("CSVFS"))
    }

    fn serial(&self, path: &str) -> Answer<u32> {
        let file = self.open(path, 0)?;
        self.api.information(&file).map(|found| found.volume_serial)
    }

    /// Opens to look, which takes no right and disturbs nobody.
    pub(crate) fn open(&self, path: &str, flags: u32) -> Answer<A::Handle> {
        let how = Open {
            access: FILE_READ_ATTRIBUTES,
            share: SHARE_ALL,
            disposition: OPEN_EXISTING,
            flags: flags | FILE_FLAG_BACKUP_SEMANTICS,
            sddl: None,
        };
        self.api.open(&extended(path), &how)
    }
}

fn no_volume(path: &str, what: &str) -> Error {
    let message = format!(
        "`{path}` is no cluster shared volume now: it {what}, and nothing is written there. Get-ClusterSharedVolume lists \
         the volumes and their states"
    );
    Error::new(Class::Absent, message)
}

/// The form in which Windows takes a path as it is.
pub(crate) fn extended(path: &str) -> String {
    format!(r"\\?\{path}")
}
