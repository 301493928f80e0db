//! The clocks of one HTTP/1.1 connection: how long a head may take, how long the connection may stay silent between
//! requests, and how it ends when a request was not read to its end.

use crate::{
    clock::{Clock, LazyClock, timed_out},
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
    time::{Instant, sleep},
};

/// What is dropped of a refused upload before the connection is cut.
pub(crate) const LINGER_BYTES: usize = 256 << 20;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) header: Duration,
    pub(crate) idle: Duration,
    pub(crate) linger: Duration,
}

#[derive(Debug)]
pub(crate) struct Socket<S> {
    io: S,
    limits: Limits,
    exchange: Exchange,
    clock: LazyClock,
    /// When a head began that is under way.
    head: Option<Instant>,
    /// Requests begun when `head` was set.
    before_head: usize,
    /// Since when nothing has been under way.
    idle: Option<Instant>,
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
        let head = Some(Instant::now());
        let before_head = exchange.begun();
        let clock = LazyClock::default();
        Self { io, limits, exchange, clock, head, before_head, idle: None, heard: false, linger: None }
    }

    fn head_arrived(&self) -> bool {
        self.exchange.begun() != self.before_head
    }

    /// A head is under way from its first byte until its request begins.
    fn watch_head(&mut self, got_bytes: bool) {
        self.heard |= got_bytes;
        if self.head.is_some() && self.head_arrived() {
            self.head = None;
        }
        if self.head.is_none() && got_bytes && !self.exchange.is_busy() {
            self.before_head = self.exchange.begun();
            self.head = Some(Instant::now());
        }
    }

    /// While nothing comes in.
    fn poll_clock(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(began) = self.head {
            self.idle = None;
            return match self.clock.has_passed(began + self.limits.header, context) {
                true => timed_out("the client did not send its request's head in time"),
                false => Poll::Pending,
            };
        }
        if self.exchange.is_busy() {
            self.idle = None;
            return Poll::Pending;
        }
        let since = *self.idle.get_or_insert_with(Instant::now);
        match self.clock.has_passed(since + self.limits.idle, context) {
            // As if the client had closed the connection.
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
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
        match polled {
            Poll::Pending => self.poll_clock(context),
            Poll::Ready(read) => {
                self.idle = None;
                Poll::Ready(read)
            }
        }
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
