//! Somebody in front of a real Swift, who sees the head of every request.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// What becomes of a request.
pub(crate) enum Pass {
    /// It goes on, with this head.
    On(String),
    /// It is answered here.
    Answer(String),
}

/// The URL of the front of `account`.
pub(crate) fn front(account: &str, script: impl Fn(String) -> Pass + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (server, path) = account.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let work = Arc::new((server.to_owned(), script));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let work = work.clone();
            // Whoever hangs up ends it.
            thread::spawn(move || serve(client, &work.0, &work.1).ok());
        }
    });
    format!("http://127.0.0.1:{port}/{path}")
}

/// One request, so that the next one is seen too.
fn serve(mut client: TcpStream, server: &str, script: &impl Fn(String) -> Pass) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    // Said to both: a client that keeps the connection for its next request would find it closed.
    let close = |head: String| head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    match script(close(String::from_utf8(head).unwrap())) {
        Pass::Answer(answer) => client.write_all(close(answer).as_bytes()),
        Pass::On(head) => {
            let mut upstream = TcpStream::connect(server)?;
            upstream.write_all(head.as_bytes())?;
            let (mut body, mut up) = (client.try_clone()?, upstream.try_clone()?);
            thread::spawn(move || io::copy(&mut body, &mut up).ok());
            io::copy(&mut upstream, &mut client)?;
            client.shutdown(Shutdown::Both)
        }
    }
}
