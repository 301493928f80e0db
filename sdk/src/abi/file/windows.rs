//! Handles of Windows.

use std::{fs::File, os::windows::io::IntoRawHandle};

pub(super) fn give(file: File) -> u64 {
    file.into_raw_handle().expose_provenance() as u64
}

/// # Safety
/// As `super::take`.
#[cfg(feature = "host")]
pub(super) unsafe fn take(number: u64) -> Option<File> {
    use std::{os::windows::io::FromRawHandle, ptr};
    // The two that stand for none: NULL and INVALID_HANDLE_VALUE.
    let number = usize::try_from(number).ok().filter(|number| ![0, usize::MAX].contains(number))?;
    // SAFETY: the caller's promise.
    Some(unsafe { File::from_raw_handle(ptr::with_exposed_provenance_mut(number)) })
}
