//! A small web server with the images that are added by their location.

use std::{
    io::{BufRead, BufReader, Result, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

/// Serves until the process ends.
pub(crate) struct Origin {
    address: SocketAddr,
}

impl Origin {
    /// `files` are names, with a slash before them, and contents.
    pub(crate) fn start(files: Vec<(&'static str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            thread::scope(|scope| {
                for stream in listener.incoming().flatten() {
                    // Whoever asks may leave in the middle of an answer.
                    scope.spawn(|| answer(stream, &files).ok());
                }
            });
        });
        Self { address }
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("http://{}{name}", self.address)
    }
}

fn answer(mut stream: TcpStream, files: &[(&str, Vec<u8>)]) -> Result<()> {
    let mut head = BufReader::new(&stream).lines();
    let request = head.next().unwrap_or_else(|| Ok(String::new()))?;
    while head.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let mut words = request.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let Some((_, data)) = files.iter().find(|(name, _)| *name == path) else {
        return stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        data.len()
    )?;
    if method == "GET" { stream.write_all(data) } else { Ok(()) }
}
