//! Who has a database to itself.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix::open_alone;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows::open_alone;

use crate::{
    Error, Kind, Result,
    sqlite::{absolute, unreachable_file},
};
use std::{
    ffi::OsString,
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Nothing tells of the end of a lock without a thread that waits for it for ever.
const PAUSE: Duration = Duration::from_millis(20);

/// The lock that keeps other services off a database. It is a file beside it, so that it is let go of by whatever end of the
/// process; or of the last process, where others have inherited it.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// [`Kind::Busy`] when another service has it.
    pub fn take(database: &Path) -> Result<Self> {
        let database = absolute(database)?;
        let path = beside(&database, ".lock");
        open_alone(&path).map(Self).map_err(|error| match error {
            TryLockError::WouldBlock => Error::new(
                Kind::Busy,
                format!(
                    "another process has the database {} open (it holds {}); stop it first",
                    database.display(),
                    path.display()
                ),
            ),
            TryLockError::Error(error) => {
                unreachable_file(&path, "it can't be opened for writing and locked").because(error)
            }
        })
    }

    /// As [`Lock::take`], but waits so long for the end of another service's last processes.
    pub async fn wait(database: &Path, patience: Duration) -> Result<Self> {
        let deadline = Instant::now() + patience;
        loop {
            match Self::take(database) {
                Err(error) if error.kind == Kind::Busy && Instant::now() < deadline => sleep(PAUSE).await,
                taken => return taken,
            }
        }
    }
}

/// A file whose only use is to be locked, by whoever opens it too.
pub(crate) fn open_beside(database: &Path, suffix: &str) -> Result<File> {
    let path = beside(database, suffix);
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    file.map_err(|error| unreachable_file(&path, "it can't be opened for writing").because(error))
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(suffix);
    PathBuf::from(name)
}

impl AsRef<File> for Lock {
    fn as_ref(&self) -> &File {
        &self.0
    }
}
