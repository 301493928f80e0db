//! The calls to Win32 that a file system is made of: one method for each, typed and safe, without judgement.
//!
//! Paths are in the extended form (`\\?\C:\…`, `\\?\UNC\server\share\…`), and names are Unicode.

use super::Code;
use std::{
    fmt::Debug,
    time::{Duration, SystemTime},
};

/// What a call answers: its result, or what `GetLastError` said.
pub type Answer<T> = Result<T, Code>;

pub trait Api: Debug + Send + Sync + 'static {
    /// An open file or directory; dropping it closes it. Calls on one handle do not wait for each other.
    type Handle: Debug + Send + Sync + 'static;

    /// `CreateFileW`.
    fn open(&self, path: &str, how: &Open<'_>) -> Answer<Self::Handle>;

    /// `ReadFile` at an offset.
    fn read(&self, file: &Self::Handle, offset: u64, length: u32) -> Answer<Vec<u8>>;

    /// `WriteFile` at an offset: how much it took.
    fn write(&self, file: &Self::Handle, offset: u64, data: &[u8]) -> Answer<usize>;

    /// `FlushFileBuffers`.
    fn flush(&self, file: &Self::Handle) -> Answer<()>;

    /// `SetFileInformationByHandle`.
    fn set(&self, file: &Self::Handle, setting: &Setting<'_>) -> Answer<()>;

    /// `GetFileInformationByHandle`.
    fn information(&self, file: &Self::Handle) -> Answer<Information>;

    /// `GetFileInformationByHandleEx`, `FileIdInfo`.
    fn id(&self, file: &Self::Handle) -> Answer<Id>;

    /// `GetFileInformationByHandleEx`, `FileAttributeTagInfo`: the tag of a reparse point.
    fn reparse_tag(&self, file: &Self::Handle) -> Answer<u32>;

    /// `GetFileInformationByHandleEx`, `FileRemoteProtocolInfo`; answers INVALID_PARAMETER for a local file.
    fn remote_protocol(&self, file: &Self::Handle) -> Answer<RemoteProtocol>;

    /// `DeviceIoControl`: how much of `output` it filled, which may be less than there is to know.
    fn control(&self, file: &Self::Handle, code: u32, input: &[u8], output: &mut [u8]) -> Answer<usize>;

    /// `DeviceIoControl`, `FSCTL_DUPLICATE_EXTENTS_TO_FILE`: the input names a handle, so that it has a method of its own.
    fn duplicate_extents(&self, source: &Self::Handle, target: &Self::Handle, offset: u64, length: u64) -> Answer<()>;

    /// `MoveFileExW`.
    fn move_file(&self, from: &str, to: &str, flags: u32) -> Answer<()>;

    /// `CreateDirectoryW`, with the access control that the directory around it hands down.
    fn create_directory(&self, path: &str) -> Answer<()>;

    /// `FindFirstFileExW` and `FindNextFileW`: names as they are stored, without those that are not Unicode.
    fn find(&self, pattern: &str) -> Answer<Vec<String>>;

    /// `GetDiskFreeSpaceExW`.
    fn disk_space(&self, directory: &str) -> Answer<DiskSpace>;

    /// `GetDiskFreeSpaceW`: bytes in a cluster.
    fn cluster_size(&self, directory: &str) -> Answer<u64>;

    /// `GetVolumeInformationByHandleW`.
    fn volume_information(&self, file: &Self::Handle) -> Answer<VolumeInformation>;

    /// `GetVolumePathNameW`: the mount point that a path lies below.
    fn volume_path(&self, path: &str) -> Answer<String>;

    /// `GetDriveTypeW`.
    fn drive_type(&self, volume_path: &str) -> u32;

    /// `GetSystemWindowsDirectoryW`.
    fn windows_directory(&self) -> Answer<String>;

    /// `ConvertStringSecurityDescriptorToSecurityDescriptorW`: whether a text is access control at all.
    fn check_sddl(&self, sddl: &str) -> Answer<()>;

    /// `WNetAddConnection2W` without a drive letter. `share` is `\\server\share`.
    fn connect(&self, share: &str, username: &str, password: &str) -> Answer<()>;

    /// `WNetCancelConnection2W`, not forced.
    fn disconnect(&self, share: &str) -> Answer<()>;

    /// `Sleep`.
    fn sleep(&self, duration: Duration);
}

/// The arguments of `CreateFileW`.
#[derive(Debug, Clone, Copy)]
pub struct Open<'a> {
    pub access: u32,
    pub share: u32,
    pub disposition: u32,
    pub flags: u32,
    /// Access control for a new file; without it, the file gets what its directory hands down.
    pub sddl: Option<&'a str>,
}

/// A class of `SetFileInformationByHandle` with its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting<'a> {
    /// `FileRenameInfoEx`
    RenameEx { to: &'a str, flags: u32 },
    /// `FileRenameInfo` that does not replace
    Rename { to: &'a str },
    /// `FileDispositionInfoEx`
    DispositionEx { flags: u32 },
    /// `FileDispositionInfo` that deletes
    Disposition,
    /// `FileEndOfFileInfo`
    EndOfFile(u64),
    /// `FileAllocationInfo`
    Allocation(u64),
    /// `FileBasicInfo`, attributes alone
    Attributes(u32),
}

/// `BY_HANDLE_FILE_INFORMATION`, the part that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Information {
    pub attributes: u32,
    pub modified: Option<SystemTime>,
    pub volume_serial: u32,
    pub size: u64,
    pub index: u64,
}

/// `FILE_ID_INFO`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Id {
    pub volume_serial: u64,
    pub file: u128,
}

/// `FILE_REMOTE_PROTOCOL_INFO`, the part that matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteProtocol {
    /// Of the structure: 2 for Windows 8, 3 for 8.1, 4 for 10 and later.
    pub version: u16,
    /// `WNNC_NET_…`
    pub protocol: u32,
    pub major: u16,
    pub minor: u16,
    pub revision: u16,
    /// `REMOTE_PROTOCOL_INFO_FLAG_…`
    pub flags: u32,
    /// `RPI_SMB2_SERVERCAP_…`
    pub server_capabilities: u32,
    /// `RPI_SMB2_SHARECAP_…`
    pub share_capabilities: u32,
    /// `RPI_SMB2_SHAREFLAG_…`; before version 4 something else.
    pub share_flags: u32,
}

/// What `GetDiskFreeSpaceExW` tells, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    pub available_to_caller: u64,
    pub total: u64,
    pub free: u64,
}

/// What `GetVolumeInformationByHandleW` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeInformation {
    /// `NTFS`, `ReFS`, `CSVFS`, …
    pub file_system: String,
    pub flags: u32,
}

/// Constants by the names that Win32 has for them.
pub mod constants {
    pub const GENERIC_READ: u32 = 0x8000_0000;
    pub const GENERIC_WRITE: u32 = 0x4000_0000;
    pub const DELETE: u32 = 0x0001_0000;
    pub const FILE_READ_ATTRIBUTES: u32 = 0x0080;
    pub const FILE_WRITE_ATTRIBUTES: u32 = 0x0100;

    pub const FILE_SHARE_READ: u32 = 1;
    pub const FILE_SHARE_WRITE: u32 = 2;
    pub const FILE_SHARE_DELETE: u32 = 4;

    pub const CREATE_NEW: u32 = 1;
    pub const OPEN_EXISTING: u32 = 3;

    pub const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    pub const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
    pub const FILE_FLAG_SEQUENTIAL_SCAN: u32 = 0x0800_0000;
    pub const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;

    pub const FILE_ATTRIBUTE_READONLY: u32 = 0x0001;
    pub const FILE_ATTRIBUTE_DIRECTORY: u32 = 0x0010;
    pub const FILE_ATTRIBUTE_NORMAL: u32 = 0x0080;
    pub const FILE_ATTRIBUTE_SPARSE_FILE: u32 = 0x0200;
    pub const FILE_ATTRIBUTE_REPARSE_POINT: u32 = 0x0400;

    /// The bit of a reparse tag that says that the file stands for another name: links and mount points, but not what
    /// deduplication or compression leave.
    pub const REPARSE_TAG_NAME_SURROGATE: u32 = 0x2000_0000;

    pub const FILE_RENAME_FLAG_POSIX_SEMANTICS: u32 = 2;
    pub const FILE_DISPOSITION_FLAG_DELETE: u32 = 0x01;
    pub const FILE_DISPOSITION_FLAG_POSIX_SEMANTICS: u32 = 0x02;
    pub const FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE: u32 = 0x10;

    pub const MOVEFILE_WRITE_THROUGH: u32 = 8;

    pub const FSCTL_SET_SPARSE: u32 = 0x0009_00C4;
    pub const FSCTL_QUERY_ALLOCATED_RANGES: u32 = 0x0009_40CF;

    pub const FILE_READ_ONLY_VOLUME: u32 = 0x0008_0000;
    pub const FILE_SUPPORTS_SPARSE_FILES: u32 = 0x0000_0040;
    pub const FILE_SUPPORTS_BLOCK_REFCOUNTING: u32 = 0x0800_0000;

    pub const DRIVE_REMOTE: u32 = 4;
}
