//! A stream in chunks of any size, cut into blocks.

use crate::algorithm::{Algorithm, LONGEST_BLOCK, Lane};

pub(crate) struct Stream<A: Algorithm> {
    state: A::State,
    length: u128,
    /// The block that has begun.
    begun: [u8; LONGEST_BLOCK],
}

impl<A: Algorithm> Stream<A> {
    pub(crate) fn new() -> Self {
        Self { state: A::INITIAL, length: 0, begun: [0; LONGEST_BLOCK] }
    }

    /// Bytes of the block that has begun.
    fn filled(&self) -> usize {
        (self.length % A::BLOCK as u128) as usize
    }

    /// Takes in what ends the block that has begun, keeps what begins another, and gives the whole blocks between them.
    fn cut<'a>(&'a mut self, chunk: &'a [u8]) -> Lane<'a, A::State> {
        let filled = self.filled();
        self.length += chunk.len() as u128;
        let missing = if filled == 0 { 0 } else { A::BLOCK - filled };
        let Some((end, rest)) = chunk.split_at_checked(missing) else {
            self.begun[filled..filled + chunk.len()].copy_from_slice(chunk);
            return Lane { state: &mut self.state, blocks: &[] };
        };
        if !end.is_empty() {
            self.begun[filled..A::BLOCK].copy_from_slice(end);
            A::compress(&mut self.state, &self.begun[..A::BLOCK]);
        }
        let (blocks, beginning) = rest.split_at(rest.len() - rest.len() % A::BLOCK);
        self.begun[..beginning.len()].copy_from_slice(beginning);
        Lane { state: &mut self.state, blocks }
    }

    /// Pads the end as both algorithms do: a bit, zeros, and the length at the end of a block.
    pub(crate) fn finish(mut self) -> A::Output {
        let filled = self.filled();
        let mut padded = [0; 2 * LONGEST_BLOCK];
        padded[..filled].copy_from_slice(&self.begun[..filled]);
        padded[filled] = 0x80;
        let end = (filled + 1 + A::LENGTH).next_multiple_of(A::BLOCK);
        padded[end - A::LENGTH..end].copy_from_slice(&A::length(self.length * 8)[..A::LENGTH]);
        A::compress(&mut self.state, &padded[..end]);
        A::output(self.state)
    }
}

/// Has as many streams side by side as there are lanes, as long as there are two with blocks left.
pub(crate) fn update_together<A: Algorithm>(work: Vec<(&mut Stream<A>, &[u8])>) {
    let mut left: Vec<_> = work.into_iter().map(|(stream, chunk)| stream.cut(chunk)).collect();
    left.retain(|lane| !lane.blocks.is_empty());
    while left.len() > 1 {
        let abreast = left.len().min(A::lanes());
        let common = left[..abreast].iter().map(|lane| lane.blocks.len()).min().unwrap_or(0);
        A::compress_together(&mut left[..abreast], common);
        left.retain(|lane| !lane.blocks.is_empty());
    }
    for alone in left {
        A::compress(alone.state, alone.blocks);
    }
}
