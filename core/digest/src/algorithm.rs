//! What differs between the digests that have lanes.

use std::array;

/// The longest block and the longest digest of them all.
pub(crate) const LONGEST_BLOCK: usize = 128;

pub(crate) trait Algorithm {
    /// Bytes that are taken in at once.
    const BLOCK: usize;
    /// Bytes at the end of the padding that hold the length.
    const LENGTH: usize;
    /// Streams at once.
    const LANES: usize;
    type State: Copy;
    type Output: AsRef<[u8]>;
    const INITIAL: Self::State;

    /// Takes in whole blocks of one stream.
    fn compress(state: &mut Self::State, blocks: &[u8]);

    /// Takes in the first `len` bytes, which are whole blocks, of up to [`Self::LANES`] streams.
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

/// Turns states by the stream into words by the lane, has `compress` work on them, and turns them back.
pub(crate) fn transposed<W: Copy, const WORDS: usize, const LANES: usize>(
    lanes: &mut [Lane<'_, [W; WORDS]>],
    len: usize,
    compress: impl FnOnce(&mut [[W; LANES]; WORDS], &[&[u8]; LANES]),
) {
    // An idle lane does the work of the last one once more, for nothing.
    let source = |lane: usize| lane.min(lanes.len() - 1);
    let blocks: [&[u8]; LANES] = array::from_fn(|lane| &lanes[source(lane)].blocks[..len]);
    let mut words: [[W; LANES]; WORDS] = array::from_fn(|word| array::from_fn(|lane| lanes[source(lane)].state[word]));
    compress(&mut words, &blocks);
    for (at, lane) in lanes.iter_mut().enumerate() {
        *lane.state = array::from_fn(|word| words[word][at]);
        lane.blocks = &lane.blocks[len..];
    }
}
