//! What must hold on every Windows, on fakes of several and, where the tests run on one, on the real one; and which way is
//! taken where a way is missing.
#![allow(clippy::unwrap_used)]

mod chains;
mod everywhere;
mod losses;
#[cfg(all(test, windows))]
mod real;
mod roots;
mod shares;
mod stores;

use super::{
    Api, Ntfs,
    fake::{Fake, FakeVolume},
};
use crate::{Dir, File, FileSystem, Options, Result};

const C: &str = r"\\?\C:\";
const D: &str = r"\\?\D:\";
const SHARE: &str = r"\\?\UNC\srv\share";

/// A root and its staging directory.
struct Scene<A: Api> {
    root: <Ntfs<A> as FileSystem>::Dir,
    staging: <Ntfs<A> as FileSystem>::Dir,
}

type DirOf<A> = <Ntfs<A> as FileSystem>::Dir;
type FileOf<A> = <DirOf<A> as Dir>::File;

impl<A: Api> Scene<A> {
    fn new(fs: &Ntfs<A>, root: &str) -> Self {
        let root = fs.open(root).unwrap();
        root.make_dir("staging").unwrap();
        let staging = root.open_dir("staging").unwrap();
        staging.probe().unwrap();
        Self { root, staging }
    }

    fn stage(&self, name: &str, data: &[u8]) -> FileOf<A> {
        let file = self.staging.create_file(name).unwrap();
        file.write_all_at(data, 0).unwrap();
        file.sync().unwrap();
        file
    }

    fn publish(&self, name: &str, data: &[u8]) -> Result<()> {
        let staged = format!("staged-{name}");
        let published = self.staging.publish(&staged, self.stage(&staged, data), &self.root, name);
        published.and_then(|()| self.root.sync()).or_else(|error| self.staging.remove(&staged).and(Err(error)))
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        self.root.open_file(name)?.read_at(0, 1 << 20)
    }

    /// The names in the root, but those of the store's own.
    fn names(&self) -> Vec<String> {
        let mut names = self.root.names().unwrap();
        names.retain(|name| name != "staging" && !name.starts_with('.'));
        names.sort();
        names
    }
}

fn ntfs(fake: &Fake) -> Ntfs<Fake> {
    Ntfs::on(fake.clone(), &Options::default())
}

/// A machine on whose drive `D:` is this volume.
fn on_drive(volume: fn(&str, u64) -> FakeVolume) -> (Fake, Scene<Fake>) {
    let fake = Fake::with(volume(D, 2));
    let scene = Scene::new(&ntfs(&fake), r"D:\images");
    (fake, scene)
}

/// The same for a share.
fn on_share(volume: fn(&str, u64) -> FakeVolume) -> (Fake, Scene<Fake>) {
    let fake = Fake::with(volume(SHARE, 2));
    let scene = Scene::new(&ntfs(&fake), r"\\srv\share\images");
    (fake, scene)
}
