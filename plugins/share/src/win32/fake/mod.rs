//! A Windows for tests, in memory: files with share modes and pending deletes, volumes, shares that can be cut off, and a
//! script of calls that fail. It answers as Microsoft documents it, and as less able systems were seen to answer.
#![allow(clippy::unwrap_used)]

mod calls;
mod node;
mod state;
mod volumes;

pub use volumes::{Abilities, FakeVolume};

use super::{
    Api, Code, Open,
    constants::{FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, GENERIC_READ, OPEN_EXISTING},
};
use state::State;
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// A machine. Clones are the same machine.
#[derive(Debug, Clone, Default)]
pub struct Fake {
    state: Arc<Mutex<State>>,
}

/// An open file of a [`Fake`].
#[derive(Debug)]
pub struct Handle {
    state: Arc<Mutex<State>>,
    number: u64,
    path: String,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.state.lock().unwrap().close(self.number);
    }
}

impl Fake {
    /// A machine with a system drive and one other volume, whose root directory `images` is empty.
    pub fn with(volume: FakeVolume) -> Self {
        let fake = Self::default();
        fake.add(FakeVolume::ntfs(r"\\?\C:\", 1));
        let images = super::volume::join(&volume.mount, "images");
        fake.add(volume);
        fake.state().make_directory(&images).unwrap();
        fake
    }

    pub fn add(&self, volume: FakeVolume) {
        self.state().add(volume);
    }

    /// Takes a volume away, with all that is on it.
    pub fn remove(&self, mount: &str) {
        self.state().remove(mount);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Lets the call `name` on a path that contains `path` answer `code`, once, after `skip` that do not.
    pub fn fail(&self, name: &'static str, path: &str, skip: usize, code: Code) {
        self.state().faults.push(Fault { name, path: path.to_owned(), skip, code });
    }

    /// Lets something happen at the call after `skip` more, whichever it is.
    pub fn happen(&self, skip: usize, accident: Accident) {
        let mut state = self.state();
        state.accident = Some((state.calls.len() + skip, accident));
    }

    /// What was called, each with the path it was called on.
    pub fn calls(&self) -> Vec<String> {
        self.state().calls.clone()
    }

    /// How often, and on what, a call of this name was made.
    pub fn called(&self, name: &str) -> usize {
        self.state().calls.iter().filter(|call| call.split(' ').next() == Some(name)).count()
    }

    /// How long was slept in all.
    pub fn slept(&self) -> Duration {
        self.state().slept
    }

    /// Cuts a share off: what is open on it dies, and every call on it answers `code`.
    pub fn cut(&self, mount: &str, code: Code) {
        self.state().cut(mount, code);
    }

    /// The share comes back.
    pub fn mend(&self, mount: &str) {
        self.state().mend(mount);
    }

    /// Servers take this many sleeps to notice that a connection is lost, and keep its files open till then.
    pub fn notice_after(&self, sleeps: usize) {
        self.state().unnoticed = sleeps;
    }

    /// The volume loses the data that nobody has flushed.
    pub fn forget(&self) {
        self.state().forget();
    }

    /// Opens a file as another program does.
    pub fn hold(&self, path: &str, share: u32) -> Handle {
        let flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
        let how = Open { access: GENERIC_READ, share, disposition: OPEN_EXISTING, flags, sddl: None };
        self.open(path, &how).unwrap()
    }

    /// The other program lets go when somebody has slept so often.
    pub fn release_after(&self, sleeps: usize, handle: Handle) {
        self.state().releases.push((sleeps, handle));
    }

    pub fn change(&self, mount: &str, change: impl FnOnce(&mut FakeVolume)) {
        change(self.state().volume_mut(mount));
    }

    /// A file that somebody else has put there.
    pub fn put(&self, path: &str, data: &[u8]) {
        self.state().put(path, data);
    }

    /// Sets attributes, and with them the tag of a reparse point.
    pub fn mark(&self, path: &str, attributes: u32, reparse_tag: u32) {
        self.state().mark(path, attributes, reparse_tag);
    }

    /// Lets nobody open the file for its data.
    pub fn deny(&self, path: &str) {
        self.state().deny(path);
    }

    /// The data under a name.
    pub fn data(&self, path: &str) -> Option<Vec<u8>> {
        self.state().data(path)
    }

    /// The access control that a file was made with.
    pub fn sddl(&self, path: &str) -> Option<String> {
        self.state().sddl(path)
    }

    /// The paths of all files and directories, in order.
    pub fn paths(&self) -> Vec<String> {
        self.state().paths()
    }
}

/// What can happen at any call.
#[derive(Debug, Clone, Copy)]
pub enum Accident {
    Answer(Code),
    /// The connection is cut before the call, and is back at once; what was open is dead.
    LossBefore,
    /// The same after the call, so that its answer is lost.
    LossAfter,
}

#[derive(Debug)]
struct Fault {
    name: &'static str,
    path: String,
    skip: usize,
    code: Code,
}
