//! Who accepts, of several processes that have the same sockets.
//!
//! Where one of them takes the connection that another one has seen, Windows leaves that one waiting for the next connection
//! in `accept`, though the socket is non-blocking: it looks for a connection, and then waits for one, in two steps. Its
//! documentation says no more than that whoever shares a socket must coordinate ("Shared Sockets").

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    task::{Context, Poll},
};

/// A lock that a process has for one call of `accept`. The system lets go of it for one that has died.
#[derive(Debug)]
pub struct AcceptMutex(File);

/// As long as this lives, no other process accepts.
#[derive(Debug)]
pub(crate) struct Held<'a>(&'a File);

impl AcceptMutex {
    /// A file that all processes open.
    ///
    /// # Errors
    /// When it cannot be opened for writing.
    pub fn open(path: &Path) -> io::Result<Self> {
        File::options().create(true).truncate(false).write(true).open(path).map(Self)
    }

    /// Another process has it for a few microseconds, so it is soon asked for again, and nobody's thread waits.
    pub(crate) fn poll_hold(&self, context: &Context<'_>) -> Poll<io::Result<Held<'_>>> {
        match self.0.try_lock() {
            Ok(()) => Poll::Ready(Ok(Held(&self.0))),
            Err(TryLockError::WouldBlock) => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Err(TryLockError::Error(error)) => Poll::Ready(Err(error)),
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.unlock().ok();
    }
}
