//! The clocks of one connection that hyper does not keep: how long a head may take, how long a client may take
//! nothing, and how a connection ends whose request was not read to its end. Works on TCP and on TLS above it.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// What is dropped of a refused upload before the connection is cut.
const LINGER_BYTES: usize = 256 << 20;

/// What the requests of a connection tell its socket.
#[derive(Debug, Clone, Default)]
pub(crate) struct Exchange(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    begun: AtomicUsize,
    ended: AtomicUsize,
    unread: AtomicBool,
}

impl Exchange {
    /// A head is complete.
    pub(crate) fn begin(&self) {
        self.0.begun.fetch_add(1, Ordering::AcqRel);
    }

    /// Its answer is out.
    pub(crate) fn end(&self) {
        self.0.ended.fetch_add(1, Ordering::AcqRel);
    }

    /// The last request's body was not read to its end.
    pub(crate) fn leave_unread(&self) {
        self.0.unread.store(true, Ordering::Release);
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Acquire)
    }

    fn is_busy(&self) -> bool {
        self.begun() != self.0.ended.load(Ordering::Acquire)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) header: Duration,
    pub(crate) write: Duration,
    pub(crate) linger: Duration,
}

#[derive(Debug)]
pub(crate) struct Socket<S> {
    io: S,
    limits: Limits,
    exchange: Exchange,
    /// Runs while a head is under way.
    head: Option<Pin<Box<Sleep>>>,
    /// Requests begun when `head` was set.
    before_head: usize,
    /// Anything came in at all.
    heard: bool,
    /// Runs while the client takes nothing.
    write: Option<Pin<Box<Sleep>>>,
    linger: Option<Linger>,
}

#[derive(Debug)]
struct Linger {
    deadline: Pin<Box<Sleep>>,
    left: usize,
}

impl<S> Socket<S> {
    pub(crate) fn new(io: S, limits: Limits, exchange: Exchange) -> Self {
        // A peer that connects and says nothing is as slow as one that says half a head.
        let head = Some(Box::pin(sleep(limits.header)));
        Self { io, limits, before_head: exchange.begun(), heard: false, exchange, head, write: None, linger: None }
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

fn has_passed(clock: &mut Option<Pin<Box<Sleep>>>, context: &mut Context<'_>) -> bool {
    clock.as_mut().is_some_and(|clock| clock.as_mut().poll(context).is_ready())
}

fn timed_out<T>(what: &str) -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, what)))
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
    /// Passes on what a write came to, unless nothing moved for too long.
    fn watch_write<T>(&mut self, context: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.write = None;
            return polled;
        }
        let limit = self.limits.write;
        self.write.get_or_insert_with(|| Box::pin(sleep(limit)));
        if has_passed(&mut self.write, context) {
            return timed_out("the client took nothing of its answer for too long");
        }
        polled
    }

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
        let polled = Pin::new(&mut self.io).poll_write(context, bytes);
        self.watch_write(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(context, slices);
        self.watch_write(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(context);
        self.watch_write(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.io).poll_shutdown(context))?;
            let refused_head = self.heard && self.head.is_some() && !self.head_arrived();
            if !refused_head && !self.exchange.0.unread.load(Ordering::Acquire) {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_linger(context).map(Ok)
    }
}
