//! The digests of an upload, MD5 and SHA-512, by the crates of the gateway, each on a thread.

use crate::Result;
use sha2::digest::Digest;
use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    thread::{self, JoinHandle},
};

pub(super) type Digests = [JoinHandle<io::Result<()>>; 2];

pub(super) fn start(data: &Path) -> Digests {
    let (one, other) = (data.to_owned(), data.to_owned());
    [thread::spawn(move || digest::<md5::Md5>(one)), thread::spawn(move || digest::<sha2::Sha512>(other))]
}

pub(super) fn wait(digests: Digests) -> Result<()> {
    for digest in digests {
        digest.join().map_err(|_| "a digest panicked")?.map_err(|err| format!("the data cannot be digested: {err}"))?;
    }
    Ok(())
}

fn digest<D: Digest>(data: PathBuf) -> io::Result<()> {
    let (mut file, mut digest, mut buffer) = (File::open(data)?, D::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            len => digest.update(&buffer[..len]),
        }
    }
    std::hint::black_box(digest.finalize());
    Ok(())
}
