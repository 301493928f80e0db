//! curl, as a client of the gateway.

use casement_tests::{Gateway, MEMBER, have_tool, skip};
use std::{
    fmt,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

/// A request in the making, with the member's token.
pub(crate) struct Curl(Command);

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) exit: Option<i32>,
    /// 0 where there was no answer.
    pub(crate) status: u16,
    /// As in `2` or `1.1`.
    pub(crate) version: String,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
    errors: String,
}

/// Between what came and what is told of it.
const MARK: &str = "\n--curl--\n";

impl Curl {
    /// Whether it is there; a test without it is skipped.
    pub(crate) fn is_there(test: &str) -> bool {
        let there = have_tool("curl");
        if !there {
            skip(test, "there is no curl");
        }
        there
    }

    pub(crate) fn new(url: &str) -> Self {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "60", "--include"]);
        command.args(["--header", &format!("X-Auth-Token: {}", MEMBER.token), "--header", "Accept: application/json"]);
        command.args(["--write-out", &format!("%{{stderr}}{MARK}%{{http_code}} %{{http_version}}"), url]);
        Self(command)
    }

    pub(crate) fn args<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.0.args(arguments);
        self
    }

    /// Believes that authority alone.
    pub(crate) fn trusting(self, gateway: &Gateway) -> Self {
        let file = gateway.site().folder().join("authority.pem");
        self.args(["--cacert", file.to_str().unwrap()])
    }

    pub(crate) fn upload(self, file: &Path) -> Self {
        self.args(["--upload-file", file.to_str().unwrap(), "--header", "Content-Type: application/octet-stream"])
    }

    pub(crate) fn spawn(mut self) -> Child {
        self.0.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    #[track_caller]
    pub(crate) fn run(self) -> Outcome {
        outcome(self.spawn().wait_with_output().unwrap())
    }
}

#[track_caller]
pub(crate) fn outcome(output: Output) -> Outcome {
    let told = String::from_utf8(output.stderr).unwrap();
    let (errors, told) = told.split_once(MARK).unwrap_or((&told, "0 0"));
    let (status, version) = told.split_once(' ').unwrap();
    let (mut headers, mut body) = (String::new(), output.stdout);
    // Interim answers come before the one that counts.
    while body.starts_with(b"HTTP/") {
        let end = body.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
        headers = String::from_utf8(body.drain(..end).collect()).unwrap().to_lowercase();
    }
    Outcome {
        exit: output.status.code(),
        status: status.parse().unwrap(),
        version: version.to_owned(),
        headers,
        body,
        errors: errors.to_owned(),
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn expect(self, status: u16, version: &str) -> Self {
        assert_eq!((self.exit, self.status, self.version.as_str()), (Some(0), status, version), "{self:?}");
        self
    }

    /// The connection was not to be had, or ended without an answer.
    #[track_caller]
    pub(crate) fn expect_none(self) -> Self {
        assert!(self.exit != Some(0) && self.status == 0, "{self:?}");
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {self:?}"))
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = String::from_utf8_lossy(&self.body[..self.body.len().min(500)]);
        write!(f, "curl ended with {:?}: {}\n{}{body}", self.exit, self.errors.trim(), self.headers)
    }
}
