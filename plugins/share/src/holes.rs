//! Blocks of zeros, which a sparse file leaves out.

use std::ops::Range;

/// The unit of a hole; every common file system can leave out a block of this size.
const BLOCK: usize = 4096;

/// The parts of a chunk that starts at `start` of the file, without the whole blocks of zeros in it.
pub(crate) fn data_runs(start: u64, chunk: &[u8]) -> Vec<Range<usize>> {
    const ZEROS: [u8; BLOCK] = [0; BLOCK];
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < chunk.len() {
        let into_block = ((start + at as u64) % BLOCK as u64) as usize;
        let end = chunk.len().min(at + BLOCK - into_block);
        if chunk[at..end] != ZEROS {
            match runs.last_mut() {
                Some(run) if run.end == at => run.end = end,
                _ => runs.push(at..end),
            }
        }
        at = end;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_aligned_blocks_of_zeros_are_left_out() {
        let runs = |start, chunk: &[u8]| -> Vec<_> {
            let runs = data_runs(start, chunk).into_iter();
            runs.map(|run| (run.start, run.end)).collect()
        };
        let mut chunk = vec![0; 4 * BLOCK];
        assert_eq!(runs(0, &chunk), []);
        assert_eq!(runs(0, &chunk[..BLOCK - 1]), [(0, BLOCK - 1)]);
        let unaligned = [(0, BLOCK - 1), (2 * BLOCK - 1, 2 * BLOCK)];
        assert_eq!(runs(1, &chunk[..2 * BLOCK]), unaligned);

        chunk[BLOCK] = 1;
        chunk[3 * BLOCK - 1] = 1;
        assert_eq!(runs(0, &chunk), [(BLOCK, 3 * BLOCK)]);
        assert_eq!(runs(8 * BLOCK as u64, &chunk), [(BLOCK, 3 * BLOCK)]);
    }
}
