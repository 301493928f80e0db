//! The clocks of one HTTP/1.1 connection that hyper does not keep: how long a head may take, and how a connection ends
//! whose request was not read to its end.

use crate::{
    clock::{Clock, has_passed, timed_out},
    exchange::Exchange,
};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::sleep,
};

/// What is dropped of a refused upload before the connection is cut.
pub(crate) const LINGER_BYTES: usize = 256 << 20;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) header: Duration,
    pub(crate) linger: Duration,
}

#[derive(Debug)]
pub(crate) struct Socket<S> {
    io: S,
    limits: Limits,
    exchange: Exchange,
    /// Runs while a head is under way.
    head: Option<Clock>,
    /// Requests begun when `head` was set.
    before_head: usize,
    /// Anything came in at all.
    heard: bool,
    linger: Option<Linger>,
}

#[derive(Debug)]
struct Linger {
    deadline: Clock,
    left: usize,
}

impl<S> Socket<S> {
    pub(crate) fn new(io: S, limits: Limits, exchange: Exchange) -> Self {
        // A peer that connects and says nothing is as slow as one that says half a head.
        let head = Some(Box::pin(sleep(limits.header)));
        Self { io, limits, before_head: exchange.begun(), heard: false, exchange, head, linger: None }
    }

    fn head_arrived(&self) -> bool {
        self.exchange.begun() != self.before_head
    }

    /// The clock of a head: starts with its first byte, stops when its request begins.
    fn watch_head(&mut self, got_bytes: bool) {
        self.heard |= got_bytes;
        if self.head.is_some() && self.head_arrived() {
            self.head = None;
        }
        if self.head.is_none() && got_bytes && !self.exchange.is_busy() {
            self.before_head = self.exchange.begun();
            self.head = Some(Box::pin(sleep(self.limits.header)));
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        self.watch_head(buffer.filled().len() > before);
        if polled.is_pending() && has_passed(&mut self.head, context) {
            return timed_out("the client did not send its request's head in time");
        }
        polled
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Reads and drops what still comes in. Closing a socket with unread bytes resets the connection, and a reset
    /// takes the answer away from a client that is still sending.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Self { io, linger, limits, .. } = self;
        let linger =
            linger.get_or_insert_with(|| Linger { deadline: Box::pin(sleep(limits.linger)), left: LINGER_BYTES });
        let mut scratch = [0; 16 << 10];
        loop {
            if linger.deadline.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut *io).poll_read(context, &mut buffer));
            let dropped = buffer.filled().len();
            linger.left = linger.left.saturating_sub(dropped);
            if read.is_err() || dropped == 0 || linger.left == 0 {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.io).poll_shutdown(context))?;
            let refused_head = self.heard && self.head.is_some() && !self.head_arrived();
            if !refused_head && !self.exchange.left_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_linger(context).map(Ok)
    }
}
