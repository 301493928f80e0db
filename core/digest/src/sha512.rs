//! SHA-512 (FIPS 180-4), of one stream and of many at once.

#[cfg(target_arch = "x86_64")]
mod avx512;

use crate::algorithm::{Algorithm, Lane, WORDS, block_by_lane, compress_abreast, vectors_rotate};
use fearless_simd::{Simd, SimdInt, u64x4, u64x8};
use std::hint::black_box;

const BLOCK: usize = 128;

pub(crate) struct Sha512;

impl Algorithm for Sha512 {
    type Word = u64;
    const LENGTH: usize = 16;
    type State = [u64; 8];
    type Output = Vec<u8>;
    /// FIPS 180-4, section 5.3.5.
    const INITIAL: Self::State = [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ];

    fn lanes() -> usize {
        if vectors_rotate() { 8 } else { 4 }
    }

    fn compress_in_one_lane(state: &mut Self::State, blocks: &[u8]) {
        #[cfg(target_arch = "x86_64")]
        if let Some(avx512) = fearless_simd::Level::new().as_avx512() {
            return avx512::compress_in_one_lane(avx512, state, blocks);
        }
        Self::compress_by_words(state, blocks);
    }

    fn compress_by_words(state: &mut Self::State, blocks: &[u8]) {
        sha2::block_api::compress512(state, blocks.as_chunks().0);
    }

    fn compress_together(lanes: &mut [Lane<'_, Self::State>], len: usize) {
        compress_abreast!(compress, lanes, len, u64x4 of 4 or u64x8 of 8);
    }

    #[inline(always)]
    fn words(block: &[u8]) -> [u64; WORDS] {
        let mut words = [0; WORDS];
        for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
            *word = u64::from_be_bytes(*bytes);
        }
        words
    }

    fn length(bits: u128) -> [u8; 16] {
        bits.to_be_bytes()
    }

    fn output(state: Self::State) -> Self::Output {
        state.iter().flat_map(|word| word.to_be_bytes()).collect()
    }
}

#[inline(always)]
fn compress<S: Simd, V: SimdInt<S, Element = u64, Array = [u64; LANES]>, const LANES: usize>(
    simd: S,
    state: &mut [[u64; LANES]; 8],
    streams: &[&[u8]; LANES],
) {
    // The compiler shall not know the constants: it would add them last, which every step would wait for.
    let k = black_box(&K);
    let mut sums = state.map(|words| V::simd_from(simd, words));
    for at in (0..streams[0].len()).step_by(BLOCK) {
        let mut words: [V; WORDS] = block_by_lane::<Sha512, _, _, _>(simd, streams, at);
        let mut now = sums;
        for round in 0..ROUNDS {
            if round > 0 {
                extend(&mut words);
            }
            now = sixteen_steps(now, &with_constants(simd, &words, &k[round * WORDS..]), majority);
        }
        add(&mut sums, now);
    }
    *state = sums.map(|sum| *sum);
}

/// FIPS 180-4, section 4.2.3.
#[rustfmt::skip]
const K: [u64; 80] = [
    0x428a_2f98_d728_ae22, 0x7137_4491_23ef_65cd, 0xb5c0_fbcf_ec4d_3b2f, 0xe9b5_dba5_8189_dbbc,
    0x3956_c25b_f348_b538, 0x59f1_11f1_b605_d019, 0x923f_82a4_af19_4f9b, 0xab1c_5ed5_da6d_8118,
    0xd807_aa98_a303_0242, 0x1283_5b01_4570_6fbe, 0x2431_85be_4ee4_b28c, 0x550c_7dc3_d5ff_b4e2,
    0x72be_5d74_f27b_896f, 0x80de_b1fe_3b16_96b1, 0x9bdc_06a7_25c7_1235, 0xc19b_f174_cf69_2694,
    0xe49b_69c1_9ef1_4ad2, 0xefbe_4786_384f_25e3, 0x0fc1_9dc6_8b8c_d5b5, 0x240c_a1cc_77ac_9c65,
    0x2de9_2c6f_592b_0275, 0x4a74_84aa_6ea6_e483, 0x5cb0_a9dc_bd41_fbd4, 0x76f9_88da_8311_53b5,
    0x983e_5152_ee66_dfab, 0xa831_c66d_2db4_3210, 0xb003_27c8_98fb_213f, 0xbf59_7fc7_beef_0ee4,
    0xc6e0_0bf3_3da8_8fc2, 0xd5a7_9147_930a_a725, 0x06ca_6351_e003_826f, 0x1429_2967_0a0e_6e70,
    0x27b7_0a85_46d2_2ffc, 0x2e1b_2138_5c26_c926, 0x4d2c_6dfc_5ac4_2aed, 0x5338_0d13_9d95_b3df,
    0x650a_7354_8baf_63de, 0x766a_0abb_3c77_b2a8, 0x81c2_c92e_47ed_aee6, 0x9272_2c85_1482_353b,
    0xa2bf_e8a1_4cf1_0364, 0xa81a_664b_bc42_3001, 0xc24b_8b70_d0f8_9791, 0xc76c_51a3_0654_be30,
    0xd192_e819_d6ef_5218, 0xd699_0624_5565_a910, 0xf40e_3585_5771_202a, 0x106a_a070_32bb_d1b8,
    0x19a4_c116_b8d2_d0c8, 0x1e37_6c08_5141_ab53, 0x2748_774c_df8e_eb99, 0x34b0_bcb5_e19b_48a8,
    0x391c_0cb3_c5c9_5a63, 0x4ed8_aa4a_e341_8acb, 0x5b9c_ca4f_7763_e373, 0x682e_6ff3_d6b2_b8a3,
    0x748f_82ee_5def_b2fc, 0x78a5_636f_4317_2f60, 0x84c8_7814_a1f0_ab72, 0x8cc7_0208_1a64_39ec,
    0x90be_fffa_2363_1e28, 0xa450_6ceb_de82_bde9, 0xbef9_a3f7_b2c6_7915, 0xc671_78f2_e372_532b,
    0xca27_3ece_ea26_619c, 0xd186_b8c7_21c0_c207, 0xeada_7dd6_cde0_eb1e, 0xf57d_4f7f_ee6e_d178,
    0x06f0_67aa_7217_6fba, 0x0a63_7dc5_a2c8_98a6, 0x113f_9804_bef9_0dae, 0x1b71_0b35_131c_471b,
    0x28db_77f5_2304_7d84, 0x32ca_ab7b_40c7_2493, 0x3c9e_be0a_15c9_bebc, 0x431d_67c4_9c10_0d4c,
    0x4cc5_d4be_cb3e_42b6, 0x597f_299c_fc65_7e2a, 0x5fcb_6fab_3ad6_faec, 0x6c44_198c_4a47_5817,
];

/// Of sixteen steps each.
const ROUNDS: usize = K.len() / WORDS;

/// The functions of FIPS 180-4, section 4.1.3.
macro_rules! rotated {
    ($name:ident: $a:literal, $b:literal, $($rest:tt)+) => {
        #[inline(always)]
        fn $name<S: Simd, V: SimdInt<S>>(x: V) -> V {
            rotate(x, $a) ^ rotate(x, $b) ^ rotated!(@ x $($rest)+)
        }
    };
    (@ $x:ident rotate $by:literal) => { rotate($x, $by) };
    (@ $x:ident shift $by:literal) => { ($x >> $by) };
}

rotated!(big_sigma0: 28, 34, rotate 39);
rotated!(big_sigma1: 14, 18, rotate 41);
rotated!(sigma0: 1, 8, shift 7);
rotated!(sigma1: 19, 61, shift 6);

#[inline(always)]
fn rotate<S: Simd, V: SimdInt<S>>(x: V, by: u32) -> V {
    (x >> by) | (x << (64 - by))
}

/// The message schedule: the next sixteen words in place of the last sixteen.
#[inline(always)]
fn extend<S: Simd, V: SimdInt<S>>(words: &mut [V; WORDS]) {
    macro_rules! next {
        ($($next:literal)*) => { $(
            let (two, seven, fifteen) = (words[($next + 14) % 16], words[($next + 9) % 16], words[($next + 1) % 16]);
            words[$next] = sigma1(two) + (seven + sigma0(fifteen) + words[$next]);
        )* };
    }
    // Written out, so that all words stay in registers.
    next!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
}

#[inline(always)]
fn with_constants<S: Simd, V: SimdInt<S, Element = u64>>(simd: S, words: &[V; WORDS], constants: &[u64]) -> [V; WORDS] {
    let mut sums = *words;
    for (sum, constant) in sums.iter_mut().zip(constants) {
        *sum += V::splat(simd, *constant);
    }
    sums
}

#[inline(always)]
fn add<S: Simd, V: SimdInt<S>>(sums: &mut [V; 8], words: [V; 8]) {
    for (sum, word) in sums.iter_mut().zip(words) {
        *sum += word;
    }
}

/// As FIPS 180-4, section 4.1.3, has it, in fewer instructions.
#[inline(always)]
fn choice<S: Simd, V: SimdInt<S>>(e: V, f: V, g: V) -> V {
    g ^ (e & (f ^ g))
}

/// As there too.
#[inline(always)]
fn majority<S: Simd, V: SimdInt<S>>(a: V, b: V, c: V) -> V {
    (a & b) | (c & (a | b))
}

#[inline(always)]
fn sixteen_steps<S: Simd, V: SimdInt<S>>(state: [V; 8], words: &[V; WORDS], majority: impl Fn(V, V, V) -> V) -> [V; 8] {
    // Of each step. What is b, c and d in a step, or f, g and h, was a or e in the three before.
    let (mut a, mut e) = ([state[0]; WORDS + 4], [state[4]; WORDS + 4]);
    for ago in 1..4 {
        (a[3 - ago], e[3 - ago]) = (state[ago], state[4 + ago]);
    }
    let mut sums = *words;
    macro_rules! next_e {
        ($at:expr) => {
            sums[$at] = e[$at] + words[$at] + choice(e[$at + 3], e[$at + 2], e[$at + 1]) + big_sigma1(e[$at + 3]);
            e[$at + 4] = a[$at] + sums[$at];
        };
    }
    macro_rules! next_a {
        ($at:expr) => {
            a[$at + 4] = sums[$at] + (big_sigma0(a[$at + 3]) + majority(a[$at + 3], a[$at + 2], a[$at + 1]));
        };
    }
    // A step waits for the e of the one before, and four steps later for its a: what comes first is done first.
    macro_rules! steps {
        ($($at:literal)*) => { next_e!(0); $( next_e!($at); next_a!($at - 1); )* next_a!(15); };
    }
    steps!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    [a[19], a[18], a[17], a[16], e[19], e[18], e[17], e[16]]
}
