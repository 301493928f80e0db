//! An HTTP server over [`Fake`] that does as its script says; one connection for each request.

use crate::fake::Fake;
use casement_scripted_http::{self as scripted_http, cut, raw_answer};
use std::{
    io::{Read, Write},
    net::TcpStream,
    ops::Deref,
    sync::{Arc, Mutex, MutexGuard},
};

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// S3's name for it.
    pub(crate) operation: &'static str,
    pub(crate) key: String,
    http: scripted_http::Request,
}

impl Deref for Request {
    type Target = scripted_http::Request;

    fn deref(&self) -> &scripted_http::Request {
        &self.http
    }
}

impl Request {
    fn of(http: scripted_http::Request) -> Self {
        let path = http.path().trim_start_matches('/');
        let key = path.split_once('/').map(|(_, key)| key.to_owned()).unwrap_or_default();
        let copies = http.header("x-amz-copy-source").is_some();
        let operation = operation(&http.method, &key, http.query(), copies);
        Self { operation, key, http }
    }

    /// A parameter of the query, or nothing.
    pub(crate) fn query(&self, name: &str) -> String {
        let url = url::Url::parse(&format!("http://s3{}", self.target)).unwrap();
        url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn xml(status: u16, root: &str, body: &str) -> Self {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root}>{body}</{root}>");
        Self::new(status).with("Content-Type", "application/xml").body(text)
    }

    pub(crate) fn page(status: u16) -> Self {
        Self::new(status).with("Content-Type", "text/html").body("<!DOCTYPE html><html><body>Hello</body></html>")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a header of the request.
    pub(crate) fn repeat(self, request: &Request, name: &str) -> Self {
        match request.header(name) {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// What becomes of a request.
pub(crate) enum Fate {
    /// As it should be.
    Done,
    /// Done, and the connection breaks before the answer.
    Lost,
    /// Done, with another answer.
    DoneBut(Box<dyn FnOnce(Response) -> Response>),
    /// Not done.
    Refused(Response),
    /// Not done; the connection breaks.
    Broken,
    /// Done, and the connection breaks behind so many bytes of the body.
    Cut(usize),
    /// Nothing comes for as long as the client waits.
    Frozen,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    fake: Arc<Mutex<Fake>>,
}

impl Server {
    pub(crate) fn sound() -> Self {
        Self::start(|_, _| Fate::Done)
    }

    /// The script is told the request, and how many of the same operation came before it.
    pub(crate) fn start(script: impl Fn(&Request, usize) -> Fate + Send + Sync + 'static) -> Self {
        Self::start_on(Some, script)
    }

    /// With something between the connection and HTTP.
    pub(crate) fn start_on<S: Read + Write>(
        wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
        script: impl Fn(&Request, usize) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let (requests, fake) = (Arc::<Mutex<Vec<Request>>>::default(), Arc::<Mutex<Fake>>::default());
        let (seen, answering) = (Arc::clone(&requests), Arc::clone(&fake));
        let port = scripted_http::serve(wrap, move |mut stream, mut http| {
            if http.read_body(&mut stream).is_none() {
                return;
            }
            let request = Request::of(http);
            let before = {
                let mut seen = seen.lock().unwrap();
                seen.push(request.clone());
                seen.iter().filter(|other| other.operation == request.operation).count() - 1
            };
            let fate = script(&request, before);
            // A client that has heard enough goes away: that is its right.
            serve(&mut stream, &request, fate, &answering).ok();
        });
        Self { port, requests, fake }
    }

    pub(crate) fn fake(&self) -> MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, operation: &str) -> usize {
        self.requests().iter().filter(|request| request.operation == operation).count()
    }

    /// The first request of a kind.
    pub(crate) fn first(&self, operation: &str) -> Request {
        self.requests().into_iter().find(|request| request.operation == operation).unwrap()
    }
}

fn serve(stream: &mut (impl Read + Write), request: &Request, fate: Fate, fake: &Mutex<Fake>) -> std::io::Result<()> {
    let done = || fake.lock().unwrap().answer(request);
    match fate {
        Fate::Done => stream.write_all(&bytes(request, &done())),
        Fate::Lost => {
            done();
            Ok(())
        }
        Fate::DoneBut(change) => stream.write_all(&bytes(request, &change(done()))),
        Fate::Refused(answer) => stream.write_all(&bytes(request, &answer)),
        Fate::Broken => Ok(()),
        Fate::Cut(len) => stream.write_all(&cut(bytes(request, &done()), len)),
        Fate::Frozen => stream.read_exact(&mut [0]),
    }
}

fn bytes(request: &Request, answer: &Response) -> Vec<u8> {
    let length = answer.body.len().to_string();
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let headers: Vec<_> = headers.chain([("Content-Length", &*length)]).collect();
    let body = if request.method == "HEAD" { &[] } else { &answer.body[..] };
    raw_answer(&format!("{} Told", answer.status), &headers, body)
}

fn operation(method: &str, key: &str, query: &str, copies: bool) -> &'static str {
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match (method, key.is_empty()) {
        ("HEAD", true) => "HeadBucket",
        ("PUT", true) => "CreateBucket",
        ("GET", true) if has("uploads") => "ListMultipartUploads",
        ("GET", true) => "ListObjectsV2",
        ("HEAD", false) => "HeadObject",
        ("GET", false) if has("uploadId") => "ListParts",
        ("GET", false) => "GetObject",
        ("POST", false) if has("uploads") => "CreateMultipartUpload",
        ("POST", false) => "CompleteMultipartUpload",
        ("PUT", false) if has("uploadId") && copies => "UploadPartCopy",
        ("PUT", false) if has("uploadId") => "UploadPart",
        ("PUT", false) if copies => "CopyObject",
        ("PUT", false) => "PutObject",
        ("DELETE", false) if has("uploadId") => "AbortMultipartUpload",
        ("DELETE", false) => "DeleteObject",
        other => panic!("no operation of S3's: {other:?} {query}"),
    }
}
