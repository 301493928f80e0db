//! Image data on its way in: frames of a body, which become chunks of an even size, so that what follows works on few
//! large pieces.

use bytes::{Bytes, BytesMut};
use futures_util::{
    Stream, StreamExt,
    stream::{self, Fuse},
};
use std::{collections::VecDeque, pin::Pin};

/// Bytes of chunks whose memory one body waits for, to use it again.
const LENT: usize = 8 << 20;

/// Why a body ended before its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// The connection broke, or the body is not what its framing says.
    Cut(String),
    /// Nothing came for too long, or less than the minimum rate.
    Stalled,
}

/// Image data on its way in, as it comes.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, BodyError>> + Send>>;

/// Chunks of at most `size` bytes, and of just that wherever frames are small. Frames of half that size and more are
/// handed on as they are; only smaller ones are copied together.
pub(crate) fn gather(frames: BodyStream, size: usize) -> BodyStream {
    let gather =
        Gather { frames: frames.fuse(), size, rest: Bytes::new(), pending: BytesMut::new(), lent: VecDeque::new() };
    Box::pin(stream::unfold(Some(gather), |state| async {
        let mut gather = state?;
        match gather.next().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(gather))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    }))
}

struct Gather {
    /// Asked once more after its end, when the last small frames were handed on.
    frames: Fuse<BodyStream>,
    size: usize,
    /// What is left of the last frame.
    rest: Bytes,
    /// Small frames, together.
    pending: BytesMut,
    /// Whole chunks that were handed on, the oldest first. The system clears each page that it hands out, which takes as long
    /// as to fill it.
    lent: VecDeque<Bytes>,
}

impl Gather {
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        loop {
            if self.rest.is_empty() {
                match self.frames.next().await.transpose()? {
                    Some(frame) => self.rest = frame,
                    None if self.pending.is_empty() => return Ok(None),
                    None => return Ok(Some(self.pending.split().freeze())),
                }
            }
            if self.rest.len() >= self.size / 2 {
                if !self.pending.is_empty() {
                    return Ok(Some(self.pending.split().freeze()));
                }
                let take = self.rest.len().min(self.size);
                return Ok(Some(self.rest.split_to(take)));
            }
            if let Some(chunk) = self.copy() {
                return Ok(Some(chunk));
            }
        }
    }

    fn copy(&mut self) -> Option<Bytes> {
        if self.pending.is_empty() {
            self.pending = self.memory();
        }
        let take = self.rest.len().min(self.size - self.pending.len());
        self.pending.extend_from_slice(&self.rest.split_to(take));
        if self.pending.len() < self.size {
            return None;
        }
        let chunk = std::mem::take(&mut self.pending).freeze();
        if self.lent.len() * self.size < LENT {
            self.lent.push_back(chunk.clone());
        }
        Some(chunk)
    }

    /// For a whole chunk: that of the oldest one, if nobody reads it any more.
    fn memory(&mut self) -> BytesMut {
        match self.lent.pop_front().map(Bytes::try_into_mut) {
            Some(Ok(mut memory)) => {
                memory.clear();
                return memory;
            }
            Some(Err(in_use)) => self.lent.push_front(in_use),
            None => {}
        }
        BytesMut::with_capacity(self.size)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Like a real body, this one must not be polled after its end.
    fn stream_of(frames: Vec<Result<Bytes, BodyError>>) -> BodyStream {
        Box::pin(stream::unfold(frames.into_iter(), |mut frames| async { Some((frames.next()?, frames)) }))
    }

    async fn sizes(frames: &[usize], size: usize) -> Vec<usize> {
        let bytes: Vec<u8> = (0..frames.iter().sum()).map(|at| at as u8).collect();
        let mut whole = Bytes::from(bytes.clone());
        let frames = frames.iter().map(|len| Ok(whole.split_to(*len))).collect();
        let chunks: Vec<Bytes> = gather(stream_of(frames), size).map(Result::unwrap).collect().await;
        assert_eq!(chunks.concat(), bytes);
        chunks.iter().map(Bytes::len).collect()
    }

    #[tokio::test]
    async fn small_frames_fill_chunks_exactly_and_the_last_one_is_what_is_left() {
        assert_eq!(sizes(&[30; 10], 100).await, [100, 100, 100]);
        assert_eq!(sizes(&[30; 11], 100).await, [100, 100, 100, 30]);
        assert_eq!(sizes(&[], 100).await, [0; 0]);
        assert_eq!(sizes(&[0, 0, 1], 100).await, [1]);
    }

    #[tokio::test]
    async fn large_frames_pass_between_small_ones_and_are_cut_to_the_size() {
        assert_eq!(sizes(&[10, 60, 10, 250, 5], 100).await, [10, 60, 10, 100, 100, 50, 5]);
    }

    #[tokio::test]
    async fn a_large_frame_is_not_copied() {
        let frame = Bytes::from(vec![7; 100]);
        let mut chunks = gather(stream_of(vec![Ok(frame.clone())]), 100);
        assert_eq!(chunks.next().await.unwrap().unwrap().as_ptr(), frame.as_ptr());
    }

    #[tokio::test]
    async fn the_memory_of_a_chunk_is_used_again_when_nobody_reads_it() {
        let frames = (0..400).map(|at| Ok(Bytes::from(vec![at as u8; 25]))).collect();
        let mut chunks = gather(stream_of(frames), 100).map(Result::unwrap);
        let first = chunks.next().await.unwrap();
        let (place, text) = (first.as_ptr(), first.to_vec());
        let read: Vec<_> = chunks.by_ref().take(20).collect().await;
        assert_eq!(first, text, "it is still read");
        assert!(read.iter().all(|chunk| chunk.as_ptr() != place));
        drop(first);
        assert_eq!(chunks.next().await.unwrap().as_ptr(), place);
    }

    #[tokio::test]
    async fn an_error_comes_last() {
        for error in [BodyError::Stalled, BodyError::Cut("reset".into())] {
            let frames =
                stream_of(vec![Ok(Bytes::from_static(b"ab")), Err(error.clone()), Ok(Bytes::from_static(b"c"))]);
            let chunks: Vec<_> = gather(frames, 100).collect().await;
            assert_eq!(chunks, [Err(error)]);
        }
    }
}
