//! The volumes of a fake machine, as different systems have them.

use crate::win32::{Answer, Code, RemoteProtocol, constants::*};

/// A volume or a share.
#[derive(Debug, Clone)]
pub struct FakeVolume {
    /// Where it is, in the extended form.
    pub mount: String,
    pub serial: u64,
    pub file_system: &'static str,
    pub flags: u32,
    pub free: u64,
    pub can: Abilities,
    pub protocol: Option<RemoteProtocol>,
    /// What further control codes answer, whatever their input.
    pub controls: Vec<(u32, Answer<Vec<u8>>)>,
    /// What every call answers while the share is cut off.
    pub cut: Option<Code>,
    /// The account and the password that the server wants.
    pub account: Option<(&'static str, &'static str)>,
}

/// What a system, a file system and a server have of Windows.
#[derive(Debug, Clone, Copy)]
pub struct Abilities {
    pub posix_rename: bool,
    pub rename: bool,
    pub posix_delete: bool,
    /// `FileDispositionInfoEx` answers success and frees no name.
    pub posix_delete_is_a_lie: bool,
    pub allocation: Result<(), Code>,
    pub ranges: bool,
    pub ids: bool,
    /// A name with a pending delete can be opened, and is taken.
    pub opens_what_is_going: bool,
}

const ALL: Abilities = Abilities {
    posix_rename: true,
    rename: true,
    posix_delete: true,
    posix_delete_is_a_lie: false,
    allocation: Ok(()),
    ranges: true,
    ids: true,
    opens_what_is_going: false,
};

impl FakeVolume {
    /// NTFS of Windows 10 1809 or later, or of Server 2019 or later.
    pub fn ntfs(mount: &str, serial: u64) -> Self {
        Self {
            mount: mount.to_owned(),
            serial,
            file_system: "NTFS",
            flags: FILE_SUPPORTS_SPARSE_FILES,
            free: 1 << 40,
            can: ALL,
            protocol: None,
            controls: Vec::new(),
            cut: None,
            account: None,
        }
    }

    /// ReFS of Server 2016 to 2019, which has no POSIX semantics, and block clone.
    pub fn refs(mount: &str, serial: u64) -> Self {
        let can = Abilities { posix_rename: false, posix_delete: false, ..ALL };
        let flags = FILE_SUPPORTS_SPARSE_FILES | FILE_SUPPORTS_BLOCK_REFCOUNTING;
        Self { file_system: "ReFS", flags, can, ..Self::ntfs(mount, serial) }
    }

    /// A scale-out file server's share: continuously available and encrypted, without POSIX semantics.
    pub fn share(mount: &str, serial: u64) -> Self {
        let can = Abilities { posix_rename: false, posix_delete: false, ..ALL };
        let protocol = RemoteProtocol {
            version: 4,
            protocol: 0x2_0000,
            major: 3,
            minor: 1,
            revision: 1,
            flags: 0x0C,
            server_capabilities: 0x1F,
            share_capabilities: 0x70,
            share_flags: 1,
        };
        Self { can, protocol: Some(protocol), ..Self::ntfs(mount, serial) }
    }

    /// What Wine 8 was seen to do.
    pub fn wine(mount: &str, serial: u64) -> Self {
        let can = Abilities {
            posix_rename: false,
            posix_delete: false,
            allocation: Err(Code::CALL_NOT_IMPLEMENTED),
            ranges: false,
            opens_what_is_going: true,
            ..ALL
        };
        Self { can, ..Self::ntfs(mount, serial) }
    }

    /// Less than anything that Casement supports, so that the last way of each chain is gone.
    pub fn poor(mount: &str, serial: u64) -> Self {
        let can = Abilities {
            posix_rename: false,
            rename: false,
            posix_delete: false,
            posix_delete_is_a_lie: false,
            allocation: Err(Code::NOT_SUPPORTED),
            ranges: false,
            ids: false,
            opens_what_is_going: false,
        };
        Self { can, flags: 0, ..Self::ntfs(mount, serial) }
    }

    pub fn fat32(mount: &str, serial: u64) -> Self {
        Self { file_system: "FAT32", ..Self::poor(mount, serial) }
    }
}
