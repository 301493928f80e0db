//! The calls to Win32 that neither the standard library nor a crate of ours makes. The only code of this crate without the
//! compiler's protection, and so without any judgement.
#![allow(unsafe_code)]

use std::{
    io,
    os::windows::io::{
        AsRawHandle, AsRawSocket, BorrowedHandle, BorrowedSocket, FromRawSocket, OwnedSocket, RawSocket,
    },
    ptr::{null, null_mut},
};
use tokio::process::Child;
use windows_sys::Win32::{
    Foundation::{DUPLICATE_SAME_ACCESS, DuplicateHandle},
    Networking::WinSock::{
        FROM_PROTOCOL_INFO, INVALID_SOCKET, SOCKET, WSA_FLAG_NO_HANDLE_INHERIT, WSA_FLAG_OVERLAPPED, WSADATA,
        WSADuplicateSocketW, WSAPROTOCOL_INFOW, WSASocketW, WSAStartup,
    },
    System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation, SetInformationJobObject,
    },
    System::Threading::GetCurrentProcess,
};

/// 2.2, as the standard library asks for it.
const WINSOCK: u16 = 0x202;

/// Whatever this process starts from now on ends with it, whatever ends it.
///
/// It is itself in the job, so that its processes begin in it: one that is added after its start is left behind, suspended for
/// ever, when this process is killed within `CreateProcessW`.
pub(super) fn take_along_at_the_end() -> io::Result<()> {
    // SAFETY: a job without a name and without attributes needs no memory of ours.
    let job = unsafe { CreateJobObjectW(null(), null()) };
    if job.is_null() {
        return Err(io::Error::last_os_error());
    }
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    // SAFETY: the handle is never closed but by the system, with this process; closed before, it would end this one. The structure
    // is the one of this class of information, and is told by its length.
    succeeded(unsafe {
        SetInformationJobObject(
            job,
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size_of_val(&limits) as u32,
        )
    })?;
    // SAFETY: as above.
    succeeded(unsafe { AssignProcessToJobObject(job, GetCurrentProcess()) })
}

/// Has a process hold this too, until its end.
pub(super) fn hold(handle: BorrowedHandle<'_>, child: &Child) -> io::Result<()> {
    // `None` when its end was seen already.
    let child = child.raw_handle().ok_or(io::ErrorKind::NotFound)?;
    let mut theirs = null_mut();
    // SAFETY: all handles live for this call; the one that it makes is the other process's.
    succeeded(unsafe {
        DuplicateHandle(GetCurrentProcess(), handle.as_raw_handle(), child, &mut theirs, 0, 0, DUPLICATE_SAME_ACCESS)
    })
}

/// A `WSAPROTOCOL_INFOW`, which has numbers alone, and is aligned as these are.
pub(super) type Info = Vec<u32>;

const INFO: usize = size_of::<WSAPROTOCOL_INFOW>() / size_of::<u32>();

/// Hands a socket on to a process, which gets it by `adopt`, once.
pub(super) fn duplicate(socket: BorrowedSocket<'_>, process: u32) -> io::Result<Info> {
    let mut info = vec![0; INFO];
    // SAFETY: the socket lives for this call, which fills the structure.
    match unsafe { WSADuplicateSocketW(socket.as_raw_socket() as SOCKET, process, info.as_mut_ptr().cast()) } {
        0 => Ok(info),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Takes a socket that another process has handed on to this one.
pub(super) fn adopt(info: &[u32]) -> io::Result<OwnedSocket> {
    if info.len() != INFO {
        return Err(io::ErrorKind::InvalidData.into());
    }
    start_winsock()?;
    // SAFETY: the structure lives for this call, and has its length. One that names no socket that was handed on to this process
    // makes it fail.
    let socket = unsafe {
        WSASocketW(
            FROM_PROTOCOL_INFO,
            FROM_PROTOCOL_INFO,
            FROM_PROTOCOL_INFO,
            info.as_ptr().cast(),
            0,
            WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT,
        )
    };
    if socket == INVALID_SOCKET {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the socket is valid, and nobody else has it.
    Ok(unsafe { OwnedSocket::from_raw_socket(socket as RawSocket) })
}

/// The standard library does it with the first socket that it opens itself. Windows counts how often.
fn start_winsock() -> io::Result<()> {
    let mut data = WSADATA::default();
    // SAFETY: the structure lives for this call, which fills it.
    match unsafe { WSAStartup(WINSOCK, &mut data) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

fn succeeded(done: i32) -> io::Result<()> {
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
