//! HTTP/2, which clients and the gateway agree on within TLS.

use crate::{Authority, Curl, with_tls};
use casement_tests::{Pattern, Raw};
use std::fs;

const MIB: u64 = 1 << 20;

#[test]
fn images_go_in_and_come_out_over_http_2() {
    if !Curl::is_there("images_go_in_and_come_out_over_http_2") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "").start();
    let [_, tls] = gateway.urls::<2>();
    let data = Pattern::new(7, 20 * MIB + 17).bytes();
    let file = gateway.site().folder().join("data");
    fs::write(&file, &data).unwrap();
    let id = gateway.member().create_raw("n");
    let url = format!("{tls}/v2/images/{id}/file");

    Curl::new(&url).trusting(&gateway).upload(&file).run().expect(204, "2");
    let whole = Curl::new(&url).trusting(&gateway).run().expect(200, "2");
    assert!(whole.body == data);
    let part = Curl::new(&url).trusting(&gateway).args(["--range", "1000000-2999999"]).run().expect(206, "2");
    assert!(part.body == data[1_000_000..3_000_000]);
    gateway.assert_settled();
}

#[test]
fn a_refused_upload_is_answered_and_the_connection_goes_on() {
    if !Curl::is_there("a_refused_upload_is_answered_and_the_connection_goes_on") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "").start();
    let [_, tls] = gateway.urls::<2>();
    let file = gateway.site().folder().join("data");
    fs::write(&file, Pattern::new(7, 8 * MIB).bytes()).unwrap();
    let id = gateway.member().create_active("n", b"0123456789");
    let url = format!("{tls}/v2/images/{id}/file");
    let outcome = Curl::new(&url).trusting(&gateway).upload(&file).run();
    // Whether it is stopped in the middle or sends to the end is the client's choice.
    assert_eq!((outcome.status, outcome.version.as_str()), (409, "2"), "{outcome:?}");
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    gateway.assert_settled();
}

#[test]
fn http_2_can_be_turned_off_and_is_never_guessed() {
    if !Curl::is_there("http_2_can_be_turned_off_and_is_never_guessed") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "http2 = false").start();
    let [_, tls] = gateway.urls::<2>();
    Curl::new(&format!("{tls}/v2/images")).trusting(&gateway).args(["--http2"]).run().expect(200, "1.1");
    let mut raw = Raw::connect(gateway.address(), None);
    raw.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(raw.is_closed());
}

#[test]
fn too_many_and_too_large_headers_are_refused_over_http_2_too() {
    if !Curl::is_there("too_many_and_too_large_headers_are_refused_over_http_2_too") {
        return;
    }
    let gateway = with_tls(&Authority::new(), "").start();
    let [_, tls] = gateway.urls::<2>();
    let headers = |count: usize, size: usize| {
        (0..count).map(|n| format!("X-Many-{n}: {}\n", "x".repeat(size))).collect::<String>()
    };
    let curl = |lines: String| {
        let file = gateway.site().folder().join("headers");
        fs::write(&file, lines).unwrap();
        let given = format!("@{}", file.display());
        Curl::new(&format!("{tls}/v2/images")).trusting(&gateway).args(["--header", &given]).run()
    };
    curl(headers(50, 1)).expect(200, "2");
    curl(headers(200, 1)).expect(431, "2");
    // The stream is refused before there is a request to answer.
    curl(headers(10, 10_000)).expect_none();
}
