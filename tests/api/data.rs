use casement_tests::{Gateway, Pattern, eventually, md5_hex};
use serde_json::json;

#[test]
fn data_comes_back_as_it_went_in() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    for (name, len) in [("one byte", 1), ("below a chunk", 1_048_575), ("a chunk", 1_048_576), ("odd", 5_000_011)] {
        let data = Pattern::new(len, len);
        let id = member.create_raw(name);
        let answer = member.data_request(&id).stream(len, data.reader()).unwrap().expect(204);
        assert!(answer.body.is_empty());

        let got = member.download(&id).expect(200);
        assert!(got.body == data.bytes(), "{name}");
        assert_eq!(got.header("Content-Length").unwrap(), len.to_string(), "{name}");
        assert_eq!(got.header("Content-Type"), Some("application/octet-stream"), "{name}");
        assert_eq!(got.header("Content-MD5").unwrap(), md5_hex(data.reader()), "{name}");
    }
    gateway.assert_settled();
}

#[test]
fn data_of_unknown_length_is_taken() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(7, 2_500_000);
    let id = gateway.member().create_raw("chunked");
    gateway.member().data_request(&id).chunked(data.reader()).unwrap().expect(204);
    assert_eq!(gateway.member().show(&id)["size"], 2_500_000);
    assert!(gateway.member().download(&id).expect(200).body == data.bytes());
}

#[test]
fn an_image_may_be_empty() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_active("empty", b"");
    let image = member.show(&id);
    assert_eq!((&image["size"], &image["status"]), (&json!(0), &json!("active")));
    let answer = member.download(&id).expect(200);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("Content-MD5"), Some("d41d8cd98f00b204e9800998ecf8427e"));
    gateway.assert_settled();
}

#[test]
fn images_have_no_checksum_where_the_site_wants_none() {
    let gateway = Gateway::builder().more("[images]\nlegacy_md5 = false\n").start();
    let member = gateway.member();
    let id = member.create_active("n", b"0123456789");
    let image = member.show(&id);
    let sha512 = "bb96c2fc40d2d54617d6f276febe571f623a8dadf0b734855299b0e107fda32cf6b69f2da32b36445d73690b93cbd0f7bfc20e0f7f28553d2a4428f23b716e90";
    assert_eq!(
        (&image["checksum"], &image["os_hash_algo"], &image["os_hash_value"]),
        (&json!(null), &json!("sha512"), &json!(sha512))
    );
    let answer = member.download(&id).expect(200);
    assert_eq!((answer.header("Content-MD5"), answer.body.as_slice()), (None, b"0123456789".as_slice()));
    gateway.assert_settled();
}

#[test]
fn an_image_without_data_downloads_as_nothing() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    assert!(gateway.member().download(&id).expect(204).body.is_empty());
}

#[test]
fn data_goes_to_the_store_that_is_asked_for() {
    let gateway = Gateway::builder().filesystem("fast", None, "default = true").filesystem("cheap", None, "").start();
    let member = gateway.member();
    let fast = member.create_active("n", b"0123456789");
    let cheap = member.create_raw("n");
    member.data_request(&cheap).header("X-Image-Meta-Store", "cheap").body(b"abc").expect(204);
    assert_eq!((&member.show(&fast)["stores"], &member.show(&cheap)["stores"]), (&json!("fast"), &json!("cheap")));
    assert!(gateway.store("fast").holds(&fast));
    assert!(gateway.store("cheap").holds(&cheap));
    for prefer in ["cheap,fast", "fast"] {
        let answer = member.get(&format!("/v2/images/{fast}/file?prefer={prefer}")).expect(200);
        assert_eq!(answer.body, b"0123456789", "{prefer}");
    }
    let answer = member.get(&format!("/v2/images/{fast}/file?prefer=zzz"));
    answer.refused("unknown store", 400, "Store 'zzz' is not configured.");
    gateway.assert_settled();
}

#[test]
fn uploads_that_cannot_be_are_refused_and_leave_the_image_queued() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_raw("n");
    let path = format!("/v2/images/{id}/file");
    let octets = ("Content-Type", "application/octet-stream");
    for (what, headers, body, status, message) in [
        ("no content type", vec![], "abc", 415, "…"),
        (
            "wrong content type",
            vec![("Content-Type", "text/plain")],
            "abc",
            415,
            "The request media type text/plain is not supported by this server. Invalid content type text/plain",
        ),
        (
            "unknown store",
            vec![octets, ("X-Image-Meta-Store", "nope")],
            "abc",
            400,
            "Store for identifier nope not found",
        ),
        (
            "less than announced",
            vec![octets, ("x-openstack-image-size", "5")],
            "abc",
            400,
            "Size mismatch: expected 5 bytes, got 3 bytes",
        ),
        (
            "more than announced",
            vec![octets, ("x-openstack-image-size", "5")],
            "abcdefgh",
            400,
            "Size exceeds: expected 5 bytes, got 8 bytes",
        ),
        (
            "no number",
            vec![octets, ("x-openstack-image-size", "zz")],
            "abc",
            400,
            "Invalid or missing image size in request headers.",
        ),
    ] {
        let request =
            headers.iter().fold(member.request("PUT", &path), |request, (key, value)| request.header(key, value));
        let answer = request.body(body.as_bytes()).refused(what, status, message);
        assert!(!answer.text().contains("${"), "{answer:?}");
        let image = member.show(&id);
        assert_eq!(
            (&image["status"], &image["size"], &image["checksum"]),
            (&json!("queued"), &json!(null), &json!(null))
        );
        assert_eq!(image.get("stores"), None, "{what}");
    }
    gateway.assert_settled();
    member.upload(&id, b"abc").expect(204);
    gateway.assert_settled();
}

#[test]
fn data_is_taken_once_and_only_when_the_formats_are_known() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_active("n", b"0123456789");
    let message = "Image status transition from active to saving is not allowed";
    member.upload(&id, b"other data").refused("again", 409, message);
    assert_eq!(member.download(&id).expect(200).body, b"0123456789");

    let bare = member.create(&json!({}));
    let message = "Properties disk_format, container_format must be set prior to saving data.";
    member.upload(&bare, b"x").refused("no formats", 400, message);
    let half = member.create(&json!({"container_format": "bare"}));
    member.upload(&half, b"x").refused("no disk format", 400, "Property disk_format must be set prior to saving data.");
    member.upload("nope", b"x").refused("no image", 404, "No image found with ID nope");
    gateway.assert_settled();
}

#[test]
fn what_the_store_holds_is_the_data_itself() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(3, 1_234_567).bytes();
    let id = gateway.member().create_active("n", &data);
    assert!(gateway.store("local").get(&id).unwrap() == data);
}

#[test]
fn data_that_went_missing_is_a_failure_and_not_an_empty_image() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_active("n", b"0123456789");
    gateway.store("local").remove(&id);
    gateway.member().download(&id).expect(500);
    // Each kind of store says it in its own words.
    eventually("the log tells", || {
        let log = gateway.log().text();
        let told = log.lines().any(|line| line.contains("ERROR") && line.contains("side=Store") && line.contains(&id));
        if told { Ok(()) } else { Err(log) }
    });
}

#[test]
fn data_that_no_image_owns_does_not_hinder_an_upload() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    gateway.store("local").put(&id, b"left behind");
    gateway.member().upload(&id, b"0123456789").expect(204);
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789");
    gateway.assert_settled();
}
