//! Several addresses, of both families.

use casement_tests::{Client, Gateway, MEMBER, skip};
use std::net::TcpListener;

fn has_ipv6(test: &str) -> bool {
    let there = TcpListener::bind("[::1]:0").is_ok();
    if !there {
        skip(test, "this machine has no IPv6");
    }
    there
}

#[test]
fn every_address_serves_the_same_images() {
    let gateway =
        Gateway::builder().server("listen = [\"127.0.0.1:0\", \"http://127.0.0.1:0\", \"0.0.0.0:0\"]").start();
    let id = gateway.member().create_active("n", b"0123456789");
    for url in gateway.urls::<3>() {
        let client = Client::new(url, Some(MEMBER.token));
        assert_eq!(client.download(&id).expect(200).body, b"0123456789");
    }
}

#[test]
fn all_addresses_of_both_families_can_have_one_port() {
    if !has_ipv6("all_addresses_of_both_families_can_have_one_port") {
        return;
    }
    let first = Gateway::builder().server("listen = [\"[::]:0\", \"[::1]:0\"]").start();
    let [all, own] = first.urls::<2>();
    for url in [&all, &own] {
        Client::new(url.clone(), Some(MEMBER.token)).get("/v2/images").expect(200);
    }
    let port: u16 = all.rsplit_once(':').unwrap().1.parse().unwrap();
    drop(first);
    let both = Gateway::builder().server(&format!("listen = [\"0.0.0.0:{port}\", \"[::]:{port}\"]")).start();
    for url in both.urls::<2>() {
        Client::new(url, Some(MEMBER.token)).get("/v2/images").expect(200);
    }
}

#[test]
fn an_address_in_use_is_named_among_several() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let listen = format!("listen = [\"127.0.0.1:0\", \"{address}\"]");
    let builder = Gateway::builder().server(&listen).filesystem("local", None, "default = true");
    let run = builder.serve_and_fail();
    assert_eq!(run.code, Some(75), "{}", run.text);
    let expected = format!("cannot listen on {address}: ");
    assert!(run.text.contains(&expected) && run.text.contains("another process listens there"), "{}", run.text);
}
