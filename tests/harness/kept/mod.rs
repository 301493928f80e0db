mod bucket;
mod container;
mod folder;
mod projects;

pub use bucket::Bucket;
pub use container::{Container, Login};
pub use folder::StoreFolder;
pub use projects::Projects;

use std::{collections::BTreeMap, fmt::Debug};

/// What a store keeps, seen from outside: by other means than the plugin's.
pub trait Kept: Debug + Send + Sync {
    /// Every published object by its name, with its size.
    fn objects(&self) -> BTreeMap<String, u64>;

    /// What is there and belongs to no published object: an upload that is under way, or what one has left.
    fn staged(&self) -> Vec<String>;

    /// The data of an object.
    fn get(&self, name: &str) -> Option<Vec<u8>>;

    /// Puts an object there that no image owns.
    fn put(&self, name: &str, data: &[u8]);

    /// Takes an object away.
    fn remove(&self, name: &str);

    /// Where it lies in the file system, if it does.
    fn folder(&self) -> Option<&StoreFolder> {
        None
    }

    fn holds(&self, name: &str) -> bool {
        self.objects().contains_key(name)
    }
}

/// A name that nothing else on a server has.
fn fresh() -> String {
    format!("casement-t{:016x}", fastrand::u64(..))
}
