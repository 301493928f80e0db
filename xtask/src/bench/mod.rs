//! How fast a gateway is, beside what does the same or less on the same machine: `cargo xtask bench`.

mod gateway;
mod load;
mod meter;
mod peers;
mod profile;
mod stores;

pub(crate) use peers::peers;
pub(crate) use profile::profile;
pub(crate) use stores::stores;

use crate::Result;
use gateway::Gateway;
use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

/// Bytes that nothing can make smaller.
fn fill(file: &Path, size: u64) -> Result<()> {
    let copied =
        File::open("/dev/urandom").and_then(|random| io::copy(&mut random.take(size), &mut File::create(file)?));
    copied.map(drop).map_err(|err| format!("{}: {err}", file.display()))
}

/// Has the system hold so much memory for files that are written next.
///
/// A guest may hand free memory back to its hypervisor (free page reporting), and the first touch of each page then takes
/// longer than writing it: whoever is measured would pay for what the one before gave up.
fn touch_memory(folder: &Path, bytes: u64) -> Result<()> {
    let file = folder.join("touched");
    let touched = File::create(&file).and_then(|mut to| io::copy(&mut io::repeat(0).take(bytes), &mut to));
    touched.and_then(|_| fs::remove_file(&file)).map_err(|err| format!("{}: {err}", file.display()))
}
