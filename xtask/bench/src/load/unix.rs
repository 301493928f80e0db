//! Transfers that copy nothing on this side, as iperf3's `--zerocopy` and `--skip-rx-copy` (iperf3(1)): a client has its
//! own processor elsewhere, and here it takes that of the server which is measured.

use rustix::{
    fs::sendfile,
    io::retry_on_intr,
    net::{RecvFlags, recv},
};
use std::{fs::File, io, path::Path};
use tokio::{io::Interest, net::TcpStream};

/// The beginning of a file, in the page cache.
pub(super) struct Content {
    file: File,
    len: u64,
}

impl Content {
    pub(super) fn open(path: &Path, len: u64) -> io::Result<Self> {
        let file = File::open(path)?;
        let there = io::copy(&mut io::Read::take(&file, len), &mut io::sink())?;
        if there < len {
            return Err(io::Error::other(format!("it has no {len} bytes")));
        }
        Ok(Self { file, len })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) async fn send(&self, stream: &TcpStream) -> io::Result<()> {
        const AT_ONCE: u64 = 1 << 30;
        let mut offset = 0;
        while offset < self.len {
            let some = usize::try_from((self.len - offset).min(AT_ONCE)).map_err(io::Error::other)?;
            let sent = stream
                .async_io(Interest::WRITABLE, || {
                    Ok(retry_on_intr(|| sendfile(stream, &self.file, Some(&mut offset), some))?)
                })
                .await?;
            if sent == 0 {
                return Err(io::Error::other("the file became shorter"));
            }
        }
        Ok(())
    }
}

/// Receives as much as there is, at most as much as the buffer has room for; what the buffer holds then is not said.
pub(super) async fn discard(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<u64> {
    // By this flag Linux drops what came in place of copying it (tcp(7)).
    let receive = |buffer: &mut [u8]| recv(stream, buffer, RecvFlags::TRUNC).map(|(_, received)| received as u64);
    stream.async_io(Interest::READABLE, || Ok(retry_on_intr(|| receive(&mut *buffer))?)).await
}
