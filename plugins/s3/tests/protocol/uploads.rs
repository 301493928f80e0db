//! Multipart uploads.

use crate::{
    fake::{Object, Upload, error},
    server::{Fate, Response, Server},
    support::{PART, data, kind, read, write, write_options},
};
use casement_sdk::{Backend, Kind, WriteOptions, Writer};
use serde_json::json;

/// A server with a fate for the first of an operation, and one for all further ones.
fn server(operation: &'static str, first: fn() -> Fate, further: fn() -> Fate) -> Server {
    Server::start(move |request, before| match request.operation == operation {
        true if before == 0 => first(),
        true => further(),
        false => Fate::Done,
    })
}

fn done() -> Fate {
    Fate::Done
}

/// The image is there whole, and nothing else.
async fn assert_stored(server: &Server, key: &str, len: usize) {
    let store = server.store().await;
    assert!(read(&store, key, 0, None).await.unwrap() == data(len), "{key}");
    assert!(server.fake().uploads.is_empty());
}

fn assert_nothing_left(server: &Server) {
    let fake = server.fake();
    assert!(fake.objects.is_empty() && fake.uploads.is_empty(), "{:?}", fake.uploads.keys());
}

#[tokio::test]
async fn parts_are_of_the_configured_size_and_the_whole_comes_of_them_under_a_condition() {
    let server = Server::sound();
    let store = server.store().await;
    for (key, len, size) in [("a", PART + 1, Some(PART as u64 + 1)), ("b", 2 * PART, None), ("c", 1, None)] {
        let stat = write_options(&store, key, len, size).await.unwrap();
        assert_eq!(stat.etag.as_deref(), Some(&*server.fake().objects[key].etag));
        assert_stored(&server, key, len).await;
    }
    let sizes: Vec<_> = server
        .requests()
        .iter()
        .filter(|request| request.operation == "UploadPart" && request.key == "a")
        .map(|request| request.body.len())
        .collect();
    assert!(sizes == [PART, 1] || sizes == [1, PART], "{sizes:?}");
    assert_eq!(server.first("CompleteMultipartUpload").header("if-none-match"), Some("*"));
}

#[tokio::test]
async fn a_part_that_fails_is_sent_again() {
    let fates: [fn() -> Fate; 5] = [
        || Fate::Broken,
        || Fate::Lost,
        || Fate::Frozen,
        || Fate::Refused(error(503, "SlowDown", "")),
        || Fate::Refused(error(400, "BadDigest", "")),
    ];
    for fate in fates {
        let server = server("UploadPart", fate, done);
        write(&server.store().await, "x", 2 * PART + 1).await.unwrap();
        assert_eq!(server.count("UploadPart"), 4);
        assert_stored(&server, "x", 2 * PART + 1).await;
    }
}

#[tokio::test]
async fn a_part_that_arrived_as_something_else_is_sent_again() {
    for (name, value) in [("ETag", "\"00000000000000000000000000000000\""), ("x-amz-checksum-crc32", "AAAAAA==")] {
        let server = Server::start(move |request, before| match (request.operation, before) {
            ("UploadPart", 0) => Fate::DoneBut(Box::new(move |answer| answer.with(name, value))),
            _ => Fate::Done,
        });
        write(&server.store().await, "x", PART + 1).await.unwrap();
        assert_eq!(server.count("UploadPart"), 3);
        assert_stored(&server, "x", PART + 1).await;
    }
}

#[tokio::test]
async fn checksums_are_told_again_to_a_service_that_keeps_them() {
    let server = Server::start(|request, _| match request.operation {
        "UploadPart" => {
            let sum = request.header("x-amz-checksum-sha256").unwrap().to_owned();
            Fate::DoneBut(Box::new(move |answer| answer.with("x-amz-checksum-sha256", &sum)))
        }
        _ => Fate::Done,
    });
    write(&server.store_with(json!({"checksum": "sha256"})).await, "x", PART + 1).await.unwrap();
    let told = String::from_utf8(server.first("CompleteMultipartUpload").body.clone()).unwrap();
    assert_eq!(told.matches("<ChecksumSHA256>").count(), 2, "{told}");
}

#[tokio::test]
async fn a_part_that_can_not_be_sent_ends_the_upload_and_leaves_nothing() {
    for (status, code, expected) in [
        (403, "QuotaExceeded", Kind::NoSpace),
        (507, "", Kind::NoSpace),
        (403, "AccessDenied", Kind::Denied),
        (404, "NoSuchUpload", Kind::Cancelled),
    ] {
        let server = Server::start(move |request, _| match request.operation {
            "UploadPart" => Fate::Refused(error(status, code, "")),
            _ => Fate::Done,
        });
        let error = write(&server.store().await, "x", 3 * PART).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{error}");
        until_nothing_is_left(&server).await;
    }
}

/// A writer that is dropped aborts behind the back of whoever dropped it.
async fn until_nothing_is_left(server: &Server) {
    let nothing = async {
        while !server.fake().uploads.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), nothing).await.expect("the upload is still there");
    assert_nothing_left(server);
}

#[tokio::test]
async fn a_completion_that_fails_behind_its_status_is_made_again() {
    let late = || Fate::Refused(error(200, "InternalError", ""));
    let server = server("CompleteMultipartUpload", late, done);
    write(&server.store().await, "x", PART + 1).await.unwrap();
    assert_eq!(server.count("CompleteMultipartUpload"), 2);
    assert_stored(&server, "x", PART + 1).await;
}

#[tokio::test]
async fn a_completion_that_is_refused_behind_its_status_is_no_success() {
    let late = || Fate::Refused(error(200, "InvalidPart", ""));
    let server = server("CompleteMultipartUpload", late, late);
    write(&server.store().await, "x", PART + 1).await.unwrap_err();
    assert_eq!(server.count("CompleteMultipartUpload"), 1);
    assert_nothing_left(&server);
}

#[tokio::test]
async fn a_completion_whose_answer_is_lost_is_looked_for() {
    let fates: [fn() -> Fate; 4] = [
        || Fate::Lost,
        || Fate::Cut(30),
        || Fate::DoneBut(Box::new(|_| Response::page(504))),
        || Fate::DoneBut(Box::new(|_| error(200, "InternalError", ""))),
    ];
    for fate in fates {
        let server = server("CompleteMultipartUpload", fate, done);
        assert_eq!(write(&server.store().await, "x", PART + 1).await.unwrap().size, PART as u64 + 1);
        assert_eq!(server.count("CompleteMultipartUpload"), 1);
        assert_stored(&server, "x", PART + 1).await;
    }
}

#[tokio::test]
async fn a_completion_that_did_not_arrive_is_made_again() {
    let server = server("CompleteMultipartUpload", || Fate::Broken, done);
    write(&server.store().await, "x", PART + 1).await.unwrap();
    assert_eq!(server.count("CompleteMultipartUpload"), 2);
    assert_stored(&server, "x", PART + 1).await;
}

#[tokio::test]
async fn an_object_of_the_same_size_is_not_ours_for_that() {
    let server =
        server("CompleteMultipartUpload", || Fate::Broken, || Fate::Refused(error(412, "PreconditionFailed", "")));
    let store = server.store().await;
    let mut writer =
        store.create("x", WriteOptions { size: Some(PART as u64 + 1), transfer: "t".into() }).await.unwrap();
    writer.write(data(PART + 1)).await.unwrap();
    let other = Object { data: vec![7; PART + 1], etag: "\"opaque\"".into() };
    let head = server.count("HeadObject");
    let commit = tokio::spawn(writer.commit());
    // After the look that nothing is there.
    while server.count("HeadObject") == head {
        tokio::task::yield_now().await;
    }
    while server.count("CompleteMultipartUpload") == 0 {
        tokio::task::yield_now().await;
    }
    server.fake().objects.insert("x".into(), other);
    assert_eq!(kind(commit.await.unwrap()), Some(Kind::Exists));
    assert!(server.fake().uploads.is_empty());
    assert_eq!(server.fake().objects["x"].data[0], 7);
}

#[tokio::test]
async fn a_whole_with_another_etag_is_removed_again() {
    let wrong = || {
        let body = "<ETag>\"00000000000000000000000000000000-2\"</ETag>";
        Fate::DoneBut(Box::new(move |_| Response::xml(200, "CompleteMultipartUploadResult", body)))
    };
    let server = server("CompleteMultipartUpload", wrong, wrong);
    let error = write(&server.store().await, "x", PART + 1).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Corrupt, "{error}");
    assert_nothing_left(&server);
}

#[tokio::test]
async fn what_somebody_else_put_in_its_place_stays() {
    // A service that heeds no condition: another's completion has replaced ours before we look at it.
    let server = Server::start(|request, before| match (request.operation, before) {
        ("HeadObject", 2..) => {
            let other = Object::new("other");
            Fate::Refused(Response::new(200).with("ETag", &other.etag).body(other.data))
        }
        _ => Fate::Done,
    });
    assert_eq!(kind(write(&server.store().await, "x", PART + 1).await), Some(Kind::Exists));
    assert_eq!(server.count("CompleteMultipartUpload"), 1);
    assert_eq!(server.count("DeleteObject"), 0);
}

#[tokio::test]
async fn an_image_that_comes_between_is_not_replaced() {
    let server = Server::sound();
    let store = server.store().await;
    let mut writer =
        store.create("x", WriteOptions { size: Some(PART as u64 + 1), transfer: "t".into() }).await.unwrap();
    writer.write(data(PART + 1)).await.unwrap();
    server.fake().objects.insert("x".into(), Object::new("other"));
    assert_eq!(kind(writer.commit().await), Some(Kind::Exists));
    assert_eq!(server.fake().objects["x"].data, b"other");
    assert!(server.fake().uploads.is_empty());
}

#[tokio::test]
async fn a_service_that_stays_away_is_given_up_in_bounded_time_and_the_upload_can_be_discarded() {
    let server = server("CompleteMultipartUpload", || Fate::Frozen, || Fate::Broken);
    let store = server.store_with(json!({"request_timeout_seconds": 1})).await;
    let started = std::time::Instant::now();
    let mut writer = store.create("x", WriteOptions { size: None, transfer: "t".into() }).await.unwrap();
    writer.write(data(1)).await.unwrap();
    let error = writer.commit().await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Unavailable | Kind::Timeout), "{error}");
    assert!(started.elapsed().as_secs() < 30);
    assert_nothing_left(&server);
}

#[tokio::test]
async fn an_upload_whose_name_can_not_be_remembered_is_not_begun() {
    let long = || {
        let body = format!("<UploadId>{}</UploadId>", "x".repeat(600));
        Fate::Refused(Response::xml(200, "InitiateMultipartUploadResult", &body))
    };
    let server = server("CreateMultipartUpload", long, long);
    server.fake().uploads.insert("x".repeat(600), Upload { key: "x".into(), ..Upload::default() });
    let error = write(&server.store().await, "x", PART + 1).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_nothing_left(&server);
}

#[tokio::test]
async fn parts_that_arrive_behind_an_abort_are_aborted_too() {
    let server = server("AbortMultipartUpload", || Fate::Refused(Response::new(204)), done);
    let store = server.store().await;
    let mut writer = store.create("x", WriteOptions { size: None, transfer: "t".into() }).await.unwrap();
    writer.write(data(1)).await.unwrap();
    writer.abort().await.unwrap();
    assert_eq!(server.count("AbortMultipartUpload"), 2);
    assert_nothing_left(&server);
}

#[tokio::test]
async fn what_was_left_is_listed_page_by_page_with_its_age() {
    let server = Server::start(|request, before| match request.operation {
        "ListMultipartUploads" => {
            assert_eq!(request.query("key-marker"), ["", "k0"][before]);
            let upload = format!(
                "<Upload><Key>k{before}</Key><UploadId>u{before}</UploadId><Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload>"
            );
            let further = "<IsTruncated>true</IsTruncated><NextKeyMarker>k0</NextKeyMarker><NextUploadIdMarker>u0</NextUploadIdMarker>";
            let body = if before == 0 { format!("{further}{upload}") } else { upload };
            Fate::Refused(Response::xml(200, "ListMultipartUploadsResult", &body))
        }
        "ListParts" => {
            let part = "<Part><PartNumber>1</PartNumber><LastModified>2021-01-01T00:00:00.000Z</LastModified></Part>";
            Fate::Refused(Response::xml(200, "ListPartsResult", if request.key == "k0" { part } else { "" }))
        }
        _ => Fate::Done,
    });
    let staged = server.store().await.list_staged().await.unwrap();
    assert_eq!(staged.iter().map(|staged| &*staged.token).collect::<Vec<_>>(), ["u0 k0", "u1 k1"]);
    let years = |at: usize| staged[at].idle_ms.unwrap() / (365 * 24 * 3600 * 1000);
    assert!(years(1) > years(0), "the youngest part counts");
}
