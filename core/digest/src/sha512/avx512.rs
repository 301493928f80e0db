//! SHA-512 of one stream, in one lane of vectors that rotate.

use super::{BLOCK, K, ROUNDS, Sha512, add, extend, sixteen_steps, with_constants};
use crate::algorithm::{Algorithm, WORDS, block_by_lane, in_all_lanes};
use core::arch::x86_64::_mm_ternarylogic_epi64;
use fearless_simd::{SimdBase, SimdInto, u64x2, u64x4, x86::Avx512};

/// How many blocks of one stream have their message schedules side by side (Gueron and Krasnov, "Parallelizing message
/// schedules to accelerate the computations of hash functions").
const ABREAST: usize = 4;

/// Words and constants added up, of blocks side by side.
type Schedules = [[[u64; ABREAST]; WORDS]; ROUNDS];

fearless_simd::kernel!(
    /// Only the steps wait for each other.
    pub(super) fn compress_in_one_lane(avx512: Avx512, state: &mut [u64; 8], blocks: &[u8]) {
        // Each bit by the three that it comes of (Intel, "Software Developer's Manual", VPTERNLOGQ). Of a formula the compiler
        // makes two instructions.
        let majority = |a: u64x2<Avx512>, b: u64x2<Avx512>, c: u64x2<Avx512>| {
            _mm_ternarylogic_epi64::<0b1110_1000>(a.into(), b.into(), c.into()).simd_into(avx512)
        };
        let (blocks, rest) = blocks.as_chunks::<BLOCK>().0.as_chunks::<ABREAST>();
        let mut sums: [u64x2<Avx512>; 8] = in_all_lanes(avx512, state);
        let mut schedules = [[[0; ABREAST]; WORDS]; ROUNDS];
        for blocks in blocks {
            schedule(avx512, blocks, &mut schedules);
            for block in 0..ABREAST {
                let mut now = sums;
                for round in &schedules {
                    now = sixteen_steps(now, &words_of(avx512, round, block), majority);
                }
                add(&mut sums, now);
            }
        }
        *state = sums.map(|sum| sum[0]);
        Sha512::compress_by_words(state, rest.as_flattened());
    }
);

#[inline(always)]
fn schedule(avx512: Avx512, blocks: &[[u8; BLOCK]; ABREAST], schedules: &mut Schedules) {
    let mut words: [u64x4<Avx512>; WORDS] =
        block_by_lane::<Sha512, _, _, _>(avx512, &blocks.each_ref().map(|block| &block[..]), 0);
    for (round, sums) in schedules.iter_mut().enumerate() {
        if round > 0 {
            extend(&mut words);
        }
        for (sum, abreast) in sums.iter_mut().zip(with_constants(avx512, &words, &K[round * WORDS..])) {
            *sum = *abreast;
        }
    }
}

#[inline(always)]
fn words_of(avx512: Avx512, round: &[[u64; ABREAST]; WORDS], block: usize) -> [u64x2<Avx512>; WORDS] {
    let mut words = [u64x2::splat(avx512, 0); WORDS];
    for (word, abreast) in words.iter_mut().zip(round) {
        *word = u64x2::splat(avx512, abreast[block]);
    }
    words
}
