//! A Keystone behind TLS, with a certificate that nobody has heard of.
#![allow(clippy::unwrap_used)]

use super::{
    testing::{Reply, Server, token},
    tests::session_settings,
    *,
};
use crate::Kind;
use casement_scripted_http::{over_tls, serve_connections};
use rustls::{ServerConnection, StreamOwned};
use serde_json::json;
use std::{
    io::{self, Read, Write},
    net::TcpStream,
};

/// The URL of a front before `server`, and its certificate in PEM form.
fn front(server: &Server) -> (String, String) {
    let (wrap, pem) = over_tls(&["localhost"]);
    let behind = server.url.replace("http://", "");
    let port = serve_connections(move |stream| {
        // A client that does not like the certificate hangs up.
        _ = wrap(stream).map(|client| pass_on(client, &behind));
    });
    (format!("https://localhost:{port}"), pem)
}

/// One request whose head comes in one piece, and its answer.
fn pass_on(mut client: StreamOwned<ServerConnection, TcpStream>, behind: &str) -> io::Result<()> {
    let mut server = TcpStream::connect(behind)?;
    let mut bytes = vec![0; 1 << 16];
    let read = client.read(&mut bytes)?;
    server.write_all(&bytes[..read])?;
    let text = String::from_utf8_lossy(&bytes[..read]).to_lowercase();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    if body.len() < length {
        io::copy(&mut Read::take(&mut client, (length - body.len()) as u64), &mut server)?;
    }
    io::copy(&mut server, &mut client)?;
    client.conn.send_close_notify();
    client.flush()
}

#[tokio::test]
async fn a_certificate_is_trusted_only_when_the_operator_says_so() {
    let server = Server::with_login(|_| Reply::Json(200, token(json!({}), 3600))).await;
    let (auth_url, pem) = front(&server);
    let patience = Patience { tries: 1, ..Patience::default() };
    let settings = SessionSettings { auth_url, patience, ..session_settings(&server) };

    let error = Session::new(settings.clone()).unwrap().probe().await.unwrap_err();
    assert!(error.kind == Kind::Unavailable && error.to_string().contains("certificate"), "{error}");
    assert!(server.asked().is_empty());

    let trusting = SessionSettings { ca: Some(pem.into_bytes()), ..settings };
    Session::new(trusting).unwrap().probe().await.unwrap();
    assert_eq!((server.logins(), server.questions()), (1, 1));
}
