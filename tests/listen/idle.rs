//! Clients that only take place: they say nothing, or very little.

use crate::{Authority, secure::Secure, with_tls};
use casement_tests::skip;
use std::{fs, net::TcpStream};

/// Descriptors that the gateway, and this test, keep for other things.
const OTHER_FILES: usize = 300;

/// How many files a process may have open, where the system says.
fn open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn ten_thousand_idle_connections_do_not_keep_others_out() {
    let test = "ten_thousand_idle_connections_do_not_keep_others_out";
    let Some(limit) = open_files() else {
        return skip(test, "this system does not tell how many files may be open");
    };
    let idle = 10_000.min(limit.saturating_sub(OTHER_FILES));
    let builder = with_tls(&Authority::new(), "").server("header_timeout_seconds = 600");
    let gateway = builder.server(&format!("max_connections = {}", idle + 100)).start();
    let addresses = gateway.urls::<2>().map(|url| url.split_once("://").unwrap().1.to_owned());
    let before = gateway.memory();
    let silent: Vec<_> = (0..idle).map(|number| TcpStream::connect(&addresses[number % 2]).unwrap()).collect();
    let id = gateway.member().create_active("n", b"0123456789");
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    println!("{idle} connections take {} KiB each", gateway.memory().saturating_sub(before) / 1024 / idle as u64);
    drop(silent);
    gateway.member().get("/v2/images").expect(200);
}

#[test]
fn whoever_begins_and_does_not_go_on_is_cut_on_every_address() {
    let gateway = with_tls(&Authority::new(), "").start();
    for (protocol, beginnings) in [
        ("http/1.1", &[&b""[..], b"G", b"GET /v2/images HTTP/1.1\r\nHost: h\r\n"][..]),
        // The preface; settings and half a frame of headers after it.
        ("h2", &[b"", b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x20\x01\x05"]),
    ] {
        for beginning in beginnings {
            let mut client = Secure::connect(&gateway, protocol);
            client.send(beginning);
            assert!(client.is_closed(), "{protocol} {beginning:?}");
        }
    }
    let mut plain = gateway.raw();
    plain.send(b"GET /v2/images HTTP/1.1\r\n");
    assert!(plain.is_closed());
    gateway.member().get("/v2/images").expect(200);
}
