//! How fast a gateway is, beside what does the same or less on the same machine: `cargo xtask bench`.

mod gateway;
mod load;
mod memory;
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
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Bytes that nothing can make smaller.
fn fill(file: &Path, size: u64) -> Result<()> {
    let copied =
        File::open("/dev/urandom").and_then(|random| io::copy(&mut random.take(size), &mut File::create(file)?));
    copied.map(drop).map_err(|err| format!("{}: {err}", file.display()))
}
