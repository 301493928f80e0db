//! How large each part of an object is.

use casement_sdk::{Error, Kind, Result};

/// For how many parts of an object of unknown size the size of a part stays the same, as a share of all parts.
const STEPS: u32 = 5;
/// How many times larger the parts of the next step are.
const GROWTH: u64 = 4;

/// The sizes of an object's parts: all the same where its size is known, else growing, so that a small number of parts
/// makes a large object.
///
/// With parts of 8 MiB and 10,000 of them, the first 16 GiB of an unknown size go in parts of 8 MiB, up to 80 GiB in parts
/// of 32 MiB, up to 336 GiB of 128 MiB, up to 1.3 TiB of 512 MiB, and the rest, up to 5.3 TiB, of 2 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartSizes {
    first: u64,
    max: u64,
    parts: u32,
    grows: bool,
}

impl PartSizes {
    /// For an object of `size` bytes, where that is known, in at most `parts` parts of `preferred` bytes or, where that
    /// does not do, more, and never more than `max`.
    ///
    /// # Errors
    /// [`Kind::NoSpace`] when an object of this size cannot be stored at all.
    pub fn new(size: Option<u64>, preferred: u64, max: u64, parts: u32) -> Result<Self> {
        let preferred = preferred.clamp(1, max.max(1));
        let Some(size) = size else {
            return Ok(Self { first: preferred, max, parts, grows: true });
        };
        let needed = size.div_ceil(u64::from(parts.max(1)));
        if needed > max {
            let limit = max.saturating_mul(u64::from(parts));
            return Err(Error::new(
                Kind::NoSpace,
                format!("{size} bytes are more than this store takes in one object ({limit})"),
            ));
        }
        Ok(Self { first: preferred.max(needed), max, parts, grows: false })
    }

    /// The size of part `number`, counted from 0.
    ///
    /// # Errors
    /// [`Kind::NoSpace`] behind the last part that the store takes.
    pub fn of(&self, number: u32) -> Result<u64> {
        if number >= self.parts {
            return Err(Error::new(
                Kind::NoSpace,
                format!(
                    "the object has more than {} parts, and the store takes no more: announce its size",
                    self.parts
                ),
            ));
        }
        if !self.grows {
            return Ok(self.first);
        }
        let step = number / self.parts.div_ceil(STEPS);
        Ok(self.first.saturating_mul(GROWTH.saturating_pow(step)).min(self.max))
    }

    /// The size of the first part.
    pub fn first(&self) -> u64 {
        self.first
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MIB: u64 = 1 << 20;
    const TIB: u64 = 1 << 40;

    /// What Amazon documents under "Amazon S3 multipart upload limits".
    fn s3(size: Option<u64>) -> Result<PartSizes> {
        PartSizes::new(size, 8 * MIB, 5 << 30, 10_000)
    }

    fn capacity(sizes: &PartSizes) -> u64 {
        (0..10_000).map(|number| sizes.of(number).unwrap()).sum()
    }

    #[test]
    fn parts_of_a_known_size_are_all_the_same_and_there_are_enough_of_them() {
        for (size, part) in [(0, 8 * MIB), (1, 8 * MIB), (80_000 * MIB, 8 * MIB), (80_000 * MIB + 1, 8 * MIB + 1)] {
            let sizes = s3(Some(size)).unwrap();
            assert_eq!(sizes.of(0).unwrap(), part, "{size}");
            assert_eq!(sizes.of(9_999).unwrap(), part, "{size}");
            assert!(capacity(&sizes) >= size, "{size}");
        }
    }

    #[test]
    fn parts_of_an_unknown_size_grow_slowly_and_reach_the_largest_object() {
        let sizes = s3(None).unwrap();
        assert_eq!((sizes.of(0).unwrap(), sizes.of(1_999).unwrap()), (8 * MIB, 8 * MIB));
        assert_eq!(sizes.of(2_000).unwrap(), 32 * MIB);
        assert!(capacity(&sizes) >= 5 * TIB);
    }

    #[test]
    fn what_the_store_cannot_hold_is_refused() {
        assert_eq!(s3(Some(50_000 * (1 << 30) + 1)).unwrap_err().kind(), Kind::NoSpace);
        for sizes in [s3(Some(1)).unwrap(), s3(None).unwrap()] {
            assert_eq!(sizes.of(10_000).unwrap_err().kind(), Kind::NoSpace);
        }
        let small = PartSizes::new(None, 8 * MIB, 4 * MIB, 3).unwrap();
        assert_eq!(small.of(2).unwrap(), 4 * MIB);
    }
}
