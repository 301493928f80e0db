//! A connection of HTTP/1.1 that is kept as long as the server keeps it.

use super::{job::Prepared, platform};
use crate::Result;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::sleep,
};

/// What is read at once at most.
const BUFFER: usize = 256 << 10;
/// Parts of a second in which a paced client takes its share.
const STEPS: u32 = 10;
/// What a paced client lets the system keep for it: else a whole image would lie there.
const PACED_BUFFER: u32 = 32 << 10;

pub(super) struct Connection {
    address: String,
    pace: Option<u32>,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// Of the body of the last answer.
    received: u64,
}

/// What an answer says of its body.
struct Head {
    length: usize,
    status: u16,
    /// Nothing where only the end of the connection tells.
    body: Option<u64>,
    closes: bool,
}

impl Connection {
    pub(super) fn new(address: &str, pace: Option<u32>) -> Self {
        Self { address: address.to_owned(), pace, stream: None, buffer: vec![0; BUFFER], received: 0 }
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn close(&mut self) {
        self.stream = None;
    }

    /// # Errors
    /// What went wrong, or what the server answered in place of success.
    pub(super) async fn exchange(&mut self, request: &Prepared) -> Result<()> {
        self.received = 0;
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect().await.map_err(|err| format!("cannot connect: {err}"))?,
        };
        let sent = send(&mut stream, request).await;
        // A server that refuses may say why before it has read everything.
        let answer = self.receive(&mut stream).await;
        let closes = answer?;
        sent.map_err(|err| format!("cannot send: {err}"))?;
        self.stream = (!closes).then_some(stream);
        Ok(())
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        let address: SocketAddr = self.address.parse().map_err(std::io::Error::other)?;
        let socket = TcpSocket::new_v4()?;
        if self.pace.is_some() {
            socket.set_recv_buffer_size(PACED_BUFFER)?;
        }
        let stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// Whether the server closes the connection.
    async fn receive(&mut self, stream: &mut TcpStream) -> Result<bool> {
        let mut filled = 0;
        let head = loop {
            let Some(free) = self.buffer.get_mut(filled..).filter(|free| !free.is_empty()) else {
                return Err("the head of the answer is too long".into());
            };
            match stream.read(free).await {
                Ok(0) => return Err("the server closed the connection without an answer".into()),
                Ok(len) => filled += len,
                Err(err) => return Err(format!("no answer: {err}")),
            }
            if let Some(head) = head(&self.buffer[..filled])? {
                break head;
            }
        };
        self.received = (filled - head.length) as u64;
        let start = filled;
        while head.body.is_none_or(|body| self.received < body) {
            let read = self.read_some(stream).await.map_err(|err| format!("the answer broke off: {err}"))?;
            if read == 0 {
                break;
            }
            self.received += read;
        }
        if !(200..300).contains(&head.status) {
            let text = String::from_utf8_lossy(&self.buffer[..start]);
            return Err(format!("status {}: {}", head.status, text.trim()));
        }
        match head.body {
            Some(body) if self.received != body => Err(format!("{} of {body} bytes came", self.received)),
            Some(_) => Ok(head.closes),
            None => Ok(true),
        }
    }

    async fn read_some(&mut self, stream: &mut TcpStream) -> std::io::Result<u64> {
        let Some(pace) = self.pace else {
            return platform::discard(stream, &mut self.buffer).await;
        };
        sleep(Duration::from_secs(1) / STEPS).await;
        let share = ((pace / STEPS).max(1) as usize).min(BUFFER);
        stream.read(&mut self.buffer[..share]).await.map(|len| len as u64)
    }
}

async fn send(stream: &mut TcpStream, request: &Prepared) -> std::io::Result<()> {
    stream.write_all(&request.head).await?;
    match &request.content {
        Some(content) => content.send(stream).await,
        None => Ok(()),
    }
}

/// Nothing while there is no whole head.
fn head(bytes: &[u8]) -> Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|err| format!("this is no HTTP: {err}"))?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let of = |name: &str| response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    if of("transfer-encoding").is_some() {
        return Err("the answer comes in chunks, which this client does not read".into());
    }
    let status = response.code.unwrap_or_default();
    let closes = of("connection").is_some_and(|header| header.value.eq_ignore_ascii_case(b"close"));
    let body = of("content-length").and_then(|header| std::str::from_utf8(header.value).ok()?.trim().parse().ok());
    let body = if matches!(status, 204 | 304) { Some(0) } else { body };
    Ok(Some(Head { length, status, body, closes }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_head_says_how_long_the_body_is_and_whether_the_connection_stays() {
        let kept = head(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabc").unwrap().unwrap();
        assert_eq!((kept.status, kept.body, kept.closes, kept.length), (200, Some(12), false, 39));
        let closed = head(b"HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n").unwrap().unwrap();
        assert_eq!((closed.body, closed.closes), (None, true));
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().body, Some(0));
    }

    #[test]
    fn a_head_that_has_not_come_as_a_whole_is_waited_for() {
        assert!(head(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap().is_none());
    }

    #[test]
    fn what_is_no_http_and_what_comes_in_chunks_is_refused() {
        assert!(head(b"SSH-2.0-OpenSSH\r\n").is_err());
        assert!(head(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").is_err());
    }
}
