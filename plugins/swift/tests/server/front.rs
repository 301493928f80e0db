//! Somebody in front of a real Swift, who sees the head of every request.

use casement_scripted_http::{head, serve_connections};
use std::{
    io::{self, Write},
    net::{Shutdown, TcpStream},
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
    let (server, path) = account.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let server = server.to_owned();
    // Whoever hangs up ends it.
    let port = serve_connections(move |client| drop(serve(client, &server, &script)));
    format!("http://127.0.0.1:{port}/{path}")
}

/// One request, so that the next one is seen too.
fn serve(mut client: TcpStream, server: &str, script: &impl Fn(String) -> Pass) -> io::Result<()> {
    let Some(head) = head(&mut client) else { return Ok(()) };
    // Said to both: a client that keeps the connection for its next request would find it closed.
    let close = |head: String| head.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    match script(close(head)) {
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
