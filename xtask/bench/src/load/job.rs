//! What is to be done, as JSON.

use crate::Result;
use bytes::Bytes;
use serde::Deserialize;
use std::{collections::HashMap, fmt::Write, fs::File, io::Read, path::PathBuf};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Job {
    /// Address and port.
    pub(super) address: String,
    token: Option<String>,
    pub(super) clients: usize,
    /// How long the requests are made again and again; without it each is made once.
    pub(super) seconds: Option<f64>,
    /// How many bytes of an answer a client takes in a second; without it as many as there are.
    pub(super) pace: Option<u32>,
    /// How many seconds an answer may take.
    pub(super) patience: f64,
    requests: Vec<Request>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Text to send,
    body: Option<String>,
    /// or so many bytes of a file.
    file: Option<(PathBuf, u64)>,
}

/// A request as it goes over the wire.
pub(super) struct Prepared {
    pub(super) head: Vec<u8>,
    pub(super) body: Bytes,
}

impl Job {
    pub(super) fn prepare(&self) -> Result<Vec<Prepared>> {
        let mut files = HashMap::new();
        self.requests.iter().map(|request| self.prepared(request, &mut files)).collect()
    }

    fn prepared(&self, request: &Request, files: &mut HashMap<(PathBuf, u64), Bytes>) -> Result<Prepared> {
        let body = match (&request.body, &request.file) {
            (Some(text), _) => Bytes::copy_from_slice(text.as_bytes()),
            (None, Some(file)) => match files.get(file) {
                Some(content) => content.clone(),
                None => files.entry(file.clone()).or_insert(read(file)?).clone(),
            },
            (None, None) => Bytes::new(),
        };
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.path, self.address);
        let token = self.token.iter().map(|token| ("X-Auth-Token", token.as_str()));
        let own = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in token.chain(own) {
            write!(head, "{name}: {value}\r\n").map_err(|err| err.to_string())?;
        }
        if request.body.is_some() || request.file.is_some() {
            write!(head, "Content-Length: {}\r\n", body.len()).map_err(|err| err.to_string())?;
        }
        head += "\r\n";
        Ok(Prepared { head: head.into_bytes(), body })
    }
}

fn read((file, bytes): &(PathBuf, u64)) -> Result<Bytes> {
    let mut content = Vec::new();
    let read = File::open(file).and_then(|file| file.take(*bytes).read_to_end(&mut content));
    read.map_err(|err| format!("{}: {err}", file.display()))?;
    if content.len() as u64 == *bytes {
        Ok(content.into())
    } else {
        Err(format!("{} has no {bytes} bytes", file.display()))
    }
}
