//! What is known of the volume under a root, and the calls that depend on it.

use super::{
    Answer, Api, Code, Open, Setting,
    api::constants::{
        DELETE, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_REPARSE_POINT,
        FILE_DISPOSITION_FLAG_DELETE, FILE_DISPOSITION_FLAG_POSIX_SEMANTICS, FILE_FLAG_BACKUP_SEMANTICS,
        FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FILE_RENAME_FLAG_POSIX_SEMANTICS, FILE_SHARE_DELETE,
        FILE_SHARE_READ, FILE_SHARE_WRITE, OPEN_EXISTING, REPARSE_TAG_NAME_SURROGATE,
    },
    path::Root,
};
use crate::Metadata;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// How long a file that somebody else holds is waited for, before the store is told: a virus scanner that looks at a new
/// file is done after some of these.
const PATIENCE: [Duration; 7] = [
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
    Duration::from_millis(80),
    Duration::from_millis(160),
    Duration::from_millis(320),
    Duration::from_millis(640),
];

pub(super) const SHARE_ALL: u32 = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/// The volume under a root.
#[derive(Debug)]
pub(super) struct Volume<A> {
    pub(super) api: Arc<A>,
    pub(super) root: Root,
    /// Access control of new files.
    pub(super) sddl: Option<String>,
    pub(super) file_system: String,
    pub(super) is_remote: bool,
    /// Tells volumes apart; see [`crate::Dir::volume`].
    pub(super) identity: u128,
    pub(super) features: Features,
}

/// What a volume may be able to do. Everything is believed until a call is refused as unknown.
#[derive(Debug, Default)]
pub(super) struct Features {
    /// `FileRenameInfoEx`, Windows 10 1607 and NTFS, or ReFS of Server 2022
    pub(super) posix_rename: Feature,
    /// `FileRenameInfo`
    pub(super) rename: Feature,
    /// `FileDispositionInfoEx`, which frees a name at once
    pub(super) posix_delete: Feature,
    /// `FileAllocationInfo`
    pub(super) allocation: Feature,
    /// `FSCTL_SET_SPARSE`
    pub(super) sparse: Feature,
    /// `FSCTL_QUERY_ALLOCATED_RANGES`
    pub(super) ranges: Feature,
    /// `FSCTL_DUPLICATE_EXTENTS_TO_FILE`
    pub(super) clone: Feature,
    /// `FileIdInfo`
    pub(super) ids: Feature,
    /// `FlushFileBuffers` on a directory
    pub(super) directory_flush: Feature,
}

/// Something that a volume can do, or not.
#[derive(Debug, Default)]
pub(super) struct Feature {
    is_lacking: AtomicBool,
}

impl Feature {
    pub(super) fn is_there(&self) -> bool {
        !self.is_lacking.load(Ordering::Relaxed)
    }

    pub(super) fn give_up(&self) {
        self.is_lacking.store(true, Ordering::Relaxed);
    }

    /// Does it if it can be done; `None` if it cannot, which is remembered.
    pub(super) fn attempt<T>(&self, what: impl FnOnce() -> Answer<T>) -> Answer<Option<T>> {
        if !self.is_there() {
            return Ok(None);
        }
        match what() {
            Err(code) if code.is_lacking() => {
                self.give_up();
                Ok(None)
            }
            answer => answer.map(Some),
        }
    }
}

impl<A: Api> Volume<A> {
    /// Tries again for a while what somebody else's open file forbids.
    pub(super) fn patiently<T>(&self, mut what: impl FnMut() -> Answer<T>) -> Answer<T> {
        for pause in PATIENCE {
            match what() {
                Err(code) if code.class() == crate::Class::Held => self.api.sleep(pause),
                answer => return answer,
            }
        }
        what()
    }

    /// Opens whatever a path leads to, itself and not what it links to, for what needs no right and disturbs nobody.
    pub(super) fn open_to_look(&self, path: &str) -> Answer<A::Handle> {
        self.open_existing(path, FILE_READ_ATTRIBUTES, SHARE_ALL, 0)
    }

    pub(super) fn open_existing(&self, path: &str, access: u32, share: u32, flags: u32) -> Answer<A::Handle> {
        let flags = flags | FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
        self.open(path, &Open { access, share, disposition: OPEN_EXISTING, flags, sddl: None })
    }

    pub(super) fn open(&self, path: &str, how: &Open<'_>) -> Answer<A::Handle> {
        self.patiently(|| self.api.open(path, how).map_err(|code| self.why_denied(path, code)))
    }

    /// Windows denies access to a file whose deletion waits for its last handle. It denies that file even to those who
    /// only look, which else takes no more than the right to list the directory.
    pub(super) fn why_denied(&self, path: &str, code: Code) -> Code {
        if code != Code::ACCESS_DENIED {
            return code;
        }
        let look = Open {
            access: FILE_READ_ATTRIBUTES,
            share: SHARE_ALL,
            disposition: OPEN_EXISTING,
            flags: FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS,
            sddl: None,
        };
        let is_listed = || self.api.find(path).is_ok_and(|names| !names.is_empty());
        match self.api.open(path, &look) {
            Err(Code::ACCESS_DENIED) if is_listed() => Code::DELETE_PENDING,
            _ => code,
        }
    }

    pub(super) fn examine(&self, file: &A::Handle) -> Answer<Found> {
        let found = self.api.information(file)?;
        let id = self.features.ids.attempt(|| self.api.id(file))?;
        let mut is_file = found.attributes & FILE_ATTRIBUTE_DIRECTORY == 0;
        // Deduplication and compression leave reparse points too, and what they leave is a file; a link is none.
        if found.attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
            is_file &= self.api.reparse_tag(file)? & REPARSE_TAG_NAME_SURROGATE == 0;
        }
        let id = id.map_or(u128::from(found.index), |id| id.file);
        let metadata = Metadata { is_file, size: found.size, modified: found.modified, id };
        Ok(Found { metadata, attributes: found.attributes })
    }

    /// Renames an open file without replacing another. `None` if that cannot be done with an open file.
    pub(super) fn rename(&self, file: &A::Handle, to: &str) -> Answer<Option<()>> {
        let features = &self.features;
        let flags = FILE_RENAME_FLAG_POSIX_SEMANTICS;
        match features.posix_rename.attempt(|| self.api.set(file, &Setting::RenameEx { to, flags }))? {
            Some(()) => Ok(Some(())),
            None => features.rename.attempt(|| self.api.set(file, &Setting::Rename { to })),
        }
    }

    /// Deletes an open file so that its name is free at once. `None` if that cannot be done.
    pub(super) fn delete_at_once(&self, file: &A::Handle) -> Answer<Option<()>> {
        let flags = FILE_DISPOSITION_FLAG_DELETE | FILE_DISPOSITION_FLAG_POSIX_SEMANTICS;
        self.features.posix_delete.attempt(|| self.api.set(file, &Setting::DispositionEx { flags }))
    }

    pub(super) fn open_to_delete(&self, path: &str) -> Answer<A::Handle> {
        self.open_existing(path, DELETE | FILE_READ_ATTRIBUTES, SHARE_ALL, 0)
    }
}

/// What is known of an open file or directory.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) metadata: Metadata,
    attributes: u32,
}

impl Found {
    pub(super) fn is(&self, attribute: u32) -> bool {
        self.attributes & attribute != 0
    }

    /// The attributes without one.
    pub(super) fn without(&self, attribute: u32) -> u32 {
        match self.attributes & !attribute {
            0 => FILE_ATTRIBUTE_NORMAL,
            rest => rest,
        }
    }
}

/// A path below a directory.
pub(super) fn join(directory: &str, name: &str) -> String {
    format!(r"{}\{name}", directory.trim_end_matches('\\'))
}
