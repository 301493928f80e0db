//! The calls to Win32. The only code of this crate without the compiler's protection, and so without any judgement.
#![allow(unsafe_code)]

mod cluster;

pub use cluster::ClusApi;

use crate::{
    Class, Error, Options, Result,
    win32::{Answer, Api, Code, DiskSpace, Id, Information, Ntfs, Open, RemoteProtocol, Setting, VolumeInformation},
};
use std::{
    ffi::c_void,
    io,
    mem::{offset_of, size_of},
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    ptr::{null, null_mut},
    thread,
    time::{Duration, SystemTime},
};
use windows_sys::Win32::{
    Foundation::{
        ERROR_IO_PENDING, ERROR_MORE_DATA, ERROR_NO_MORE_FILES, FILETIME, GetLastError, HANDLE, INVALID_HANDLE_VALUE,
        LocalFree,
    },
    NetworkManagement::WNet::{
        CONNECT_TEMPORARY, NETRESOURCEW, RESOURCETYPE_DISK, WNetAddConnection2W, WNetCancelConnection2W,
    },
    Security::{
        Authorization::{ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1},
        PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
    },
    Storage::FileSystem as fs,
    System::{
        IO::{DeviceIoControl, GetOverlappedResult, OVERLAPPED},
        Ioctl::FSCTL_DUPLICATE_EXTENTS_TO_FILE,
        SystemInformation::GetSystemWindowsDirectoryW,
        Threading::CreateEventW,
    },
};

/// The file systems of Windows.
pub type Platform = Ntfs<Win32>;

impl Platform {
    pub fn new(options: &Options) -> Result<Self> {
        Ok(Self::on(Win32, options))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(code) => Code(code as u32).into(),
            None => Self::new(Class::Other, error.to_string()),
        }
    }
}

/// Windows itself.
#[derive(Debug, Default)]
pub struct Win32;

/// Enough for the longest path and its end.
const PATH: usize = 32_768;
/// Enough for the name of a file system.
const NAME: usize = 261;

impl Api for Win32 {
    type Handle = OwnedHandle;

    fn open(&self, path: &str, how: &Open<'_>) -> Answer<OwnedHandle> {
        let path = wide(path);
        let descriptor = how.sddl.map(Descriptor::new).transpose()?;
        let attributes = descriptor.as_ref().map(|descriptor| SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: descriptor.0,
            bInheritHandle: 0,
        });
        let attributes = attributes.as_ref().map_or(null(), |attributes| attributes as *const _);
        // Without it, calls on one handle would wait for each other.
        let flags = how.flags | fs::FILE_FLAG_OVERLAPPED;
        // SAFETY: the path ends with zero, the attributes are null or point to a structure that lives until the end of
        // this function, as does the descriptor in it; the handle that comes back is ours alone.
        unsafe {
            let handle =
                fs::CreateFileW(path.as_ptr(), how.access, how.share, attributes, how.disposition, flags, null_mut());
            if handle == INVALID_HANDLE_VALUE { Err(last_error()) } else { Ok(OwnedHandle::from_raw_handle(handle)) }
        }
    }

    fn read(&self, file: &OwnedHandle, offset: u64, length: u32) -> Answer<Vec<u8>> {
        let mut data = Vec::<u8>::with_capacity(length as usize);
        // SAFETY: the buffer has room for `length` bytes and lives until `complete` returns, when nobody writes there any
        // more; as many of its bytes as Windows says are written.
        unsafe {
            let read = complete(file, offset, |overlapped| {
                fs::ReadFile(file.as_raw_handle(), data.as_mut_ptr(), length, null_mut(), overlapped)
            })?;
            data.set_len(read.min(length as usize));
        }
        Ok(data)
    }

    fn write(&self, file: &OwnedHandle, offset: u64, data: &[u8]) -> Answer<usize> {
        let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
        // SAFETY: `data` has at least `length` bytes and lives until `complete` returns.
        unsafe {
            complete(file, offset, |overlapped| {
                fs::WriteFile(file.as_raw_handle(), data.as_ptr(), length, null_mut(), overlapped)
            })
        }
    }

    fn flush(&self, file: &OwnedHandle) -> Answer<()> {
        // SAFETY: the handle is open.
        check(unsafe { fs::FlushFileBuffers(file.as_raw_handle()) })
    }

    fn set(&self, file: &OwnedHandle, setting: &Setting<'_>) -> Answer<()> {
        match *setting {
            Setting::RenameEx { to, flags } => set_bytes(file, fs::FileRenameInfoEx, &rename(flags, to)),
            Setting::Rename { to } => set_bytes(file, fs::FileRenameInfo, &rename(0, to)),
            Setting::DispositionEx { flags } => {
                set(file, fs::FileDispositionInfoEx, &fs::FILE_DISPOSITION_INFO_EX { Flags: flags })
            }
            Setting::Disposition => set(file, fs::FileDispositionInfo, &fs::FILE_DISPOSITION_INFO { DeleteFile: true }),
            Setting::EndOfFile(length) => {
                set(file, fs::FileEndOfFileInfo, &fs::FILE_END_OF_FILE_INFO { EndOfFile: signed(length) })
            }
            Setting::Allocation(length) => {
                set(file, fs::FileAllocationInfo, &fs::FILE_ALLOCATION_INFO { AllocationSize: signed(length) })
            }
            Setting::Attributes(attributes) => {
                // Times of zero stay as they are.
                let info = fs::FILE_BASIC_INFO { FileAttributes: attributes, ..Default::default() };
                set(file, fs::FileBasicInfo, &info)
            }
        }
    }

    fn information(&self, file: &OwnedHandle) -> Answer<Information> {
        let mut found = fs::BY_HANDLE_FILE_INFORMATION::default();
        // SAFETY: the handle is open, and the structure is what the call fills.
        check(unsafe { fs::GetFileInformationByHandle(file.as_raw_handle(), &mut found) })?;
        Ok(Information {
            attributes: found.dwFileAttributes,
            modified: time(found.ftLastWriteTime),
            volume_serial: found.dwVolumeSerialNumber,
            size: joined(found.nFileSizeHigh, found.nFileSizeLow),
            index: joined(found.nFileIndexHigh, found.nFileIndexLow),
        })
    }

    fn id(&self, file: &OwnedHandle) -> Answer<Id> {
        let found: fs::FILE_ID_INFO = get(file, fs::FileIdInfo)?;
        Ok(Id { volume_serial: found.VolumeSerialNumber, file: u128::from_le_bytes(found.FileId.Identifier) })
    }

    fn reparse_tag(&self, file: &OwnedHandle) -> Answer<u32> {
        let found: fs::FILE_ATTRIBUTE_TAG_INFO = get(file, fs::FileAttributeTagInfo)?;
        Ok(found.ReparseTag)
    }

    fn remote_protocol(&self, file: &OwnedHandle) -> Answer<RemoteProtocol> {
        let found: fs::FILE_REMOTE_PROTOCOL_INFO = get(file, fs::FileRemoteProtocolInfo)?;
        // SAFETY: both members of the union are plain numbers, and all of it was written.
        let smb = unsafe { found.ProtocolSpecific.Smb2 };
        Ok(RemoteProtocol {
            version: found.StructureVersion,
            protocol: found.Protocol,
            major: found.ProtocolMajorVersion,
            minor: found.ProtocolMinorVersion,
            revision: found.ProtocolRevision,
            flags: found.Flags,
            server_capabilities: smb.Server.Capabilities,
            share_capabilities: smb.Share.Capabilities,
            share_flags: smb.Share.ShareFlags,
        })
    }

    fn control(&self, file: &OwnedHandle, code: u32, input: &[u8], output: &mut [u8]) -> Answer<usize> {
        // Some codes hand the buffers to the file system as they are, which wants them aligned.
        let (asked, mut told) = (words(input), words(output));
        let (input_length, output_length) = (input.len() as u32, output.len() as u32);
        // SAFETY: both buffers have at least the lengths that go with them, and live until `complete` returns.
        let moved = unsafe {
            let (file_handle, input, output) = (file.as_raw_handle(), asked.as_ptr().cast(), told.as_mut_ptr().cast());
            complete(file, 0, |overlapped| {
                let none = null_mut();
                DeviceIoControl(file_handle, code, input, input_length, output, output_length, none, overlapped)
            })?
        };
        for (place, byte) in output.iter_mut().zip(told.iter().flat_map(|word| word.to_ne_bytes())) {
            *place = byte;
        }
        Ok(moved.min(output.len()))
    }

    fn duplicate_extents(&self, source: &OwnedHandle, target: &OwnedHandle, offset: u64, length: u64) -> Answer<()> {
        // A `DUPLICATE_EXTENTS_DATA` of 64-bit Windows.
        let range = [source.as_raw_handle() as u64, offset, offset, length].map(u64::to_ne_bytes);
        self.control(target, FSCTL_DUPLICATE_EXTENTS_TO_FILE, range.as_flattened(), &mut []).map(drop)
    }

    fn move_file(&self, from: &str, to: &str, flags: u32) -> Answer<()> {
        let (from, to) = (wide(from), wide(to));
        // SAFETY: both paths end with zero.
        check(unsafe { fs::MoveFileExW(from.as_ptr(), to.as_ptr(), flags) })
    }

    fn create_directory(&self, path: &str) -> Answer<()> {
        let path = wide(path);
        // SAFETY: the path ends with zero, and no attributes are given.
        check(unsafe { fs::CreateDirectoryW(path.as_ptr(), null()) })
    }

    fn find(&self, pattern: &str) -> Answer<Vec<String>> {
        let pattern = wide(pattern);
        let mut found = fs::WIN32_FIND_DATAW::default();
        let mut names = Vec::new();
        // SAFETY: the pattern ends with zero, and the structure is what the level that is asked for fills.
        let search = unsafe {
            let found = (&raw mut found).cast();
            let (level, kind, more) = (fs::FindExInfoBasic, fs::FindExSearchNameMatch, fs::FIND_FIRST_EX_LARGE_FETCH);
            fs::FindFirstFileExW(pattern.as_ptr(), level, found, kind, null(), more)
        };
        if search == INVALID_HANDLE_VALUE {
            return Err(last_error());
        }
        let search = Search(search);
        loop {
            let name = found.cFileName.split(|unit| *unit == 0).next().unwrap_or_default();
            names.extend(String::from_utf16(name).ok());
            // SAFETY: the search is open, and the structure is what the call fills.
            if unsafe { fs::FindNextFileW(search.0, &mut found) } == 0 {
                let code = last_error();
                return if code.0 == ERROR_NO_MORE_FILES { Ok(names) } else { Err(code) };
            }
        }
    }

    fn disk_space(&self, directory: &str) -> Answer<DiskSpace> {
        let directory = wide(&with_end(directory));
        let mut space = DiskSpace { available_to_caller: 0, total: 0, free: 0 };
        let DiskSpace { available_to_caller, total, free } = &mut space;
        // SAFETY: the path ends with zero, and the three places are the call's to fill.
        check(unsafe { fs::GetDiskFreeSpaceExW(directory.as_ptr(), available_to_caller, total, free) })?;
        Ok(space)
    }

    fn cluster_size(&self, directory: &str) -> Answer<u64> {
        let directory = wide(&with_end(directory));
        let (mut sectors, mut bytes, mut free, mut total) = (0, 0, 0, 0);
        // SAFETY: the path ends with zero, and the four places are the call's to fill.
        check(unsafe { fs::GetDiskFreeSpaceW(directory.as_ptr(), &mut sectors, &mut bytes, &mut free, &mut total) })?;
        Ok(u64::from(sectors) * u64::from(bytes))
    }

    fn volume_information(&self, file: &OwnedHandle) -> Answer<VolumeInformation> {
        let mut name = [0; NAME];
        let mut flags = 0;
        // SAFETY: the handle is open, the buffer has the length that goes with it, and what is null is not asked for.
        check(unsafe {
            let (file, name) = (file.as_raw_handle(), name.as_mut_ptr());
            let none = null_mut();
            fs::GetVolumeInformationByHandleW(file, null_mut(), 0, none, none, &mut flags, name, NAME as u32)
        })?;
        Ok(VolumeInformation { file_system: text(&name), flags })
    }

    fn volume_path(&self, path: &str) -> Answer<String> {
        let path = wide(path);
        let mut found = vec![0; PATH];
        // SAFETY: the path ends with zero, and the buffer has the length that goes with it.
        check(unsafe { fs::GetVolumePathNameW(path.as_ptr(), found.as_mut_ptr(), PATH as u32) })?;
        Ok(text(&found))
    }

    fn drive_type(&self, volume_path: &str) -> u32 {
        let path = wide(&with_end(volume_path));
        // SAFETY: the path ends with zero.
        unsafe { fs::GetDriveTypeW(path.as_ptr()) }
    }

    fn windows_directory(&self) -> Answer<String> {
        let mut found = vec![0; PATH];
        // SAFETY: the buffer has the length that goes with it.
        match unsafe { GetSystemWindowsDirectoryW(found.as_mut_ptr(), PATH as u32) } {
            0 => Err(last_error()),
            _ => Ok(text(&found)),
        }
    }

    fn check_sddl(&self, sddl: &str) -> Answer<()> {
        Descriptor::new(sddl).map(drop)
    }

    fn connect(&self, share: &str, username: &str, password: &str) -> Answer<()> {
        let (mut share, username, password) = (wide(share), wide(username), wide(password));
        let resource =
            NETRESOURCEW { dwType: RESOURCETYPE_DISK, lpRemoteName: share.as_mut_ptr(), ..Default::default() };
        // SAFETY: the texts end with zero and outlive the call, which changes none of them.
        match unsafe { WNetAddConnection2W(&resource, password.as_ptr(), username.as_ptr(), CONNECT_TEMPORARY) } {
            0 => Ok(()),
            code => Err(Code(code)),
        }
    }

    fn disconnect(&self, share: &str) -> Answer<()> {
        let share = wide(share);
        // SAFETY: the text ends with zero.
        match unsafe { WNetCancelConnection2W(share.as_ptr(), 0, 0) } {
            0 => Ok(()),
            code => Err(Code(code)),
        }
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// Waits for the end of a call that `start` begins: how many bytes it moved.
///
/// # Safety
///
/// What `start` lends to the call must live until this function returns.
unsafe fn complete(file: &OwnedHandle, offset: u64, start: impl FnOnce(*mut OVERLAPPED) -> i32) -> Answer<usize> {
    // SAFETY: an event without a name and without attributes; the handle that comes back is ours alone.
    let event = unsafe {
        let event = CreateEventW(null(), 1, 0, null());
        if event.is_null() {
            return Err(last_error());
        }
        OwnedHandle::from_raw_handle(event)
    };
    let mut overlapped = OVERLAPPED { hEvent: event.as_raw_handle(), ..Default::default() };
    overlapped.Anonymous.Anonymous.Offset = offset as u32;
    overlapped.Anonymous.Anonymous.OffsetHigh = (offset >> 32) as u32;
    if start(&mut overlapped) == 0 {
        let code = last_error();
        if code.0 != ERROR_IO_PENDING && code.0 != ERROR_MORE_DATA {
            return Err(code);
        }
    }
    let mut moved = 0;
    // SAFETY: the call that was begun with this structure on this handle is waited for, so that the structure and what was
    // lent are in nobody's hands afterwards.
    match check(unsafe { GetOverlappedResult(file.as_raw_handle(), &overlapped, &mut moved, 1) }) {
        Err(code) if code.0 != ERROR_MORE_DATA => Err(code),
        _ => Ok(moved as usize),
    }
}

/// Access control in the form that `CreateFileW` takes.
struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    fn new(sddl: &str) -> Answer<Self> {
        let sddl = wide(sddl);
        let mut descriptor = null_mut();
        // SAFETY: the text ends with zero, and what comes back is ours to free.
        check(unsafe {
            let convert = ConvertStringSecurityDescriptorToSecurityDescriptorW;
            convert(sddl.as_ptr(), SDDL_REVISION_1, &mut descriptor, null_mut())
        })?;
        Ok(Self(descriptor))
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: the call that made it says that it is to be freed so, and nobody else does.
        unsafe { LocalFree(self.0) };
    }
}

struct Search(HANDLE);

impl Drop for Search {
    fn drop(&mut self) {
        // SAFETY: the search was begun with success and is ended here alone.
        unsafe { fs::FindClose(self.0) };
    }
}

fn check(success: i32) -> Answer<()> {
    if success == 0 { Err(last_error()) } else { Ok(()) }
}

fn last_error() -> Code {
    // SAFETY: it has no conditions.
    Code(unsafe { GetLastError() })
}

fn get<T: Default>(file: &OwnedHandle, class: fs::FILE_INFO_BY_HANDLE_CLASS) -> Answer<T> {
    let mut found = T::default();
    let (place, length) = ((&raw mut found).cast::<c_void>(), size_of::<T>() as u32);
    // SAFETY: the place has the length that goes with it; every structure of a class is plain numbers, which any bytes are.
    check(unsafe { fs::GetFileInformationByHandleEx(file.as_raw_handle(), class, place, length) })?;
    Ok(found)
}

fn set<T>(file: &OwnedHandle, class: fs::FILE_INFO_BY_HANDLE_CLASS, info: &T) -> Answer<()> {
    let (place, length) = ((info as *const T).cast(), size_of::<T>() as u32);
    // SAFETY: the place has the length that goes with it, and is only read.
    check(unsafe { fs::SetFileInformationByHandle(file.as_raw_handle(), class, place, length) })
}

/// The same for a structure with a text at its end.
fn set_bytes(file: &OwnedHandle, class: fs::FILE_INFO_BY_HANDLE_CLASS, info: &[u64]) -> Answer<()> {
    // SAFETY: the slice is aligned for the structure, has the length that goes with it, and is only read.
    check(unsafe {
        let (place, length) = (info.as_ptr().cast(), size_of_val(info) as u32);
        fs::SetFileInformationByHandle(file.as_raw_handle(), class, place, length)
    })
}

/// A `FILE_RENAME_INFO` with its text: `flags`, no root directory, and the length of the text without its end.
fn rename(flags: u32, to: &str) -> Vec<u64> {
    let name = wide(to);
    let length = ((name.len() - 1) * size_of::<u16>()) as u32;
    let mut bytes = vec![0; size_of::<fs::FILE_RENAME_INFO>() + name.len() * size_of::<u16>()];
    let mut put = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
    put(offset_of!(fs::FILE_RENAME_INFO, Anonymous), &flags.to_ne_bytes());
    put(offset_of!(fs::FILE_RENAME_INFO, FileNameLength), &length.to_ne_bytes());
    let name: Vec<u8> = name.into_iter().flat_map(u16::to_ne_bytes).collect();
    put(offset_of!(fs::FILE_RENAME_INFO, FileName), &name);
    words(&bytes)
}

/// Bytes in words, so that they are aligned for every structure; with zeros after them.
fn words(bytes: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        let mut word = [0; size_of::<u64>()];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_ne_bytes(word)
    };
    bytes.chunks(size_of::<u64>()).map(word).collect()
}

/// UTF-16 that ends with zero.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn text(wide: &[u16]) -> String {
    String::from_utf16_lossy(wide.split(|unit| *unit == 0).next().unwrap_or_default())
}

/// With the backslash at the end that some calls want of shares.
fn with_end(path: &str) -> String {
    format!(r"{}\", path.trim_end_matches('\\'))
}

fn joined(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn signed(length: u64) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// 100 ns units since 1601; zero where a file system does not keep the time.
fn time(time: FILETIME) -> Option<SystemTime> {
    const TICKS_TO_1970: u64 = 116_444_736_000_000_000;
    let ticks = joined(time.dwHighDateTime, time.dwLowDateTime).checked_sub(TICKS_TO_1970)?;
    let since = Duration::new(ticks / 10_000_000, (ticks % 10_000_000) as u32 * 100);
    SystemTime::UNIX_EPOCH.checked_add(since)
}
