//! Transfers by way of the client's memory.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};
use tokio::{io::Interest, net::TcpStream};

/// The beginning of a file.
pub(super) struct Content(Vec<u8>);

impl Content {
    pub(super) fn open(path: &Path, len: u64) -> io::Result<Self> {
        let mut content = Vec::new();
        File::open(path)?.take(len).read_to_end(&mut content)?;
        if (content.len() as u64) < len {
            return Err(io::Error::other(format!("it has no {len} bytes")));
        }
        Ok(Self(content))
    }

    pub(super) fn len(&self) -> u64 {
        self.0.len() as u64
    }

    pub(super) async fn send(&self, stream: &TcpStream) -> io::Result<()> {
        let mut left = &self.0[..];
        while !left.is_empty() {
            let sent = stream.async_io(Interest::WRITABLE, || stream.try_write(left)).await?;
            left = &left[sent..];
        }
        Ok(())
    }
}

/// Receives as much as there is, at most as much as the buffer has room for.
pub(super) async fn discard(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<u64> {
    let received = stream.async_io(Interest::READABLE, || stream.try_read(buffer)).await?;
    Ok(received as u64)
}
