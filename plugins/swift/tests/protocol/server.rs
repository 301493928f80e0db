//! A Swift in memory, one connection for each request, with somebody who may step in between.

use casement_scripted_http::{self as scripted_http, cut};
use md5::{Digest, Md5};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Read, Write},
    net::TcpStream,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard},
};

pub(crate) const TRANSFER: &str = "x-object-meta-casement-transfer";

type Headers = BTreeMap<String, String>;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    http: scripted_http::Request,
    /// When it began. What began later counts, whenever it ends.
    at: usize,
}

impl Deref for Request {
    type Target = scripted_http::Request;

    fn deref(&self) -> &scripted_http::Request {
        &self.http
    }
}

impl Request {
    /// `PUT /v1/AUTH_a/c/o` without the account.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path().strip_prefix("/v1/AUTH_a/").unwrap_or(self.path()))
    }
}

/// What whoever steps in does.
pub(crate) enum Reply {
    /// These bytes, and then the end.
    Raw(Vec<u8>),
    /// These bytes, and then nothing for as long as the client waits.
    Stall(Vec<u8>),
    /// What a sound server does and answers, but the answer is lost.
    Lose,
    /// What a sound server answers, cut off after so many bytes of its body.
    Cut(usize),
}

#[derive(Debug, Default)]
pub(crate) struct Held {
    /// By `container/object`; the ETag is worked out.
    pub(crate) objects: BTreeMap<String, (Headers, Vec<u8>)>,
    pub(crate) requests: Vec<Request>,
    /// By `container/object`, when it was removed last.
    removed: BTreeMap<String, usize>,
    pub(crate) logins: usize,
    /// The number of the login whose token is good, from 1.
    pub(crate) good: usize,
}

type Script = Box<dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync>;

pub(crate) struct Server {
    port: u16,
    held: Arc<Mutex<Held>>,
}

impl Server {
    /// The script is told the request, and how many of the same line came before it.
    pub(crate) fn start(script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self::start_on(Some, script)
    }

    /// With something between the connection and HTTP.
    pub(crate) fn start_on<S: Read + Write>(
        wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
        script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let held = Arc::<Mutex<Held>>::default();
        let (script, answering) = (Box::new(script) as Script, held.clone());
        // A client that has heard enough goes away: that is its right.
        let port = scripted_http::serve(wrap, move |stream, http| _ = serve(stream, http, &script, &answering));
        Self { port, held }
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The lines of all requests so far but those of opening the store.
    pub(crate) fn lines(&self) -> Vec<String> {
        let opening = ["GET /auth/v1.0", "GET /info", "HEAD /v1/AUTH_a", "HEAD c", "HEAD c_segments"];
        self.held().requests.iter().map(Request::line).filter(|line| !opening.contains(&&**line)).collect()
    }

    /// The names of all objects.
    pub(crate) fn names(&self) -> Vec<String> {
        self.held().objects.keys().cloned().collect()
    }
}

fn serve(
    mut stream: impl Read + Write,
    http: scripted_http::Request,
    script: &Script,
    held: &Mutex<Held>,
) -> Option<()> {
    let (mut request, before) = {
        let mut held = held.lock().unwrap();
        let request = Request { http, at: held.requests.len() };
        held.requests.push(request.clone());
        let alike = held.requests.iter().filter(|other| other.line() == request.line()).count();
        (request, alike - 1)
    };
    let stepped_in = script(&request, before);
    if let Some(Reply::Stall(bytes)) = &stepped_in {
        stream.write_all(bytes).and_then(|()| stream.flush()).ok()?;
        // Until the client hangs up.
        return std::io::copy(&mut stream, &mut std::io::sink()).ok().map(drop);
    }
    // Who hangs up does not care for the rest; who answers without reading it may not be heard.
    if matches!(&stepped_in, Some(Reply::Raw(bytes)) if bytes.is_empty()) {
        return None;
    }
    request.http.read_body(&mut stream)?;
    if let Some(Reply::Raw(bytes)) = &stepped_in {
        return stream.write_all(bytes).and_then(|()| stream.flush()).ok();
    }
    let mut answer = answer(&mut held.lock().unwrap(), &request);
    match stepped_in {
        Some(Reply::Lose) => return None,
        Some(Reply::Cut(len)) => answer = cut(answer, len),
        _ => {}
    }
    stream.write_all(&answer).and_then(|()| stream.flush()).ok()
}

/// What a sound server does and answers.
fn answer(held: &mut Held, request: &Request) -> Vec<u8> {
    if request.path() == "/info" {
        return bytes("200 OK", &[], br#"{"swift": {}, "slo": {"max_manifest_segments": 3}}"#);
    }
    if request.path() == "/auth/v1.0" {
        if request.header("x-auth-key") != Some("hush") {
            return bytes("401 Unauthorized", &[], b"");
        }
        held.logins += 1;
        held.good = held.logins;
        let token = format!("token-{}", held.logins);
        let account = format!("http://{}/v1/AUTH_a", request.header("host").unwrap());
        let headers = [("X-Auth-Token", &*token), ("X-Storage-Url", &account), ("X-Auth-Token-Expires", "3600")];
        return bytes("200 OK", &headers, b"");
    }
    if request.header("x-auth-token") != Some(&format!("token-{}", held.good)) {
        return bytes("401 Unauthorized", &[], b"");
    }
    let place = request.path().strip_prefix("/v1/AUTH_a").unwrap().trim_start_matches('/');
    match place.split_once('/') {
        None if request.method == "GET" => listing(held, place, request.query()),
        None => bytes("204 No Content", &[("X-Account-Container-Count", "1")], b""),
        Some(_) => object(held, request, place),
    }
}

fn listing(held: &Held, container: &str, query: &str) -> Vec<u8> {
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.replace("%2F", "/"));
        found.unwrap_or_default()
    };
    let (prefix, marker) = (value("prefix"), value("marker"));
    let names = held
        .objects
        .iter()
        .filter_map(|(name, object)| Some((name.strip_prefix(container)?.strip_prefix('/')?, object)));
    let found = names.filter(|(name, _)| name.starts_with(&prefix) && *name > &*marker);
    let entries: Vec<_> = found
        .map(|(name, (_, body))| {
            format!(r#"{{"name": "{name}", "bytes": {}, "last_modified": "2026-11-25T22:00:00.000000"}}"#, body.len())
        })
        .collect();
    let date = [("Date", "Wed, 25 Nov 2026 22:01:00 GMT")];
    bytes("200 OK", &date, format!("[{}]", entries.join(", ")).as_bytes())
}

fn object(held: &mut Held, request: &Request, place: &str) -> Vec<u8> {
    match request.method.as_str() {
        "PUT" if request.header("if-none-match").is_some() && held.objects.contains_key(place) => {
            bytes("412 Precondition Failed", &[], b"")
        }
        "PUT" if held.removed.get(place).is_some_and(|removed| *removed > request.at) => {
            bytes("202 Accepted", &[], b"")
        }
        "PUT" => {
            let meta = request.headers().filter(|(name, _)| name.starts_with("x-object-meta-"));
            let mut headers: Headers = meta.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let mut data = request.body.clone();
            if request.query().contains("multipart-manifest=put") {
                headers.insert("x-static-large-object".into(), "True".into());
                let entries: Vec<serde_json::Value> = serde_json::from_slice(&data).unwrap();
                let mut etags = String::new();
                data = Vec::new();
                for entry in entries {
                    let segment = entry["path"].as_str().unwrap().trim_start_matches('/');
                    let Some((segment, body)) = held.objects.get(segment) else {
                        return bytes("400 Bad Request", &[], b"");
                    };
                    etags.push_str(segment.get("etag").map_or(&hex(body), |etag| etag.trim_matches('"')));
                    data.extend_from_slice(body);
                }
                headers.insert("etag".into(), format!("\"{}\"", hex(etags.as_bytes())));
            } else if request.header("etag").is_some_and(|etag| etag != hex(&data)) {
                return bytes("422 Unprocessable Entity", &[], b"");
            }
            let etag = headers.get("etag").cloned().unwrap_or_else(|| hex(&data));
            held.objects.insert(place.to_owned(), (headers, data));
            bytes("201 Created", &[("Etag", &etag)], b"")
        }
        "DELETE" => {
            held.removed.insert(place.to_owned(), request.at);
            let was_there = held.objects.remove(place).is_some();
            bytes(if was_there { "204 No Content" } else { "404 Not Found" }, &[], b"")
        }
        "HEAD" | "GET" => match held.objects.get(place) {
            Some((headers, data)) => found(request, headers, data),
            None => bytes("404 Not Found", &[], b""),
        },
        _ => bytes("404 Not Found", &[], b""),
    }
}

fn found(request: &Request, headers: &Headers, data: &[u8]) -> Vec<u8> {
    let etag = headers.get("etag").cloned().unwrap_or_else(|| hex(data));
    let mut told: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    told.push(("etag", &etag));
    let length = data.len().to_string();
    if request.method == "HEAD" {
        told.push(("content-length", &length));
        return raw("200 OK", &told, b"");
    }
    if request.header("if-match").is_some_and(|wanted| wanted.trim_matches('"') != etag.trim_matches('"')) {
        return bytes("412 Precondition Failed", &[], b"");
    }
    let range = request.header("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let Some((first, last)) = range else { return bytes("200 OK", &told, data) };
    let first: usize = first.parse().unwrap();
    if first >= data.len() {
        return bytes("416 Range Not Satisfiable", &[], b"");
    }
    let last = last.parse().unwrap_or(usize::MAX).min(data.len() - 1);
    let range = format!("bytes {first}-{last}/{}", data.len());
    told.push(("content-range", &range));
    bytes("206 Partial Content", &told, &data[first..=last])
}

pub(crate) fn hex(data: &[u8]) -> String {
    Md5::digest(data).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// An answer with its length.
pub(crate) fn bytes(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    raw(status, &[headers, &[("content-length", &length)]].concat(), body)
}

fn raw(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    scripted_http::raw_answer(status, &[headers, &[("x-trans-id", "tx1")]].concat(), body)
}

/// An answer of these headers and no body.
pub(crate) fn status(status: &str, headers: &[(&str, &str)]) -> Option<Reply> {
    Some(Reply::Raw(bytes(status, headers, b"")))
}
