//! ClusAPI, loaded at run time: a Windows without failover clustering may lack it, and must load this plugin all the same.

use crate::win32::{Answer, Cluster, Code, constants::GENERIC_READ};
use libloading::os::windows::{LOAD_LIBRARY_SEARCH_SYSTEM32, Library};
use std::{ffi::c_void, io, ptr};

/// `CLUSTER_ENUM_SHARED_VOLUME_RESOURCE` ("ClusterOpenEnum function").
const SHARED_VOLUME_RESOURCES: u32 = 0x4000_0000;
/// What `GetClusterResourceState` answers when it fails ("CLUSTER_RESOURCE_STATE enumeration").
const STATE_UNKNOWN: i32 = -1;
/// A name's first buffer, in UTF-16 units; a longer name is asked for again.
const NAME: u32 = 260;
/// The first buffer of what a resource tells about itself.
const REPLY: u32 = 4096;

type Handle = *mut c_void;
type GetNodeClusterState = unsafe extern "system" fn(*const u16, *mut u32) -> u32;
type OpenClusterEx = unsafe extern "system" fn(*const u16, u32, *mut u32) -> Handle;
type Close = unsafe extern "system" fn(Handle) -> i32;
type ClusterOpenEnum = unsafe extern "system" fn(Handle, u32) -> Handle;
type ClusterEnum = unsafe extern "system" fn(Handle, u32, *mut u32, *mut u16, *mut u32) -> u32;
type OpenClusterResourceEx = unsafe extern "system" fn(Handle, *const u16, u32, *mut u32) -> Handle;
type GetClusterResourceState = unsafe extern "system" fn(Handle, *mut u16, *mut u32, *mut u16, *mut u32) -> i32;
type ClusterResourceControl =
    unsafe extern "system" fn(Handle, Handle, u32, *const c_void, u32, *mut c_void, u32, *mut u32) -> u32;

/// This machine's ClusAPI.
#[derive(Debug)]
pub struct ClusApi(Option<Library>);

impl ClusApi {
    pub fn load() -> Self {
        // SAFETY: it is Windows' own, from the system's directory alone, and its initialization asks nothing of us.
        let library = unsafe { Library::load_with_flags("clusapi.dll", LOAD_LIBRARY_SEARCH_SYSTEM32) };
        Self(library.inspect_err(|error| tracing::debug!(%error, "there is no ClusAPI")).ok())
    }

    /// A function by its name, which ends with a NUL.
    fn function<F: Copy>(&self, name: &[u8]) -> Answer<F> {
        let library = self.0.as_ref().ok_or(Code::MOD_NOT_FOUND)?;
        // SAFETY: each caller names the type that "clusapi.h" declares for this function. The library stays loaded as
        // long as `self`, which outlives every call.
        unsafe { library.get::<F>(name) }.map(|function| *function).map_err(|_| Code::PROC_NOT_FOUND)
    }

    /// A handle, or why it could not be opened, with the function that closes it.
    fn close(&self, name: &[u8], handle: Handle) -> Answer<Closing> {
        if handle.is_null() {
            return Err(last_error());
        }
        Ok(Closing { close: self.function(name)?, handle })
    }

    fn open_cluster(&self) -> Answer<Closing> {
        let open: OpenClusterEx = self.function(b"OpenClusterEx\0")?;
        // SAFETY: no name means the local cluster, and no pointer that the granted rights are not asked for.
        self.close(b"CloseCluster\0", unsafe { open(ptr::null(), GENERIC_READ, ptr::null_mut()) })
    }

    fn open_resource(&self, cluster: &Closing, resource: &str) -> Answer<Closing> {
        let open: OpenClusterResourceEx = self.function(b"OpenClusterResourceEx\0")?;
        let name = wide(resource);
        // SAFETY: the cluster is open, the name ends with a NUL, and the granted rights are not asked for.
        let handle = unsafe { open(cluster.handle, name.as_ptr(), GENERIC_READ, ptr::null_mut()) };
        self.close(b"CloseClusterResource\0", handle)
    }
}

impl Cluster for ClusApi {
    fn node_state(&self) -> Answer<u32> {
        let ask: GetNodeClusterState = self.function(b"GetNodeClusterState\0")?;
        let mut state = 0;
        // SAFETY: no name means this machine, and `state` outlives the call.
        check(unsafe { ask(ptr::null(), &raw mut state) })?;
        Ok(state)
    }

    fn shared_volume_resources(&self) -> Answer<Vec<String>> {
        let open: ClusterOpenEnum = self.function(b"ClusterOpenEnum\0")?;
        let next: ClusterEnum = self.function(b"ClusterEnum\0")?;
        let cluster = self.open_cluster()?;
        // SAFETY: the cluster is open.
        let names = self.close(b"ClusterCloseEnum\0", unsafe { open(cluster.handle, SHARED_VOLUME_RESOURCES) })?;
        let mut found = Vec::new();
        for index in 0.. {
            let name = text(|buffer, length| {
                let mut kind = 0;
                // SAFETY: the enumeration is open; the buffer has the length that is said, and both outlive the call.
                check(unsafe { next(names.handle, index, &raw mut kind, buffer, length) })
            });
            match name {
                Ok(name) => found.push(name),
                Err(Code::NO_MORE_ITEMS) => break,
                Err(code) => return Err(code),
            }
        }
        Ok(found)
    }

    fn owner(&self, resource: &str) -> Answer<String> {
        let ask: GetClusterResourceState = self.function(b"GetClusterResourceState\0")?;
        let cluster = self.open_cluster()?;
        let resource = self.open_resource(&cluster, resource)?;
        text(|buffer, length| {
            // SAFETY: the resource is open; the buffer has the length that is said, and both outlive the call. The group's
            // name is not asked for.
            let state = unsafe { ask(resource.handle, buffer, length, ptr::null_mut(), ptr::null_mut()) };
            if state == STATE_UNKNOWN { Err(last_error()) } else { Ok(()) }
        })
    }

    fn resource_control(&self, resource: &str, code: u32) -> Answer<Vec<u8>> {
        let ask: ClusterResourceControl = self.function(b"ClusterResourceControl\0")?;
        let cluster = self.open_cluster()?;
        let resource = self.open_resource(&cluster, resource)?;
        sized(REPLY, 0, |buffer: &mut [u8], length| {
            let (handle, room) = (resource.handle, *length);
            // SAFETY: the resource is open; the buffer has the length that is said, and both outlive the call.
            check(unsafe {
                ask(handle, ptr::null_mut(), code, ptr::null(), 0, buffer.as_mut_ptr().cast(), room, length)
            })
        })
    }
}

/// A handle that is closed at the end.
struct Closing {
    close: Close,
    handle: Handle,
}

impl Drop for Closing {
    fn drop(&mut self) {
        // SAFETY: the handle was opened by the function that this one is the end of, and is used no more.
        unsafe { (self.close)(self.handle) };
    }
}

/// A text whose length, without the NUL at its end, is told with it.
fn text(ask: impl Fn(*mut u16, *mut u32) -> Answer<()>) -> Answer<String> {
    let units = sized(NAME, 0, |buffer: &mut [u16], length| ask(buffer.as_mut_ptr(), length))?;
    Ok(String::from_utf16_lossy(&units))
}

/// What fits into no buffer that is known beforehand: asked for again when the answer tells a length that is too much.
fn sized<T: Copy>(first: u32, zero: T, ask: impl Fn(&mut [T], &mut u32) -> Answer<()>) -> Answer<Vec<T>> {
    let mut buffer = vec![zero; first as usize];
    loop {
        let mut length = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
        match ask(&mut buffer, &mut length) {
            Err(Code::MORE_DATA) if length as usize >= buffer.len() => buffer.resize(length as usize + 1, zero),
            answer => {
                answer?;
                buffer.truncate(length as usize);
                return Ok(buffer);
            }
        }
    }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

fn check(code: u32) -> Answer<()> {
    if code == 0 { Ok(()) } else { Err(Code(code)) }
}

fn last_error() -> Code {
    Code(io::Error::last_os_error().raw_os_error().unwrap_or_default().cast_unsigned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_machine_that_is_no_node_answers_and_tells_no_volumes() {
        let api = ClusApi::load();
        let state = api.node_state();
        // ClusterStateNotInstalled, ClusterStateNotConfigured, or no such library.
        if !matches!(state, Ok(0 | 1) | Err(Code::MOD_NOT_FOUND)) {
            eprintln!("SKIPPED: this machine is a node of a cluster ({state:?})");
            return;
        }
        assert_eq!(api.shared_volume_resources().unwrap_or_default(), Vec::<String>::new());
        assert!(api.owner("Cluster Disk 1").is_err());
        assert!(api.resource_control("Cluster Disk 1", 0x0100_0225).is_err());
    }

    #[test]
    fn without_the_library_every_call_says_so() {
        let api = ClusApi(None);
        assert_eq!(api.node_state(), Err(Code::MOD_NOT_FOUND));
        assert_eq!(api.shared_volume_resources(), Err(Code::MOD_NOT_FOUND));
        assert_eq!(api.owner("x"), Err(Code::MOD_NOT_FOUND));
        assert_eq!(api.resource_control("x", 1), Err(Code::MOD_NOT_FOUND));
    }

    #[test]
    fn an_answer_that_is_too_long_is_asked_for_again() {
        let long = "x".repeat(NAME as usize * 2);
        let asked = std::cell::Cell::new(0);
        let found = sized(NAME, 0, |buffer: &mut [u16], length| {
            asked.set(asked.get() + 1);
            *length = long.len() as u32;
            if buffer.len() <= long.len() {
                return Err(Code::MORE_DATA);
            }
            buffer.iter_mut().zip(long.encode_utf16()).for_each(|(place, unit)| *place = unit);
            Ok(())
        });
        assert_eq!((String::from_utf16(&found.unwrap()).unwrap(), asked.get()), (long, 2));
    }
}
