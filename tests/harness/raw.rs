use crate::Answer;
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

/// A connection on which a test may send what no HTTP library would.
#[derive(Debug)]
pub struct Raw {
    stream: TcpStream,
    token: Option<&'static str>,
    unread: Vec<u8>,
}

impl Raw {
    pub fn connect(address: &str, token: Option<&'static str>) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { stream, token, unread: Vec::new() }
    }

    /// Waits longer for an answer.
    pub fn patient(&mut self, patience: Duration) -> &mut Self {
        self.stream.set_read_timeout(Some(patience)).unwrap();
        self
    }

    /// A whole request head, with host, token and the given header lines.
    #[must_use]
    pub fn head(&self, method: &str, path: &str, headers: &[&str]) -> Vec<u8> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: gateway\r\nAccept: application/json\r\n");
        if let Some(token) = self.token {
            head += &format!("X-Auth-Token: {token}\r\n");
        }
        for header in headers {
            head += &format!("{header}\r\n");
        }
        head += "\r\n";
        head.into_bytes()
    }

    /// The head of an upload with a promised length.
    pub fn begin_upload(&mut self, id: &str, len: u64, headers: &[&str]) {
        let len = format!("Content-Length: {len}");
        let mut lines = vec!["Content-Type: application/octet-stream", &len];
        lines.extend_from_slice(headers);
        let head = self.head("PUT", &format!("/v2/images/{id}/file"), &lines);
        self.send(&head);
    }

    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    /// Sending to a peer that may have had enough.
    pub fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// No more will come from this side.
    pub fn finish(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The next response; `None` when the connection ends without one.
    #[track_caller]
    pub fn answer(&mut self) -> Option<Answer> {
        loop {
            if let Some((mut answer, used)) = parse_head(&self.unread) {
                self.unread.drain(..used);
                assert_eq!(answer.header("Transfer-Encoding"), None, "{answer:?}");
                let len = match answer.status {
                    100 | 204 | 304 => Some(0),
                    _ => answer.header("Content-Length").map(|len| len.parse::<usize>().unwrap()),
                };
                while len.is_none_or(|len| self.unread.len() < len) && self.fill() {}
                let len = len.unwrap_or(self.unread.len()).min(self.unread.len());
                answer.body = self.unread.drain(..len).collect();
                return Some(answer);
            }
            if !self.fill() {
                assert!(self.unread.is_empty(), "half an answer: {}", String::from_utf8_lossy(&self.unread));
                return None;
            }
        }
    }

    /// Reads one byte of whatever comes.
    pub fn read_byte(&mut self) -> Option<u8> {
        if self.unread.is_empty() && !self.fill() {
            return None;
        }
        Some(self.unread.remove(0))
    }

    /// Whether the peer closes the connection, with or without a last word.
    #[track_caller]
    pub fn is_closed(&mut self) -> bool {
        self.stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        let mut rest = [0; 4096];
        loop {
            match self.stream.read(&mut rest) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() == ErrorKind::ConnectionReset,
            }
        }
    }

    /// Reads more; false at the end. A reset is an end: a server that refuses a body may close so.
    #[track_caller]
    fn fill(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(len) => {
                self.unread.extend_from_slice(&buffer[..len]);
                len > 0
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("no answer: {error}"),
        }
    }
}

fn parse_head(bytes: &[u8]) -> Option<(Answer, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(used) = response.parse(bytes).unwrap() else {
        return None;
    };
    let headers = response
        .headers
        .iter()
        .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
        .collect();
    Some((Answer { status: response.code.unwrap(), headers, body: Vec::new() }, used))
}
