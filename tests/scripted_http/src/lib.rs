//! An HTTP server that answers what a test wants it to; one connection for each request.
#![allow(clippy::unwrap_used)]

mod request;
mod tls;

pub use request::{Request, head};
pub use tls::over_tls;

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// Serves on a port of its own until the process ends, each connection on a thread of its own. `wrap` puts something between
/// the connection and HTTP, or ends it. `answer` gets the request without its body, which it may
/// [read](Request::read_body); what it leaves unsaid when it ends stays so, since the connection ends too.
pub fn serve<S: Read + Write>(
    wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    answer: impl Fn(S, Request) + Send + Sync + 'static,
) -> u16 {
    serve_connections(move |stream| {
        if let Some(mut stream) = wrap(stream)
            && let Some(request) = Request::read_head(&mut stream)
        {
            answer(stream, request);
        }
    })
}

/// The same before anything is read.
pub fn serve_connections(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serve = Arc::new(serve);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = Arc::clone(&serve);
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// An answer with its length. The status is a number and a phrase.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    raw_answer(status, &[headers, &[("Content-Length", &length)]].concat(), body)
}

/// An answer with these headers alone, and that the connection ends.
pub fn raw_answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// The answer up to this byte of its body.
pub fn cut(mut answer: Vec<u8>, len: usize) -> Vec<u8> {
    let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    answer.truncate(body + len);
    answer
}
