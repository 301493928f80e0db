use casement_tests::{Gateway, Pattern};

const DATA: &[u8] = b"0123456789";
const MD5: &str = "781e5e245d69b566979b86e28d23f2c7";

enum Wanted {
    Part(&'static str, &'static str),
    Refused(u16, &'static str),
}

use Wanted::{Part, Refused};

const BAD_START: &str = "The Range requested is not available. Invalid start position in Range header. Start position MUST be in the inclusive range [0, 9].";
const BAD_RANGE: &str = "The Range requested is not available. Invalid Range header.";
const BAD_STOP: &str = "The Range requested is not available. Invalid stop position in Content-Range header. The stop position MUST be in the inclusive range [0, 9].";
const SEVERAL: &str =
    "Requests with multiple ranges are not supported in Glance. You may make multiple single-range requests instead.";

/// Header, value, and what the answer is: `Content-Range` and body, or a refusal.
const MATRIX: &[(&str, &str, Wanted)] = &[
    ("Range", "bytes=0-3", Part("bytes 0-3/10", "0123")),
    ("Range", "bytes=4-", Part("bytes 4-9/10", "456789")),
    ("Range", "bytes=-3", Part("bytes 7-9/10", "789")),
    ("Range", "bytes=-100", Part("bytes 0-9/10", "0123456789")),
    ("Range", "bytes=0-100", Part("bytes 0-9/10", "0123456789")),
    ("Range", "bytes=9-20", Part("bytes 9-9/10", "9")),
    ("Range", "bytes=9-9", Part("bytes 9-9/10", "9")),
    ("Range", "bytes=0-0", Part("bytes 0-0/10", "0")),
    ("Range", "bytes=0-9", Part("bytes 0-9/10", "0123456789")),
    ("Range", "bytes=10-", Refused(416, BAD_START)),
    ("Range", "bytes=10-11", Refused(416, BAD_START)),
    ("Range", "bytes=5-2", Refused(416, BAD_RANGE)),
    ("Range", "items=0-1", Refused(416, BAD_RANGE)),
    ("Range", "lines=1-2", Refused(416, BAD_RANGE)),
    ("Range", "bytes=abc", Refused(416, BAD_RANGE)),
    ("Range", "0-3", Refused(416, BAD_RANGE)),
    ("Range", "bytes=99999999999999999999-", Refused(416, "The Range requested is not available.…")),
    ("Range", "bytes=0-1,3-4", Refused(400, SEVERAL)),
    ("Content-Range", "bytes 0-3/10", Part("bytes 0-3/10", "0123")),
    ("Content-Range", "bytes 0-3/*", Part("bytes 0-3/10", "0123")),
    ("Content-Range", "bytes 0-99/*", Refused(416, BAD_STOP)),
    ("Content-Range", "bytes 12-13/*", Refused(416, BAD_STOP)),
    ("Content-Range", "junk", Refused(416, "The Range requested is not available. Invalid Content-Range header.")),
    ("Content-Range", "bytes */10", Refused(400, "…")),
];

#[test]
fn any_one_range_can_be_asked_for() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_active("n", DATA);
    for (header, value, wanted) in MATRIX {
        let what = format!("{header}: {value}");
        let answer = member.request("GET", &format!("/v2/images/{id}/file")).header(header, value).send();
        match wanted {
            Part(range, body) => {
                let answer = answer.expect(206);
                assert_eq!(answer.text(), *body, "{what}");
                assert_eq!(answer.header("Content-Range"), Some(*range), "{what}");
                assert_eq!(answer.header("Content-Length").unwrap(), body.len().to_string(), "{what}");
                assert_eq!(answer.header("Content-MD5"), Some(MD5), "{what}");
                assert_eq!(answer.header("Content-Type"), Some("application/octet-stream"), "{what}");
            }
            Refused(status, message) => {
                answer.refused(&what, *status, message);
            }
        }
    }
}

#[test]
fn ranges_across_chunks_are_exact() {
    let gateway = Gateway::builder().start();
    let data = Pattern::new(11, 5_000_000);
    let bytes = data.bytes();
    let id = gateway.member().create_active("n", &bytes);
    for (start, end) in [(0, 0), (1_048_575, 1_048_576), (1, 4_999_998), (4_095, 3_000_000), (4_999_999, 4_999_999)] {
        let path = format!("/v2/images/{id}/file");
        let answer = gateway.member().request("GET", &path).header("Range", &format!("bytes={start}-{end}")).send();
        assert!(answer.expect(206).body == bytes[start..=end], "{start}-{end}");
    }
}
