use md5::Md5;
use sha2::{Digest, Sha512};
use std::io::{Read, Result};

const BLOCK: usize = 1 << 20;
const STAMP_EVERY: usize = 4096;

/// Data of any length that needs one MiB of memory: a random block repeated, every page of it stamped with its
/// own position, so that a page at the wrong place never goes unnoticed.
#[derive(Debug, Clone)]
pub struct Pattern {
    block: Vec<u8>,
    len: u64,
}

impl Pattern {
    pub fn new(seed: u64, len: u64) -> Self {
        let mut block = vec![0; BLOCK];
        fastrand::Rng::with_seed(seed).fill(&mut block);
        Self { block, len }
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn reader(&self) -> PatternReader {
        self.part(0, self.len)
    }

    /// `len` bytes from `start` on.
    pub fn part(&self, start: u64, len: u64) -> PatternReader {
        assert!(start + len <= self.len);
        PatternReader { block: self.block.clone(), stamped: None, at: start, end: start + len }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes).unwrap();
        bytes
    }
}

#[derive(Debug)]
pub struct PatternReader {
    block: Vec<u8>,
    stamped: Option<u64>,
    at: u64,
    end: u64,
}

impl PatternReader {
    fn stamp(&mut self, index: u64) {
        if self.stamped == Some(index) {
            return;
        }
        for (page, bytes) in self.block.chunks_exact_mut(STAMP_EVERY).enumerate() {
            let position = index * BLOCK as u64 + (page * STAMP_EVERY) as u64;
            bytes[..8].copy_from_slice(&position.to_le_bytes());
        }
        self.stamped = Some(index);
    }
}

impl Read for PatternReader {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.stamp(self.at / BLOCK as u64);
        let from = usize::try_from(self.at % BLOCK as u64).unwrap();
        let left = usize::try_from((self.end - self.at).min(BLOCK as u64)).unwrap();
        let len = buffer.len().min(BLOCK - from).min(left);
        buffer[..len].copy_from_slice(&self.block[from..from + len]);
        self.at += len as u64;
        Ok(len)
    }
}

/// MD5 of everything that `source` gives, in hex.
pub fn md5_hex(source: impl Read) -> String {
    hex_digest::<Md5>(source)
}

/// SHA-512 of everything that `source` gives, in hex.
pub fn sha512_hex(source: impl Read) -> String {
    hex_digest::<Sha512>(source)
}

fn hex_digest<D: Digest>(mut source: impl Read) -> String {
    let mut digest = D::new();
    let mut buffer = vec![0; BLOCK];
    loop {
        match source.read(&mut buffer).unwrap() {
            0 => return hex::encode(digest.finalize()),
            len => digest.update(&buffer[..len]),
        }
    }
}
