use casement_tests::{Client, Gateway, Pattern, eventually_true};
use serde_json::json;
use std::thread;

const MIB: u64 = 1 << 20;

fn gateway(quota: &str) -> Gateway {
    Gateway::builder().more(&format!("[images]\nstorage_quota = \"{quota}\"")).start()
}

/// What the project of the member has stored.
fn stored(gateway: &Gateway) -> u64 {
    gateway.images().values().filter(|image| image["owner"] == "p1").filter_map(|image| image["size"].as_u64()).sum()
}

fn upload_chunked(client: &Client, id: &str, size: u64) -> u16 {
    // A connection that breaks was answered before the body was read.
    let sent = client.data_request(id).chunked(Pattern::new(1, size).reader());
    sent.map_or(413, |answer| answer.status)
}

#[test]
fn the_storage_quota_is_usable_to_the_byte_and_not_beyond() {
    let gateway = gateway("10");
    let member = gateway.member();
    let full = |size: &str, remaining| {
        format!(
            "Image exceeds the storage quota: The size of the data {size} will exceed the limit. {remaining} bytes remaining."
        )
    };
    let first = member.create_raw("first");
    member.upload(&first, b"01234567890").refused("too much", 413, &full("11", 10));
    assert_eq!(member.status(&first), "queued");
    gateway.assert_settled();
    member.upload(&first, b"012345").expect(204);

    let second = member.create_raw("second");
    member.upload(&second, b"01234").refused("too much again", 413, &full("5", 4));
    let chunked = |data: &'static [u8]| member.data_request(&second).chunked(data).unwrap();
    chunked(b"01234").refused("too much of unknown size", 413, &full("5", 4));
    assert_eq!(member.status(&second), "queued");
    gateway.assert_settled();
    chunked(b"0123").expect(204);

    let third = member.create_raw("third");
    member.data_request(&third).chunked(&b"0"[..]).unwrap().refused("no room", 413, &full("None", 0));
    // Another project has a quota of its own, and what is deleted counts no more.
    let other = gateway.other();
    other.upload(&other.create_raw("other"), b"0123456789").expect(204);
    member.delete(&format!("/v2/images/{first}")).expect(204);
    member.upload(&third, b"012345").expect(204);
    gateway.assert_settled();
}

#[test]
fn the_owner_of_an_image_is_charged_whoever_uploads() {
    let gateway = gateway("10");
    let admin = gateway.admin();
    let body = json!({"owner": "p2", "disk_format": "raw", "container_format": "bare"});
    let (one, two) = (admin.create(&body), admin.create(&body));
    admin.upload(&one, b"0123456789").expect(204);
    admin.upload(&two, b"0").expect(413);
    admin.upload(&admin.create_raw("own"), b"0123456789").expect(204);
}

#[test]
fn many_uploads_at_once_with_and_without_a_size_never_pass_the_quota_together() {
    const QUOTA: u64 = 24 * MIB;
    let gateway = gateway("24MB");
    let member = gateway.member();
    let answers: Vec<(u64, u16)> = thread::scope(|scope| {
        let uploads: Vec<_> = (0..16)
            .map(|n| {
                let (member, size) = (&member, (n % 4 + 1) * 2 * MIB - n);
                scope.spawn(move || {
                    let id = member.create_raw(&format!("image {n}"));
                    let status = match n % 2 {
                        0 => upload_chunked(member, &id, size),
                        _ => {
                            let sent = member.data_request(&id).stream(size, Pattern::new(n, size).reader());
                            sent.map_or(413, |answer| answer.status)
                        }
                    };
                    (size, status)
                })
            })
            .collect();
        uploads.into_iter().map(|upload| upload.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|(_, status)| matches!(status, 204 | 413)), "{answers:?}");
    let taken: u64 = answers.iter().filter(|(_, status)| *status == 204).map(|(size, _)| size).sum();
    gateway.assert_settled();
    assert_eq!(stored(&gateway), taken);
    assert!(taken <= QUOTA && taken > QUOTA / 2, "{taken} of {QUOTA}: {answers:?}");
    assert!(answers.iter().any(|(_, status)| *status == 413), "{answers:?}");

    // What is left can be filled to the last byte, by an upload of unknown size too.
    let left = QUOTA - taken;
    let id = member.create_raw("the rest");
    assert_eq!(upload_chunked(&member, &id, left + 1), 413);
    if left > 0 {
        assert_eq!(upload_chunked(&member, &id, left), 204);
    }
    assert_eq!(stored(&gateway), QUOTA);
    gateway.assert_settled();
}

#[test]
fn what_a_killed_upload_had_reserved_is_free_after_the_restart() {
    let gateway = gateway("8MB");
    let id = gateway.member().create_raw("killed");
    let mut raw = gateway.raw();
    raw.begin_upload(&id, 8 * MIB, &[]);
    eventually_true("the upload has begun", || gateway.member().status(&id) == "saving");
    let second = gateway.member().create_raw("second");
    gateway.member().upload(&second, b"0").expect(413);
    let gateway = gateway.crash_and_restart();
    gateway.member().upload(&second, &Pattern::new(1, 8 * MIB).bytes()).expect(204);
    gateway.assert_settled();
}

#[test]
fn an_image_beyond_the_size_cap_is_cut_in_its_stream() {
    let gateway = Gateway::builder().more("[images]\nsize_cap_bytes = 1000").start();
    let member = gateway.member();
    let id = member.create_raw("large");
    let message = "Image exceeds the maximum size of 1000 bytes.";
    member.data_request(&id).chunked(Pattern::new(1, 1001).reader()).unwrap().refused("no size", 413, message);
    member.upload(&id, &Pattern::new(1, 1001).bytes()).refused("a size", 413, message);
    assert_eq!(member.status(&id), "queued");
    gateway.assert_settled();
    member.upload(&id, &Pattern::new(1, 1000).bytes()).expect(204);
}

#[test]
fn a_quota_that_makes_no_sense_stops_the_start() {
    for quota in ["", "-1", "1 GB", "many", "1PB"] {
        let run = Gateway::builder().filesystem("local", None, "default = true");
        let run = run.more(&format!("[images]\nstorage_quota = \"{quota}\"")).check();
        assert!(run.code != Some(0) && run.text.contains("images.storage_quota"), "{quota}: {run:?}");
    }
    let run = Gateway::builder().filesystem("local", None, "default = true");
    let run = run.more("[images]\nuse_keystone_limits = true").check();
    assert!(run.code != Some(0) && run.text.contains("identity.mode"), "{run:?}");
}
