//! What differs between the digests that have lanes, and what they share.
//!
//! What has `#[inline(always)]` becomes a part of code that is compiled for the vectors of one kind of processor. It has loops
//! in place of closures: those would be compiled for what every processor can do, and called.

use fearless_simd::{Level, Simd, SimdBase, SimdElement};
use std::array;

/// The longest block of them all.
pub(crate) const LONGEST_BLOCK: usize = 128;
/// Words of a block.
pub(crate) const WORDS: usize = 16;

pub(crate) trait Algorithm {
    type Word: SimdElement;
    /// Bytes that are taken in at once.
    const BLOCK: usize = WORDS * size_of::<Self::Word>();
    /// Bytes at the end of the padding that hold the length.
    const LENGTH: usize;
    type State: Copy;
    type Output: AsRef<[u8]>;
    const INITIAL: Self::State;

    fn words(block: &[u8]) -> [Self::Word; WORDS];

    /// How many streams at once there are lanes for.
    fn lanes() -> usize;

    /// Takes in whole blocks of one stream.
    fn compress(state: &mut Self::State, blocks: &[u8]) {
        match vectors_rotate() {
            true => Self::compress_in_one_lane(state, blocks),
            false => Self::compress_by_words(state, blocks),
        }
    }

    /// By vectors of which one lane counts: all do the same.
    fn compress_in_one_lane(state: &mut Self::State, blocks: &[u8]);

    /// By the crate for it.
    fn compress_by_words(state: &mut Self::State, blocks: &[u8]);

    /// Takes in the first `len` bytes, which are whole blocks, of up to [`Self::lanes`] streams.
    fn compress_together(lanes: &mut [Lane<'_, Self::State>], len: usize);

    /// The length of the stream in bits, in the algorithm's order of bytes.
    fn length(bits: u128) -> [u8; 16];

    fn output(state: Self::State) -> Self::Output;
}

/// A stream with whole blocks to take in.
pub(crate) struct Lane<'a, S> {
    pub state: &'a mut S,
    pub blocks: &'a [u8],
}

/// Whether registers of vectors rotate, and combine three words, in one instruction (AVX-512 has both). A stream by itself
/// is then faster in one lane of them than in the registers of words; and a register is twice as wide.
#[cfg(target_arch = "x86_64")]
pub(crate) fn vectors_rotate() -> bool {
    Level::new().as_avx512().is_some()
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn vectors_rotate() -> bool {
    false
}

/// Turns states by the stream into words by the lane, has `compress` work on them, and turns them back.
pub(crate) fn transposed<W: Copy, const STATE: usize, const LANES: usize>(
    lanes: &mut [Lane<'_, [W; STATE]>],
    len: usize,
    compress: impl FnOnce(&mut [[W; LANES]; STATE], &[&[u8]; LANES]),
) {
    // An idle lane does the work of the last one once more, for nothing.
    let source = |lane: usize| lane.min(lanes.len() - 1);
    let blocks: [&[u8]; LANES] = array::from_fn(|lane| &lanes[source(lane)].blocks[..len]);
    let mut words: [[W; LANES]; STATE] = array::from_fn(|word| array::from_fn(|lane| lanes[source(lane)].state[word]));
    compress(&mut words, &blocks);
    for (at, lane) in lanes.iter_mut().enumerate() {
        *lane.state = array::from_fn(|word| words[word][at]);
        lane.blocks = &lane.blocks[len..];
    }
}

/// Has a kernel work on some lanes, in the narrower of two vectors that has room for all of them.
macro_rules! compress_abreast {
    ($kernel:ident, $lanes:ident, $len:ident, $narrow:ident of $few:literal or $wide:ident of $many:literal) => {
        match $lanes.len() {
            ..=$few => $crate::algorithm::transposed($lanes, $len, |words, blocks| {
                fearless_simd::dispatch!(fearless_simd::Level::new(), simd => $kernel::<_, $narrow<_>, $few>(simd, words, blocks));
            }),
            _ => $crate::algorithm::transposed($lanes, $len, |words, blocks| {
                fearless_simd::dispatch!(fearless_simd::Level::new(), simd => $kernel::<_, $wide<_>, $many>(simd, words, blocks));
            }),
        }
    };
}
pub(crate) use compress_abreast;

/// One block of each stream, the one at `at`, as words by the lane.
#[inline(always)]
pub(crate) fn block_by_lane<A: Algorithm, S: Simd, V, const LANES: usize>(
    simd: S,
    streams: &[&[u8]; LANES],
    at: usize,
) -> [V; WORDS]
where
    V: SimdBase<S, Element = A::Word, Array = [A::Word; LANES]>,
{
    let mut blocks = [A::words(&streams[0][at..at + A::BLOCK]); LANES];
    for (block, stream) in blocks.iter_mut().zip(streams) {
        *block = A::words(&stream[at..at + A::BLOCK]);
    }
    let mut words = in_all_lanes(simd, &blocks[0]);
    for (group, words) in words.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
        for (word, block) in words.iter_mut().zip(&blocks) {
            *word = V::simd_from(simd, block.as_chunks().0[group]);
        }
        transpose(words);
    }
    words
}

/// Each word in all lanes.
#[inline(always)]
pub(crate) fn in_all_lanes<S: Simd, V: SimdBase<S>, const COUNT: usize>(
    simd: S,
    words: &[V::Element; COUNT],
) -> [V; COUNT] {
    let mut vectors = [V::splat(simd, words[0]); COUNT];
    for (vector, word) in vectors.iter_mut().zip(words) {
        *vector = V::splat(simd, *word);
    }
    vectors
}

/// Makes rows columns, by perfect shuffles.
#[inline(always)]
fn transpose<S: Simd, V: SimdBase<S>, const LANES: usize>(rows: &mut [V; LANES]) {
    for _ in 0..LANES.ilog2() {
        let shuffled = *rows;
        for at in 0..LANES / 2 {
            let (one, other) = (shuffled[at], shuffled[at + LANES / 2]);
            rows[2 * at] = one.zip_low(other);
            rows[2 * at + 1] = one.zip_high(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{md5::Md5, sha512::Sha512};
    use std::fmt::Debug;

    /// Processors whose vectors don't rotate never come there otherwise. With SHA-512 they have no other way than the crate.
    #[test]
    fn any_number_of_blocks_in_one_lane_has_the_digest_of_the_crate() {
        in_one_lane_and_by_the_crate::<Md5>();
        in_one_lane_and_by_the_crate::<Sha512>();
    }

    fn in_one_lane_and_by_the_crate<A: Algorithm<State: PartialEq + Debug>>() {
        for blocks in 0..20 {
            let data: Vec<u8> = std::iter::repeat_with(|| fastrand::u8(..)).take(blocks * A::BLOCK).collect();
            let (mut here, mut there) = (A::INITIAL, A::INITIAL);
            A::compress_in_one_lane(&mut here, &data);
            A::compress_by_words(&mut there, &data);
            assert_eq!(here, there, "{blocks} blocks");
        }
    }
}
