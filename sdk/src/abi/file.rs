//! Open files as numbers on the wire.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

use std::fs::File;

/// The number of a file that is the other side's from now on.
pub(crate) fn give(file: File) -> u64 {
    platform::give(file)
}

/// The file of a number; none where no file has it.
///
/// # Safety
/// The number is from [`give`], or from who else gives an open file away.
#[cfg(feature = "host")]
pub(crate) unsafe fn take(number: u64) -> Option<File> {
    // SAFETY: the caller's promise.
    unsafe { platform::take(number) }
}
