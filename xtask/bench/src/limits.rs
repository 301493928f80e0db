//! What the machine gives at best: the digests, as the gateway makes them, and the disk.

use crate::Result;
use casement_digest::{Digest, Multihash};
use clap::Subcommand;
use serde::Serialize;
use std::{
    fs::File,
    hint::black_box,
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

/// As large as the chunks of a transfer.
const CHUNK: usize = 1 << 20;
const PAGE: usize = 4096;

#[derive(Subcommand)]
pub(crate) enum What {
    /// MD5 of so many bytes, on one core
    Md5 { bytes: u64 },
    /// SHA-512, on one core
    Sha512 { bytes: u64 },
    /// SHA-256, on one core
    Sha256 { bytes: u64 },
    /// MD5 on one core and SHA-512 on another
    Digests { bytes: u64 },
    /// A plain write, flushed at its end
    Write { file: PathBuf, bytes: u64 },
    /// Writes of 4 KiB in place, as in a log of changes that is used again, each flushed before the next one
    Flushes { file: PathBuf, count: u64 },
}

#[derive(Serialize)]
pub(crate) struct Figure {
    seconds: f64,
}

pub(crate) fn run(what: What) -> Result<Figure> {
    let chunk: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(CHUNK).collect();
    if let What::Flushes { file, count } = &what {
        // What becomes longer costs the file system's own log in addition.
        named(file, write(file, &chunk, count * PAGE as u64))?;
    }
    let start = Instant::now();
    match what {
        What::Md5 { bytes } => digest(Multihash::Md5, &chunk, bytes),
        What::Sha512 { bytes } => digest(Multihash::Sha512, &chunk, bytes),
        What::Sha256 { bytes } => digest(Multihash::Sha256, &chunk, bytes),
        What::Digests { bytes } => thread::scope(|scope| {
            scope.spawn(|| digest(Multihash::Md5, &chunk, bytes));
            scope.spawn(|| digest(Multihash::Sha512, &chunk, bytes));
        }),
        What::Write { file, bytes } => named(&file, write(&file, &chunk, bytes))?,
        What::Flushes { file, count } => named(&file, flushes(&file, &chunk[..PAGE], count))?,
    }
    Ok(Figure { seconds: start.elapsed().as_secs_f64() })
}

fn digest(multihash: Multihash, chunk: &[u8], bytes: u64) {
    let mut digest = Digest::new(multihash);
    for part in parts(chunk, bytes) {
        digest.update(part);
    }
    black_box(digest.hex());
}

fn write(file: &Path, chunk: &[u8], bytes: u64) -> io::Result<()> {
    let mut file = File::create(file)?;
    for part in parts(chunk, bytes) {
        file.write_all(part)?;
    }
    file.sync_all()
}

fn flushes(file: &Path, page: &[u8], count: u64) -> io::Result<()> {
    let mut file = File::options().write(true).open(file)?;
    for _ in 0..count {
        file.write_all(page)?;
        file.sync_data()?;
    }
    Ok(())
}

fn named<T>(file: &Path, done: io::Result<T>) -> Result<T> {
    done.map_err(|err| format!("{}: {err}", file.display()))
}

/// The chunk again and again, until there are so many bytes.
fn parts(chunk: &[u8], bytes: u64) -> impl Iterator<Item = &[u8]> {
    let (whole, rest) = (bytes / chunk.len() as u64, (bytes % chunk.len() as u64) as usize);
    (0..whole).map(move |_| chunk).chain((rest > 0).then(|| &chunk[..rest]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_as_many_bytes_as_were_asked_for() {
        for bytes in [0, 1, 7, 8, 9, 80] {
            assert_eq!(parts(&[0; 8], bytes).map(|part| part.len() as u64).sum::<u64>(), bytes);
        }
    }
}
