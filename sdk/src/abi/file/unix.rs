//! File descriptors.

use std::{fs::File, os::fd::IntoRawFd};

pub(super) fn give(file: File) -> u64 {
    // None is negative.
    u64::from(file.into_raw_fd().unsigned_abs())
}

/// # Safety
/// As `super::take`.
#[cfg(feature = "host")]
pub(super) unsafe fn take(number: u64) -> Option<File> {
    use std::os::fd::FromRawFd;
    let descriptor = i32::try_from(number).ok()?;
    // SAFETY: the caller's promise.
    Some(unsafe { File::from_raw_fd(descriptor) })
}
