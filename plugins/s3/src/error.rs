//! What each answer of a service means here, and what the operator is to do about it: one table.
//!
//! The codes are those of Amazon's "List of error codes" and, where they have more of their own, those of Ceph, MinIO,
//! SeaweedFS and Garage.

use crate::endpoint::Endpoint;
use casement_sdk::{Error, Kind};

/// A refusal, as far as the service explained it.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// The error code of S3; an answer to HEAD has none.
    pub(crate) code: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) retry_after_ms: Option<u64>,
    /// The region or the endpoint that the service named.
    pub(crate) elsewhere: Option<String>,
    /// The service's clock.
    pub(crate) clock: Option<String>,
    /// Our clock at that time.
    pub(crate) our_clock: String,
    /// The answer is a web page.
    pub(crate) is_page: bool,
}

struct Row {
    codes: &'static [&'static str],
    kind: Kind,
    retryable: bool,
    /// What it means and what to do. In braces: what the endpoint and the refusal know.
    advice: &'static str,
}

const fn row(codes: &'static [&'static str], kind: Kind, retryable: bool, advice: &'static str) -> Row {
    Row { codes, kind, retryable, advice }
}

const BY_CODE: &[Row] = &[
    row(&["NoSuchKey", "NoSuchVersion"], Kind::NotFound, false, "there is no such object in bucket `{bucket}`"),
    row(&["NoSuchUpload"], Kind::NotFound, false, "there is no such multipart upload in bucket `{bucket}`"),
    row(
        &["NoSuchBucket"],
        Kind::Unavailable,
        false,
        "there is no bucket `{bucket}` at {host}: create it, or set create_bucket_on_put = true",
    ),
    row(
        &["InvalidBucketName"],
        Kind::Unavailable,
        false,
        "`{bucket}` is no name for a bucket at {host}: change bucket",
    ),
    row(
        &["BucketAlreadyExists"],
        Kind::Denied,
        false,
        "bucket `{bucket}` belongs to somebody else: choose another name for bucket",
    ),
    row(&["PreconditionFailed"], Kind::Exists, false, "there is an object under this key already"),
    row(
        &["ConditionalRequestConflict", "OperationAborted"],
        Kind::Unavailable,
        true,
        "somebody else is changing the same object or bucket",
    ),
    row(
        &["InvalidAccessKeyId"],
        Kind::Denied,
        false,
        "{host} does not know the access key: check access_key, or where `credentials` come from",
    ),
    row(
        &["SignatureDoesNotMatch"],
        Kind::Denied,
        false,
        "the secret key does not fit the access key: check secret_key_file or secret_key_env, and that no proxy on the way \
         changes the `Host` header or the path",
    ),
    row(
        &["ExpiredToken", "InvalidToken", "TokenRefreshRequired"],
        Kind::Denied,
        false,
        "the session token is not valid any more: renew it, or have `credentials` come from where they are renewed",
    ),
    row(
        &["AccessDenied", "AllAccessDisabled", "AccountProblem", "NotSignedUp", "UserSuspended"],
        Kind::Denied,
        false,
        "the access key may not do this in bucket `{bucket}`: allow it s3:ListBucket, s3:ListBucketMultipartUploads, \
         s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListMultipartUploadParts",
    ),
    row(
        &["RequestTimeTooSkewed", "RequestExpired"],
        Kind::Denied,
        false,
        "the clocks differ too much: it is {our_clock} here and {clock} at {host}; set the one that is wrong by NTP",
    ),
    row(
        &[
            "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException",
            "InvalidRegion",
            "InvalidLocationConstraint",
        ],
        Kind::Unavailable,
        false,
        "requests are signed for region `{region}`, and bucket `{bucket}` is in {elsewhere}: set region_name to that",
    ),
    row(
        &["PermanentRedirect", "TemporaryRedirect", "Redirect"],
        Kind::Unavailable,
        false,
        "bucket `{bucket}` is not at {host} but in {elsewhere}: set host, and region_name where that is one",
    ),
    row(
        &["QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "XAdminBucketQuotaExceeded", "TooManyObjects"],
        Kind::NoSpace,
        false,
        "the quota of bucket `{bucket}` or of its account is used up: raise it, or remove images",
    ),
    row(
        &["InsufficientStorage", "InsufficientCapacity", "XMinioStorageFull", "StorageFull", "DiskFull", "NoSpaceLeft"],
        Kind::NoSpace,
        false,
        "{host} is full: add storage, or remove images",
    ),
    row(&["EntityTooLarge"], Kind::NoSpace, false, "the image is larger than {host} takes"),
    row(
        &[
            "SlowDown",
            "ServiceUnavailable",
            "Throttling",
            "ThrottlingException",
            "RequestLimitExceeded",
            "TooManyRequests",
            "BandwidthLimitExceeded",
            "RequestThrottled",
            "Busy",
            "ServerBusy",
        ],
        Kind::Unavailable,
        true,
        "{host} asks for fewer requests",
    ),
    row(
        &[
            "InternalError",
            "RequestTimeout",
            "IncompleteBody",
            "ConnectionClosed",
            "ServerNotInitialized",
            "GatewayTimeout",
        ],
        Kind::Unavailable,
        true,
        "{host} failed at this request",
    ),
    row(
        &["BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "InvalidChecksum"],
        Kind::Unavailable,
        true,
        "what arrived at {host} is not what was sent",
    ),
    row(
        &["InvalidPart", "InvalidPartOrder", "EntityTooSmall"],
        Kind::Unavailable,
        false,
        "{host} does not have the parts of the image as they were sent: upload it again",
    ),
    row(
        &["KeyTooLongError", "InvalidObjectName", "XMinioInvalidObjectName", "InvalidURI"],
        Kind::Unsupported,
        false,
        "{host} takes no object of this name",
    ),
    row(&["NotImplemented", "MethodNotAllowed"], Kind::Unsupported, false, "{host} cannot do this"),
];

/// For an answer to HEAD, and for whatever answers in the service's place.
const BY_STATUS: &[(u16, u16, Row)] = &[
    (
        300,
        399,
        row(
            &[],
            Kind::Unavailable,
            false,
            "bucket `{bucket}` is not at {host} but in {elsewhere}: set host and region_name",
        ),
    ),
    (
        401,
        401,
        row(
            &[],
            Kind::Denied,
            false,
            "{host} refuses the credentials: check access_key and secret_key_file or secret_key_env",
        ),
    ),
    (
        403,
        403,
        row(
            &[],
            Kind::Denied,
            false,
            "{host} refuses access to bucket `{bucket}`: check access_key, its secret, what it may do, and the clock (it is \
             {our_clock} here and {clock} there)",
        ),
    ),
    (404, 404, row(&[], Kind::NotFound, false, "there is no such object in bucket `{bucket}`")),
    (408, 408, row(&[], Kind::Unavailable, true, "{host} did not get the request in time")),
    (409, 409, row(&[], Kind::Unavailable, true, "somebody else is changing the same object or bucket")),
    (412, 412, row(&[], Kind::Exists, false, "there is an object under this key already")),
    (413, 413, row(&[], Kind::NoSpace, false, "the image is larger than {host} takes")),
    (425, 425, row(&[], Kind::Unavailable, true, "{host} asks to wait")),
    (429, 429, row(&[], Kind::Unavailable, true, "{host} asks for fewer requests")),
    (501, 501, row(&[], Kind::Unsupported, false, "{host} cannot do this")),
    (507, 507, row(&[], Kind::NoSpace, false, "{host} is full: add storage, or remove images")),
    (500, 599, row(&[], Kind::Unavailable, true, "{host} failed at this request")),
];

const NOT_S3: Row = row(
    &[],
    Kind::Unavailable,
    false,
    "{host} answers, but not as an S3 service does: set host to the address of the service itself (a console or a web server \
     often answers at another port)",
);

const UNKNOWN: Row = row(&[], Kind::Unavailable, false, "{host} refused the request");

impl Refusal {
    fn row(&self, ours: &str) -> &'static Row {
        let by_code = |code: &String| BY_CODE.iter().find(|row| row.codes.contains(&&**code));
        if let Some(row) = self.code.as_ref().and_then(by_code) {
            return row;
        }
        // Amazon answers 400 to HEAD for another region, and says no more than which.
        if self.status == 400 && self.elsewhere.as_deref().is_some_and(|region| region != ours) {
            return by_code(&"AuthorizationHeaderMalformed".to_owned()).unwrap_or(&UNKNOWN);
        }
        let by_status =
            BY_STATUS.iter().find(|(from, to, _)| (*from..=*to).contains(&self.status)).map(|(_, _, row)| row);
        match by_status {
            Some(row) if row.retryable || !self.is_page => row,
            _ if self.is_page => &NOT_S3,
            _ => &UNKNOWN,
        }
    }

    /// The contract's error for it.
    pub(crate) fn explain(&self, endpoint: &Endpoint) -> Error {
        let row = self.row(&endpoint.region);
        let advice = row
            .advice
            .replace("{bucket}", &endpoint.bucket)
            .replace("{host}", &endpoint.url)
            .replace("{region}", &endpoint.region)
            .replace("{elsewhere}", self.elsewhere.as_deref().map_or("another one", |found| found))
            .replace("{our_clock}", &self.our_clock)
            .replace("{clock}", self.clock.as_deref().unwrap_or("another time"));
        let told = match (&self.code, &self.text) {
            (Some(code), Some(text)) => format!("{code}: {}", printable(text)),
            (Some(code), None) => code.clone(),
            _ => self.status.to_string(),
        };
        let error = Error::new(row.kind, format!("{advice} ({told})")).with_retryable(row.retryable);
        match self.retry_after_ms {
            Some(pause) if row.retryable => error.with_retry_after_ms(pause),
            _ => error,
        }
    }
}

/// What a service says may be anything.
fn printable(text: &str) -> String {
    const MOST: usize = 200;
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MOST).collect()
}

/// The same error as an answer of `open`: where nothing but the operator helps, it is the configuration that is wrong.
pub(crate) fn at_open(error: Error) -> Error {
    match error.kind() {
        Kind::Unavailable | Kind::Unsupported | Kind::NotFound if !error.is_retryable() => {
            Error::new(Kind::Config, error.message())
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn endpoint() -> Endpoint {
        Endpoint {
            url: "https://s3.example.com".into(),
            authority: "s3.example.com".into(),
            tls: true,
            region: "eu-central-1".into(),
            bucket: "images".into(),
            path_style: true,
        }
    }

    fn refusal(status: u16, code: &str) -> Refusal {
        Refusal {
            status,
            code: (!code.is_empty()).then(|| code.to_owned()),
            text: Some("The service's own words.".into()),
            our_clock: "2026-01-01T00:00:00Z".into(),
            ..Refusal::default()
        }
    }

    #[test]
    fn no_code_stands_in_the_table_twice() {
        let mut codes: Vec<_> = BY_CODE.iter().flat_map(|row| row.codes).collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn each_answer_has_its_kind() {
        for (status, code, kind, retryable) in [
            (404, "NoSuchKey", Kind::NotFound, false),
            (404, "", Kind::NotFound, false),
            (404, "NoSuchBucket", Kind::Unavailable, false),
            (403, "InvalidAccessKeyId", Kind::Denied, false),
            (403, "SignatureDoesNotMatch", Kind::Denied, false),
            (403, "QuotaExceeded", Kind::NoSpace, false),
            (403, "", Kind::Denied, false),
            (503, "SlowDown", Kind::Unavailable, true),
            (500, "InternalError", Kind::Unavailable, true),
            (502, "", Kind::Unavailable, true),
            (507, "", Kind::NoSpace, false),
            (507, "XMinioStorageFull", Kind::NoSpace, false),
            (412, "PreconditionFailed", Kind::Exists, false),
            (418, "Teapot", Kind::Unavailable, false),
            (501, "NotImplemented", Kind::Unsupported, false),
        ] {
            let error = refusal(status, code).explain(&endpoint());
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{status} {code}");
            assert!(!error.message().contains('{'), "{}", error.message());
        }
    }

    #[test]
    fn the_service_says_how_long_to_wait_where_waiting_helps() {
        let wait = |status, code| {
            let refusal = Refusal { retry_after_ms: Some(7_000), ..refusal(status, code) };
            refusal.explain(&endpoint()).retry_after_ms()
        };
        assert_eq!((wait(503, "SlowDown"), wait(403, "AccessDenied")), (7_000, 0));
    }

    #[test]
    fn both_clocks_and_the_right_region_are_named() {
        let skewed = Refusal { clock: Some("2026-01-01T01:00:00Z".into()), ..refusal(403, "RequestTimeTooSkewed") };
        let message = skewed.explain(&endpoint()).message().to_owned();
        assert!(message.contains("2026-01-01T00:00:00Z here and 2026-01-01T01:00:00Z at"), "{message}");
        for (status, code) in [(400, "AuthorizationHeaderMalformed"), (400, ""), (301, "PermanentRedirect"), (301, "")]
        {
            let elsewhere = Refusal { elsewhere: Some("us-west-2".into()), ..refusal(status, code) };
            let error = elsewhere.explain(&endpoint());
            assert!(error.message().contains("in us-west-2: set"), "{}", error.message());
            assert_eq!(at_open(error).kind(), Kind::Config);
        }
    }

    #[test]
    fn a_web_page_is_no_answer_of_s3_but_a_proxys_complaint_is_passed_on() {
        let page = |status| Refusal { is_page: true, ..refusal(status, "") }.explain(&endpoint());
        assert!(page(404).message().contains("not as an S3 service does"));
        assert!(page(200).message().contains("not as an S3 service does"));
        assert!(page(502).is_retryable());
    }

    #[test]
    fn what_a_service_says_is_cut_and_printable() {
        let long = Refusal { text: Some("x\r\n\u{1b}[2J".repeat(1_000)), ..refusal(500, "InternalError") };
        let message = long.explain(&endpoint()).message().to_owned();
        assert!(message.len() < 400 && !message.contains(['\r', '\n', '\u{1b}']));
    }
}
