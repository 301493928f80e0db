//! Regions of a stream, kept while it goes by.

/// The bytes of one region, as far as they have come.
#[derive(Debug)]
pub(crate) struct Capture {
    start: u64,
    len: usize,
    bytes: Vec<u8>,
}

impl Capture {
    /// `len` has to be bounded by the caller, never only by the data.
    pub(crate) fn new(start: u64, len: usize) -> Self {
        Self { start, len, bytes: Vec::new() }
    }

    /// Takes what belongs to the region from a chunk that begins at `at`.
    pub(crate) fn feed(&mut self, at: u64, chunk: &[u8]) {
        let missing = self.len - self.bytes.len();
        let next = self.start.saturating_add(self.bytes.len() as u64);
        let skip = next.checked_sub(at).and_then(|skip| usize::try_from(skip).ok());
        if let Some(rest) = skip.and_then(|skip| chunk.get(skip..)) {
            self.bytes.extend_from_slice(&rest[..rest.len().min(missing)]);
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() == self.len
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The last bytes of a stream, as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    /// As much as any format looks at: the footer of a stream-optimized VMDK between its two markers.
    const KEPT: usize = 1536;

    pub(crate) fn feed(&mut self, chunk: &[u8]) {
        // Room for several small chunks, so that not each of them moves the rest.
        if self.bytes.len() + chunk.len().min(Self::KEPT) > 4 * Self::KEPT {
            let stale = self.bytes.len().saturating_sub(Self::KEPT);
            self.bytes.drain(..stale);
        }
        self.bytes.extend_from_slice(&chunk[chunk.len().saturating_sub(Self::KEPT)..]);
    }

    /// The last `count` bytes, of the 1536 that are kept.
    pub(crate) fn last(&self, count: usize) -> Option<&[u8]> {
        debug_assert!(count <= Self::KEPT);
        self.bytes.len().checked_sub(count).map(|start| &self.bytes[start..])
    }
}

/// The field at `at`. What lies behind the end reads as zeros, as it does for a block device of whole sectors.
pub(crate) fn field<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut field = [0; N];
    if let Some(rest) = bytes.get(at..) {
        let len = rest.len().min(N);
        field[..len].copy_from_slice(&rest[..len]);
    }
    field
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_region_is_the_same_whatever_the_chunks() {
        let data: Vec<u8> = (0..=255).collect();
        for size in [1, 2, 3, 7, 64, 100, 256] {
            let mut capture = Capture::new(50, 20);
            for (index, chunk) in data.chunks(size).enumerate() {
                capture.feed((index * size) as u64, chunk);
            }
            assert!(capture.is_full());
            assert_eq!(capture.bytes(), &data[50..70], "chunks of {size}");
        }
    }

    #[test]
    fn a_region_at_the_end_of_numbers_is_never_full() {
        let mut capture = Capture::new(u64::MAX - 1, 8);
        capture.feed(0, &[0; 64]);
        assert!(!capture.is_full());
    }

    #[test]
    fn the_tail_is_the_same_whatever_the_chunks() {
        let data: Vec<u8> = (0..20_000_u32).map(|n| (n % 251) as u8).collect();
        for size in [1, 100, 1535, 1536, 1537, 6144, 20_000] {
            let mut tail = Tail::default();
            data.chunks(size).for_each(|chunk| tail.feed(chunk));
            assert_eq!(tail.last(1536).unwrap(), &data[20_000 - 1536..], "chunks of {size}");
        }
    }

    #[test]
    fn a_short_stream_has_no_long_tail() {
        let mut tail = Tail::default();
        tail.feed(&[1; 511]);
        assert_eq!(tail.last(512), None);
    }

    #[test]
    fn fields_behind_the_end_are_zero() {
        assert_eq!(field(&[1, 2, 3], 2), [3, 0]);
        assert_eq!(field(&[1, 2, 3], 9), [0; 4]);
    }
}
