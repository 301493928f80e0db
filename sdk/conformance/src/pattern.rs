//! Data of any size that needs no memory, and of which no two places are alike.

use bytes::{BufMut, Bytes, BytesMut};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pattern {
    seed: u64,
    pub(crate) len: u64,
}

impl Pattern {
    pub(crate) fn new(len: u64) -> Self {
        Self { seed: fastrand::u64(..), len }
    }

    /// Its bytes from `offset` on, as many as there are of `len`.
    pub(crate) fn part(&self, offset: u64, len: u64) -> Bytes {
        let end = offset.saturating_add(len).min(self.len);
        let mut bytes = BytesMut::new();
        let mut at = offset;
        while at < end {
            let word = self.word(at / 8).to_le_bytes();
            let from = (at % 8) as usize;
            let to = usize::try_from(end - at).map_or(8, |left| (from + left).min(8));
            bytes.put_slice(&word[from..to]);
            at += (to - from) as u64;
        }
        bytes.freeze()
    }

    pub(crate) fn bytes(&self) -> Bytes {
        self.part(0, self.len)
    }

    /// Where `bytes`, read from `offset` on, first differ.
    pub(crate) fn difference(&self, offset: u64, bytes: &[u8]) -> Option<u64> {
        first_difference(&self.part(offset, bytes.len() as u64), bytes).map(|at| offset + at as u64)
    }

    /// SplitMix64 of the place.
    fn word(&self, index: u64) -> u64 {
        let mut z = self.seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// Where two texts of bytes first differ; one that ends early differs at its end.
pub(crate) fn first_difference(expected: &[u8], got: &[u8]) -> Option<usize> {
    let common = expected.iter().zip(got).position(|(a, b)| a != b);
    common.or_else(|| (expected.len() != got.len()).then(|| expected.len().min(got.len())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn any_part_is_the_same_bytes_as_in_the_whole() {
        let pattern = Pattern::new(1003);
        let whole = pattern.bytes();
        assert_eq!(whole.len(), 1003);
        for (offset, len) in [(0, 1), (3, 5), (7, 9), (8, 8), (1000, 99), (1003, 1), (2000, 1)] {
            let (from, to) = ((offset as usize).min(1003), (offset as usize + len as usize).min(1003));
            assert_eq!(pattern.part(offset, len), whole[from..to.max(from)], "{offset}+{len}");
        }
    }

    #[test]
    fn a_difference_is_found_where_it_is() {
        let pattern = Pattern::new(100);
        let mut bytes = pattern.part(10, 50).to_vec();
        assert_eq!(pattern.difference(10, &bytes), None);
        bytes[20] ^= 1;
        assert_eq!(pattern.difference(10, &bytes), Some(30));
        assert_eq!(first_difference(b"abc", b"ab"), Some(2));
    }
}
