//! One image far larger than the gateway's memory, in one stream up and in eight ranges at once down.
#![allow(clippy::unwrap_used)]

use casement_tests::{Client, Gateway, Pattern, md5_hex, sha512_hex};
use std::{
    io::{self, Read},
    mem, thread,
    time::Duration,
};
use ureq::SendBody;

const GIB: u64 = 1 << 30;
const LEN: u64 = 4 * GIB;
const RANGES: u64 = 8;
const MEMORY: u64 = 96 << 20;
const DEADLINE: Duration = Duration::from_secs(1800);

#[test]
fn four_gib_pass_through_a_gateway_of_96_mib() {
    let gateway = Gateway::builder().start();
    let member = gateway.member().with_deadline(DEADLINE);
    let data = Pattern::new(4, LEN);
    let id = member.create_raw("large");

    member.data_request(&id).stream(LEN, data.reader()).unwrap().expect(204);
    assert_below(gateway.peak_memory(), "upload");

    let image = member.show(&id);
    assert_eq!((&image["status"], image["size"].as_u64()), (&"active".into(), Some(LEN)));
    thread::scope(|scope| {
        let sha512 = scope.spawn(|| sha512_hex(data.reader()));
        assert_eq!(image["checksum"], md5_hex(data.reader()));
        assert_eq!(image["os_hash_value"], sha512.join().unwrap());
    });

    gateway.reset_peak_memory();
    download_in_ranges(&member, &id, &data);
    assert_below(gateway.peak_memory(), "download");
    gateway.assert_settled();
}

#[test]
fn a_stream_of_unknown_length_needs_no_more_memory() {
    let gateway = Gateway::builder().start();
    let member = gateway.member().with_deadline(DEADLINE);
    let data = Pattern::new(5, GIB);
    let id = member.create_raw("chunked");
    member.data_request(&id).chunked(data.reader()).unwrap().expect(204);
    assert_below(gateway.peak_memory(), "upload");
    assert_eq!(member.show(&id)["checksum"], md5_hex(data.reader()));
    gateway.assert_settled();
}

#[test]
fn an_order_to_stop_in_the_middle_of_four_gib_lets_them_come_to_their_end() {
    let gateway = Gateway::builder().server("drain_timeout_seconds = 1800").start();
    let member = gateway.member().with_deadline(DEADLINE);
    let data = Pattern::new(6, LEN);
    let id = member.create_raw("large");
    let ordering = Ordering { source: data.reader(), left: LEN / 2, order: || gateway.order_to_stop() };
    member.data_request(&id).stream(LEN, ordering).unwrap().expect(204);
    let (code, site) = gateway.ended();
    assert_eq!(code, Some(0));

    let gateway = Gateway::start(site);
    let image = gateway.member().show(&id);
    assert_eq!((&image["status"], image["size"].as_u64()), (&"active".into(), Some(LEN)));
    assert_eq!(image["checksum"], md5_hex(data.reader()));
    gateway.assert_settled();
}

/// A source that gives an order when so much of it was read.
struct Ordering<R, F> {
    source: R,
    left: u64,
    order: F,
}

impl<R: Read, F: Fn()> Read for Ordering<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        let left = self.left.saturating_sub(count as u64);
        if mem::replace(&mut self.left, left) > 0 && left == 0 {
            (self.order)();
        }
        Ok(count)
    }
}

fn download_in_ranges(client: &Client, id: &str, data: &Pattern) {
    let len = data.len() / RANGES;
    thread::scope(|scope| {
        for start in (0..RANGES).map(|part| part * len) {
            scope.spawn(move || {
                let wanted = md5_hex(data.part(start, len));
                assert_eq!(md5_hex(open_range(client, id, start, len)), wanted, "from {start}");
            });
        }
    });
}

fn open_range(client: &Client, id: &str, start: u64, len: u64) -> impl Read {
    let range = format!("bytes={start}-{}", start + len - 1);
    let request = client.request("GET", &format!("/v2/images/{id}/file")).header("Range", &range);
    let response = request.open(SendBody::none()).unwrap();
    assert_eq!(response.status(), 206, "{range}");
    response.into_body().into_reader()
}

fn assert_below(bytes: u64, what: &str) {
    assert!(bytes < MEMORY, "{what}: {} MiB at the peak", bytes >> 20);
    println!("{what}: {} MiB at the peak", bytes >> 20);
}
