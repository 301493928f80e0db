//! Tokens that are none, and a Keystone that is none.

use casement_tests::{Answer, Gateway, Raw};
use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// A head with `X-Auth-Token` of these bytes.
fn with_token(gateway: &Gateway, token: &[u8]) -> Answer {
    let mut raw: Raw = gateway.raw();
    raw.try_send(b"GET /v2/images HTTP/1.1\r\nHost: gateway\r\nAccept: application/json\r\nX-Auth-Token: ").ok();
    raw.try_send(token).ok();
    raw.try_send(b"\r\n\r\n").ok();
    raw.answer().unwrap()
}

/// Something on a port that answers every connection alike.
fn server(answer: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let answer = std::sync::Arc::new(answer);
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || {
                // The head, in one piece or not; a body may be left unread.
                if stream.read(&mut [0; 8192]).is_ok() {
                    answer(&mut stream);
                }
            });
        }
    });
    url
}

fn write(stream: &mut TcpStream, text: &str) {
    // The gateway may have had enough.
    stream.write_all(text.as_bytes()).ok();
}

fn identity(url: &str, secret: &str) -> String {
    format!(
        "mode = \"keystone\"\n[identity.keystone]\nauth_url = \"{url}\"\nusername = \"glance\"\n{secret}\n\
         project_name = \"service\"\nrequest_timeout_seconds = 1\ntimeout_seconds = 2\ntries = 2\n"
    )
}

fn behind(url: &str) -> Gateway {
    Gateway::builder().identity(&identity(url, "password = \"s\"")).start()
}

#[test]
fn odd_and_long_tokens_are_refused() {
    let with_tokens = Gateway::builder().start();
    // Nobody home: what is asked about at all is answered 503.
    let with_keystone = behind(&server(|_| ()));
    for (token, asked) in [
        (&b""[..], false),
        (b" ", false),
        (b"\xff\xfe", false),
        (b"\xc3\xa9", false),
        (b"a\tb", true),
        (b"../../v3/users", true),
        (&[b'x'; 8192], true),
        (&[b'x'; 8193], false),
        (&[b'x'; 60_000], false),
    ] {
        let shown = String::from_utf8_lossy(&token[..token.len().min(20)]);
        assert_eq!(with_token(&with_tokens, token).status, 401, "{shown}");
        assert_eq!(with_token(&with_keystone, token).status, if asked { 503 } else { 401 }, "{shown}");
    }
    for gateway in [with_tokens, with_keystone] {
        assert_eq!(with_token(&gateway, &[b'x'; 64 << 10]).status, 431);
        // A header with such bytes is no HTTP.
        for token in [&b"a\0b"[..], b"a\rb", b"\x7f"] {
            assert_eq!(with_token(&gateway, token).status, 400, "{token:?}");
        }
        gateway.nobody().get("/healthcheck").expect(200);
    }
}

#[test]
fn a_keystone_that_answers_garbage_is_an_outage() {
    let html = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>Down for maintenance</html>";
    let login_of_nothing = "HTTP/1.1 201 Created\r\nX-Subject-Token: t\r\nConnection: close\r\n\r\n{\"token\": []}";
    let odd_token = "HTTP/1.1 201 Created\r\nX-Subject-Token: \u{ff}\r\nConnection: close\r\n\r\n{}";
    let no_token = "HTTP/1.1 201 Created\r\nConnection: close\r\n\r\n{}";
    let never_ends = "HTTP/1.1 201 Created\r\nContent-Length: 9999999999999\r\nX-Subject-Token: t\r\n\r\n{";
    let deep =
        format!("HTTP/1.1 201 Created\r\nX-Subject-Token: t\r\nConnection: close\r\n\r\n{}", "[".repeat(100_000));
    let redirect = "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    for answer in [
        "",
        "\0\0\0\0",
        "HTTP/1.1 999 ?\r\n\r\n",
        html,
        login_of_nothing,
        odd_token,
        no_token,
        never_ends,
        &deep,
        redirect,
    ] {
        let text = answer.to_owned();
        let gateway = behind(&server(move |stream| write(stream, &text)));
        let refused = with_token(&gateway, b"anything");
        assert_eq!(refused.status, 503, "{answer:.200}: {refused:?}");
        assert!(refused.header("Retry-After").is_some());
        gateway.nobody().get("/v2/images").expect(401);
    }
}

#[test]
fn a_keystone_that_floods_or_falls_silent_holds_up_nobody_for_ever() {
    let flood = server(|stream| {
        write(stream, "HTTP/1.1 201 Created\r\nX-Subject-Token: t\r\n\r\n{\"token\": \"");
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    });
    let head_without_end = server(|stream| while stream.write_all(b"HTTP/1.1 200 OK\r\nX-A: b\r\n").is_ok() {});
    let silence = server(|stream| drop(stream.read(&mut [0; 1])));
    let trickle = server(|stream| {
        write(stream, "HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    for url in [flood, head_without_end, silence, trickle] {
        let gateway = behind(&url);
        let before = gateway.memory();
        let start = Instant::now();
        let callers: Vec<_> = (0..20).map(|n| gateway.bearer(&format!("token {n}"))).collect();
        thread::scope(|scope| {
            for caller in &callers {
                scope.spawn(|| caller.get("/v2/images").expect(503));
            }
        });
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
        let more = gateway.peak_memory().saturating_sub(before);
        assert!(more < 128 << 20, "{more} bytes");
        gateway.nobody().get("/healthcheck").expect(200);
    }
}

#[test]
fn a_keystone_that_cannot_be_asked_as_configured_is_told_before_anything_starts() {
    let url = "http://127.0.0.1:9";
    for (url, keys, wanted) in [
        (
            "http://glance:s3cret@127.0.0.1:9",
            "password = \"s3cret\"",
            "`identity.keystone.auth_url` must be a URL without",
        ),
        (url, "password_file = \"nowhere\"", "`identity.keystone.password_file` cannot be read"),
        (url, "password_file = \".\"", "`identity.keystone.password_file` cannot be read"),
        (url, "password_file = \"empty\"", "`identity.keystone.password_file` is empty"),
        (url, "password = \"s3cret\"\ncafile = \"nowhere\"", "identity.keystone.cafile"),
        (url, "password = \"s3cret\"\ncafile = \"empty\"", "no certificate in PEM form"),
        (url, "password = 5", "`identity.keystone.password` must be text"),
        (url, "pasword = \"s3cret\"", "did you mean `password`"),
    ] {
        let builder = Gateway::builder().identity(&identity(url, keys)).filesystem("local", None, "default = true");
        fs::write(builder.folder().join("empty"), "\n").unwrap();
        let run = builder.serve_and_fail();
        assert_eq!(run.code, Some(78), "{keys}: {}", run.text);
        assert!(run.text.contains(wanted), "{keys}: {}", run.text);
        assert!(!run.text.contains("s3cret"), "{}", run.text);
    }
}
