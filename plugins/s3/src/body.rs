//! A part as the body of a request, chunk by chunk and without copying.

use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use casement_object::Part;
use casement_sdk::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    vec::IntoIter,
};

struct Chunks {
    chunks: IntoIter<Bytes>,
    left: u64,
}

pub(crate) fn stream(part: Part) -> ByteStream {
    let left = part.len();
    ByteStream::new(SdkBody::from_body_1_x(Chunks { chunks: part.into_chunks().into_iter(), left }))
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = self.chunks.next();
        self.left -= next.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(next.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
