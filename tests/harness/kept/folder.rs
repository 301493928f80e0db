use super::Kept;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

const STAGING: &str = ".casement-staging";
/// Names that begin so are the store's own, not data.
const OWN: &str = ".casement-";

/// The folder of a store on the filesystem plugin, seen from outside.
#[derive(Debug, Clone)]
pub struct StoreFolder {
    root: PathBuf,
}

impl StoreFolder {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the data of an image lies when it is published.
    pub fn object(&self, id: &str) -> PathBuf {
        self.root.join(id)
    }

    /// Bytes that are staged, as far as they are on the disk by now.
    pub fn staged_bytes(&self) -> u64 {
        let mut staged = BTreeMap::new();
        self.gather(&self.root.join(STAGING), &mut staged);
        staged.into_values().sum()
    }

    /// A folder may go away while it is looked at.
    fn gather(&self, folder: &Path, into: &mut BTreeMap<String, u64>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => self.gather(&path, into),
                Ok(found) => {
                    let name = path.strip_prefix(&self.root).unwrap().to_string_lossy().replace('\\', "/");
                    into.insert(name, found.len());
                }
                Err(_) => {}
            }
        }
    }
}

impl Kept for StoreFolder {
    /// By their names below the root, parted by `/`.
    fn objects(&self) -> BTreeMap<String, u64> {
        let mut objects = BTreeMap::new();
        self.gather(&self.root, &mut objects);
        objects.retain(|name, _| !name.starts_with(OWN));
        objects
    }

    fn staged(&self) -> Vec<String> {
        let mut staged = BTreeMap::new();
        self.gather(&self.root.join(STAGING), &mut staged);
        staged.into_keys().collect()
    }

    fn folder(&self) -> Option<&StoreFolder> {
        Some(self)
    }

    fn get(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.object(name)).ok()
    }

    fn put(&self, name: &str, data: &[u8]) {
        fs::write(self.object(name), data).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.object(name)).unwrap();
    }
}
