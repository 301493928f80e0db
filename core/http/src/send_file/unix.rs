//! Linux: sendfile(2).

use super::{Files, STAND_IN};
use casement_service::FilePart;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::sendfile,
    io::{Errno, pread, retry_on_intr, write},
};
use socket2::SockRef;
use std::{
    fs::File,
    io::{self, ErrorKind, IoSlice},
    net::Shutdown,
    os::fd::{AsFd, OwnedFd},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
    task::{JoinHandle, spawn_blocking},
};

/// Bytes of a file that are copied at once where the system does not send it.
const COPIED: usize = 128 << 10;
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
/// Bytes that are sent by one call: a slow disk takes its time for them.
const SENT: usize = 1 << 20;
/// After this long what was sent is told, so that a slow disk is not taken for a client that takes nothing.
const TURN: Duration = Duration::from_millis(100);
/// How long a thread waits for a client.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 1_000_000 };

/// A connection without TLS, and the files that it is to send.
pub(crate) fn plain(stream: TcpStream) -> (SendFile, Option<Files>) {
    let files = Files::default();
    (SendFile { stream, files: files.clone(), duplicate: None, sending: None }, Some(files))
}

#[derive(Debug)]
pub(crate) struct SendFile {
    stream: TcpStream,
    files: Files,
    /// The socket once more, for threads that may wait for a disk.
    duplicate: Option<Arc<OwnedFd>>,
    sending: Option<JoinHandle<io::Result<usize>>>,
}

impl SendFile {
    /// Sends some of the next file; the caller holds `len` bytes in its stead.
    fn poll_send(&mut self, context: &mut Context<'_>, part: &FilePart, len: usize) -> Poll<io::Result<usize>> {
        if part.len != len {
            return Poll::Ready(out_of_step());
        }
        loop {
            if let Some(sending) = &mut self.sending {
                let sent = ready!(Pin::new(sending).poll(context));
                self.sending = None;
                match sent.map_err(io::Error::other)? {
                    Ok(0) => return Poll::Ready(Err(ends_early())),
                    Ok(sent) => {
                        self.files.sent(sent);
                        return Poll::Ready(Ok(sent));
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            ready!(self.stream.poll_write_ready(context))?;
            match self.stream.try_io(Interest::WRITABLE, || has_room(&self.stream, &AT_ONCE)) {
                Ok(()) => self.sending = Some(self.start(part)?),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// On a thread of its own kind: what is not in memory is read from the disk.
    fn start(&mut self, part: &FilePart) -> io::Result<JoinHandle<io::Result<usize>>> {
        let socket = match &self.duplicate {
            Some(socket) => socket.clone(),
            None => self.duplicate.insert(Arc::new(self.stream.as_fd().try_clone_to_owned()?)).clone(),
        };
        let FilePart { file, offset, len } = part.clone();
        Ok(spawn_blocking(move || send(&socket, &file, offset, len)))
    }
}

/// As much as the client takes without a pause: to come back to this thread takes longer than a fast network needs.
fn send(socket: &OwnedFd, file: &File, offset: u64, len: usize) -> io::Result<usize> {
    let start = Instant::now();
    let mut sent = 0;
    while sent == 0 || (sent < len && start.elapsed() < TURN) {
        match send_some(socket, file, offset + sent as u64, (len - sent).min(SENT)) {
            Ok(some) if some > 0 => sent += some,
            Err(error) if error.kind() == ErrorKind::WouldBlock && has_room(socket, &PAUSE).is_ok() => {}
            // What stops it in the middle meets the next call.
            stopped if sent == 0 => return stopped,
            _ => break,
        }
    }
    Ok(sent)
}

fn send_some(socket: &OwnedFd, file: &File, mut offset: u64, len: usize) -> io::Result<usize> {
    match retry_on_intr(|| sendfile(socket, file, Some(&mut offset), len)) {
        // Not every file system can do that.
        Err(Errno::INVAL | Errno::NOSYS) => copy(socket, file, offset, len.min(COPIED)),
        sent => Ok(sent?),
    }
}

/// What does not fit into the socket is read again.
fn copy(socket: &OwnedFd, file: &File, offset: u64, len: usize) -> io::Result<usize> {
    let mut bytes = vec![0; len];
    let read = retry_on_intr(|| pread(file, &mut bytes, offset))?;
    Ok(retry_on_intr(|| write(socket, &bytes[..read]))?)
}

fn has_room(socket: &impl AsFd, wait: &Timespec) -> io::Result<()> {
    match poll(&mut [PollFd::new(socket, PollFlags::OUT)], Some(wait))? {
        0 => Err(ErrorKind::WouldBlock.into()),
        _ => Ok(()),
    }
}

fn ends_early() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the image's file became shorter while it was sent")
}

/// The bytes of the place in memory must never be sent.
fn out_of_step<T>() -> io::Result<T> {
    Err(io::Error::other("what is to be sent is not what stands in for the next file"))
}

fn stands_in(slice: &IoSlice<'_>) -> bool {
    STAND_IN.as_ptr_range().contains(&slice.as_ptr())
}

impl Files {
    fn next(&self) -> Option<FilePart> {
        self.queue().front().cloned()
    }

    fn sent(&self, bytes: usize) {
        let mut queue = self.queue();
        if let Some(part) = queue.front_mut() {
            part.offset += bytes as u64;
            part.len -= bytes.min(part.len);
            if part.len == 0 {
                queue.pop_front();
            }
        }
    }
}

impl AsyncWrite for SendFile {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match (self.files.next(), slices.iter().position(stands_in)) {
            (None, None) => Pin::new(&mut self.stream).poll_write_vectored(context, slices),
            (Some(part), Some(0)) => self.poll_send(context, &part, slices[0].len()),
            (Some(_), Some(before)) => Pin::new(&mut self.stream).poll_write_vectored(context, &slices[..before]),
            (None, Some(_)) | (Some(_), None) => Poll::Ready(out_of_step()),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl AsyncRead for SendFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Drop for SendFile {
    /// The client is told of the end, though a thread that waits for a disk still has the socket.
    fn drop(&mut self) {
        if self.sending.is_some() {
            SockRef::from(&self.stream).shutdown(Shutdown::Both).ok();
        }
    }
}

#[cfg(test)]
mod tests;
