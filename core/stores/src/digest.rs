//! Digests of a stream, computed on threads of their own.

use bytes::Bytes;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use sha2::digest::DynDigest;
use std::{str::FromStr, sync::Arc, thread::available_parallelism};
use tokio::sync::oneshot;

/// The algorithm of `os_hash_value`. Uploads have one of the SHA-2; by the others, clients may say what lies at a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multihash {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Multihash {
    const NAMES: [(Self, &'static str); 5] = [
        (Self::Md5, "md5"),
        (Self::Sha1, "sha1"),
        (Self::Sha256, "sha256"),
        (Self::Sha384, "sha384"),
        (Self::Sha512, "sha512"),
    ];

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(algorithm, _)| *algorithm == self).map_or("", |(_, name)| name)
    }

    pub(crate) fn digest(self) -> Digest {
        Digest(match self {
            Self::Md5 => Box::new(md5::Md5::default()),
            Self::Sha1 => Box::new(sha1::Sha1::default()),
            Self::Sha256 => Box::new(sha2::Sha256::default()),
            Self::Sha384 => Box::new(sha2::Sha384::default()),
            Self::Sha512 => Box::new(sha2::Sha512::default()),
        })
    }
}

impl FromStr for Multihash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(algorithm, _)| *algorithm).ok_or_else(|| {
            let known: Vec<_> = Self::NAMES.iter().map(|(_, name)| *name).collect();
            format!("unknown hashing algorithm `{text}`; known are {}", known.join(", "))
        })
    }
}

/// A digest in progress.
pub(crate) struct Digest(Box<dyn DynDigest + Send>);

impl Digest {
    pub(crate) fn md5() -> Self {
        Multihash::Md5.digest()
    }

    pub(crate) fn hex(self) -> String {
        hex::encode(self.0.finalize())
    }
}

/// The threads that digest, as many as the machine has cores; all uploads share them.
#[derive(Debug, Clone)]
pub struct DigestThreads(Arc<ThreadPool>);

impl DigestThreads {
    /// # Errors
    /// When the system refuses the threads.
    pub fn start() -> Result<Self, ThreadPoolBuildError> {
        let threads = available_parallelism().map_or(2, |cores| cores.get().max(2));
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|n| format!("digest-{n}")).build()?;
        Ok(Self(Arc::new(pool)))
    }

    /// Feeds one chunk. `None` only when the thread died.
    pub(crate) async fn update(&self, mut digest: Digest, chunk: Bytes) -> Option<Digest> {
        let (done, answer) = oneshot::channel();
        self.0.spawn_fifo(move || {
            digest.0.update(&chunk);
            // Freed here and not by whoever waits: the last reader of a chunk returns its memory.
            drop(chunk);
            let _nobody_waits = done.send(digest);
        });
        answer.await.ok()
    }
}
