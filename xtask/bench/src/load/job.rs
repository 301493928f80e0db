//! What is to be done, as JSON.

use super::platform::Content;
use crate::Result;
use serde::Deserialize;
use std::{collections::HashMap, fmt::Write, path::PathBuf, rc::Rc};

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
    /// With a body that is text.
    pub(super) head: Vec<u8>,
    pub(super) content: Option<Rc<Content>>,
}

impl Job {
    pub(super) fn prepare(&self) -> Result<Vec<Prepared>> {
        let mut files = HashMap::new();
        self.requests.iter().map(|request| self.prepared(request, &mut files)).collect()
    }

    fn prepared(&self, request: &Request, files: &mut HashMap<(PathBuf, u64), Rc<Content>>) -> Result<Prepared> {
        let content = match &request.file {
            None => None,
            Some(file) => Some(match files.get(file) {
                Some(content) => content.clone(),
                None => files.entry(file.clone()).or_insert(read(file)?).clone(),
            }),
        };
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.path, self.address);
        let token = self.token.iter().map(|token| ("X-Auth-Token", token.as_str()));
        let own = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in token.chain(own) {
            write!(head, "{name}: {value}\r\n").map_err(|err| err.to_string())?;
        }
        let text = request.body.as_deref();
        if let Some(length) = content.as_ref().map(|content| content.len()).or(text.map(|text| text.len() as u64)) {
            write!(head, "Content-Length: {length}\r\n").map_err(|err| err.to_string())?;
        }
        head += "\r\n";
        head += text.unwrap_or_default();
        Ok(Prepared { head: head.into_bytes(), content })
    }
}

fn read((file, bytes): &(PathBuf, u64)) -> Result<Rc<Content>> {
    let content = Content::open(file, *bytes).map_err(|err| format!("{}: {err}", file.display()))?;
    Ok(Rc::new(content))
}
