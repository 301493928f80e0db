//! Whether a service answers.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// Asks once, and waits for the first bytes of an HTTP answer no longer than `patience`.
pub(crate) fn answers(address: &str, path: &str, patience: Duration) -> bool {
    ask(address, path, patience).is_some()
}

fn ask(address: &str, path: &str, patience: Duration) -> Option<()> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut start = [0; 8];
    stream.read_exact(&mut start).ok()?;
    (&start == b"HTTP/1.1").then_some(())
}
