//! MD5 (RFC 1321), of one stream and of many at once.

use crate::algorithm::{Algorithm, Lane, WORDS, block_by_lane, compress_abreast, in_all_lanes, vectors_rotate};
use fearless_simd::{Level, Simd, SimdInt, dispatch, u32x4, u32x8, u32x16};
use std::hint::black_box;

const BLOCK: usize = 64;

pub(crate) struct Md5;

impl Algorithm for Md5 {
    type Word = u32;
    const LENGTH: usize = 8;
    type State = [u32; 4];
    type Output = Vec<u8>;
    const INITIAL: Self::State = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

    fn lanes() -> usize {
        if vectors_rotate() { 16 } else { 8 }
    }

    fn compress_in_one_lane(state: &mut Self::State, blocks: &[u8]) {
        dispatch!(Level::new(), simd => compress_in_one_lane(simd, state, blocks));
    }

    fn compress_by_words(state: &mut Self::State, blocks: &[u8]) {
        md5::block_api::compress(state, blocks.as_chunks().0);
    }

    fn compress_together(lanes: &mut [Lane<'_, Self::State>], len: usize) {
        compress_abreast!(compress, lanes, len, u32x8 of 8 or u32x16 of 16);
    }

    #[inline(always)]
    fn words(block: &[u8]) -> [u32; WORDS] {
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        words
    }

    fn length(bits: u128) -> [u8; 16] {
        bits.to_le_bytes()
    }

    fn output(state: Self::State) -> Self::Output {
        state.iter().flat_map(|word| word.to_le_bytes()).collect()
    }
}

/// The compiler shall not know the table: it would add what is constant last, which every step would wait for.
fn table() -> &'static [[u32; 16]; 4] {
    black_box(&T)
}

#[inline(always)]
fn compress<S: Simd, V: SimdInt<S, Element = u32, Array = [u32; LANES]>, const LANES: usize>(
    simd: S,
    state: &mut [[u32; LANES]; 4],
    streams: &[&[u8]; LANES],
) {
    let t = table();
    let mut sums = state.map(|words| V::simd_from(simd, words));
    for at in (0..streams[0].len()).step_by(BLOCK) {
        sums = take_in(simd, sums, &block_by_lane::<Md5, _, V, _>(simd, streams, at), t);
    }
    *state = sums.map(|sum| *sum);
}

#[inline(always)]
fn compress_in_one_lane<S: Simd>(simd: S, state: &mut [u32; 4], blocks: &[u8]) {
    let t = table();
    let mut sums: [u32x4<S>; 4] = in_all_lanes(simd, state);
    for block in blocks.as_chunks::<BLOCK>().0 {
        sums = take_in(simd, sums, &in_all_lanes(simd, &Md5::words(block)), t);
    }
    // From memory: else the compiler has that lane outside of the vectors after each block, which the next one waits for.
    *state = sums.map(|sum| black_box(*sum)[0]);
}

/// RFC 1321, section 3.4: the table T, by the round.
#[rustfmt::skip]
const T: [[u32; 16]; 4] = [
    [
        0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
        0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    ],
    [
        0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
        0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    ],
    [
        0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
        0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    ],
    [
        0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
        0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
    ],
];

/// The same section: by how much each of four steps in a row rotates, by the round.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The functions F, G, H and I of the same section.
#[inline(always)]
fn f<S: Simd, V: SimdInt<S>>(x: V, y: V, z: V) -> V {
    z ^ (x & (y ^ z))
}

#[inline(always)]
fn g<S: Simd, V: SimdInt<S>>(x: V, y: V, z: V) -> V {
    y ^ (z & (x ^ y))
}

#[inline(always)]
fn h<S: Simd, V: SimdInt<S>>(x: V, y: V, z: V) -> V {
    x ^ y ^ z
}

#[inline(always)]
fn i<S: Simd, V: SimdInt<S>>(x: V, y: V, z: V) -> V {
    y ^ (x | !z)
}

/// One block of each lane.
#[inline(always)]
fn take_in<S: Simd, V: SimdInt<S, Element = u32>>(
    simd: S,
    sums: [V; 4],
    words: &[V; WORDS],
    t: &[[u32; 16]; 4],
) -> [V; 4] {
    let [mut a, mut b, mut c, mut d] = sums;
    macro_rules! step {
        ($a:ident $b:ident $c:ident $d:ident, $round:literal $mix:ident $word:expr, $step:expr) => {
            let constant = V::splat(simd, t[$round][$step]);
            let sum = $a + (words[$word % WORDS] + constant) + $mix($b, $c, $d);
            let by = ROTATIONS[$round][$step % 4];
            $a = $b + ((sum << by) | (sum >> (32 - by)));
        };
    }
    // Each step has a word of the block of its own: from `first` on, every `stride`th.
    macro_rules! round {
        ($round:literal $mix:ident $stride:literal $first:literal) => {
            round!($round $mix $stride $first: 0 4 8 12);
        };
        // Written out, so that words and rotations are known when it is compiled.
        ($round:literal $mix:ident $stride:literal $first:literal: $($step:literal)*) => { $(
            step!(a b c d, $round $mix $stride * $step + $first, $step);
            step!(d a b c, $round $mix $stride * ($step + 1) + $first, $step + 1);
            step!(c d a b, $round $mix $stride * ($step + 2) + $first, $step + 2);
            step!(b c d a, $round $mix $stride * ($step + 3) + $first, $step + 3);
        )* };
    }
    round!(0 f 1 0);
    round!(1 g 5 1);
    round!(2 h 3 5);
    round!(3 i 7 0);
    let [s, t, u, v] = sums;
    [s + a, t + b, u + c, v + d]
}
