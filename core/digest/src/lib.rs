//! Digests of streams.
//!
//! A digest is a chain: each block waits for the one before, so that a single stream can't use what a processor does side
//! by side. Several streams can: [`update_together`] has each of them in a lane of one SIMD register, and a core digests
//! several times as much. MD5 and SHA-512 have that, which is what uploads need.

mod algorithm;
mod md5;
mod multihash;
mod sha512;
mod stream;

use algorithm::Algorithm;
use md5::Md5;
use sha2::digest::DynDigest;
use sha512::Sha512;
use std::fmt;
use stream::Stream;

pub use multihash::Multihash;

/// A digest in progress.
pub struct Digest(Running);

enum Running {
    Md5(Stream<Md5>),
    Sha512(Stream<Sha512>),
    /// Those that are rare, or that the processor has instructions for.
    Alone(Box<dyn DynDigest + Send>),
}

/// Digests that one call of [`update_together`] has in lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lanes {
    Md5,
    Sha512,
    /// It has no lanes.
    Alone,
}

impl Lanes {
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha512, Self::Alone];

    /// How many streams at once there is room for.
    pub fn count(self) -> usize {
        match self {
            Self::Md5 if lanes_pay() => Md5::lanes(),
            Self::Sha512 if lanes_pay() => Sha512::lanes(),
            _ => 1,
        }
    }
}

/// Other processors have instructions for SHA-512, or too narrow registers.
fn lanes_pay() -> bool {
    cfg!(target_arch = "x86_64")
}

impl Digest {
    pub fn new(multihash: Multihash) -> Self {
        Self(match multihash {
            Multihash::Md5 => Running::Md5(Stream::new()),
            Multihash::Sha512 => Running::Sha512(Stream::new()),
            Multihash::Sha1 => Running::Alone(Box::new(sha1::Sha1::default())),
            Multihash::Sha256 => Running::Alone(Box::new(sha2::Sha256::default())),
            Multihash::Sha384 => Running::Alone(Box::new(sha2::Sha384::default())),
        })
    }

    /// Which others it can be together with.
    pub fn lanes(&self) -> Lanes {
        match self.0 {
            Running::Md5(_) => Lanes::Md5,
            Running::Sha512(_) => Lanes::Sha512,
            Running::Alone(_) => Lanes::Alone,
        }
    }

    pub fn update(&mut self, chunk: &[u8]) {
        update_together([(self, chunk)]);
    }

    pub fn hex(self) -> String {
        match self.0 {
            Running::Md5(stream) => hex::encode(stream.finish()),
            Running::Sha512(stream) => hex::encode(stream.finish()),
            Running::Alone(digest) => hex::encode(digest.finalize()),
        }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Digest").field(&self.lanes()).finish()
    }
}

/// Feeds each digest its chunk, those of one kind side by side.
pub fn update_together<'a>(work: impl IntoIterator<Item = (&'a mut Digest, &'a [u8])>) {
    let (mut md5, mut sha512) = (Vec::new(), Vec::new());
    for (digest, chunk) in work {
        match &mut digest.0 {
            Running::Md5(stream) => md5.push((stream, chunk)),
            Running::Sha512(stream) => sha512.push((stream, chunk)),
            Running::Alone(digest) => digest.update(chunk),
        }
    }
    stream::update_together(md5);
    stream::update_together(sha512);
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::Digest as _;

    fn expected(multihash: Multihash, data: &[u8]) -> String {
        match multihash {
            Multihash::Md5 => hex::encode(::md5::Md5::digest(data)),
            Multihash::Sha1 => hex::encode(sha1::Sha1::digest(data)),
            Multihash::Sha256 => hex::encode(sha2::Sha256::digest(data)),
            Multihash::Sha384 => hex::encode(sha2::Sha384::digest(data)),
            Multihash::Sha512 => hex::encode(sha2::Sha512::digest(data)),
        }
    }

    fn random(len: usize) -> Vec<u8> {
        std::iter::repeat_with(|| fastrand::u8(..)).take(len).collect()
    }

    #[test]
    fn every_length_around_a_block_has_the_digest_of_the_whole() {
        for multihash in Multihash::all() {
            for len in (0..260).chain([1000, 4096, 1 << 16]) {
                let data = random(len);
                let mut digest = Digest::new(multihash);
                digest.update(&data);
                assert_eq!(digest.hex(), expected(multihash, &data), "{} of {len}", multihash.name());
            }
        }
    }

    #[test]
    fn streams_of_any_number_and_length_in_chunks_of_any_size_do_not_touch_each_other() {
        fastrand::seed(7);
        for multihash in [Multihash::Md5, Multihash::Sha512, Multihash::Sha256] {
            for streams in 1..=18 {
                let data: Vec<_> = (0..streams).map(|_| random(fastrand::usize(..9000))).collect();
                let mut left: Vec<&[u8]> = data.iter().map(Vec::as_slice).collect();
                let mut digests: Vec<_> = data.iter().map(|_| Digest::new(multihash)).collect();
                while left.iter().any(|left| !left.is_empty()) {
                    let chunks = left.iter_mut().map(|left| {
                        let (chunk, rest) = left.split_at(fastrand::usize(..=left.len().min(1500)));
                        *left = rest;
                        chunk
                    });
                    update_together(digests.iter_mut().zip(chunks));
                }
                for (digest, data) in digests.into_iter().zip(&data) {
                    assert_eq!(digest.hex(), expected(multihash, data), "{} of {streams}", multihash.name());
                }
            }
        }
    }

    #[test]
    fn digests_of_several_kinds_can_be_fed_in_one_call() {
        let data = random(70_000);
        let mut digests: Vec<_> = Multihash::all().chain(Multihash::all()).map(Digest::new).collect();
        update_together(digests.iter_mut().map(|digest| (digest, data.as_slice())));
        for (digest, multihash) in digests.into_iter().zip(Multihash::all().chain(Multihash::all())) {
            assert_eq!(digest.hex(), expected(multihash, &data));
        }
    }
}
