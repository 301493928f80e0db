//! An HTTP server over [`Fake`] that does as its script says; one connection for each request.

use crate::fake::Fake;
use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// S3's name for it.
    pub(crate) operation: &'static str,
    pub(crate) method: String,
    /// Path and query, as they were sent.
    pub(crate) target: String,
    pub(crate) key: String,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A parameter of the query, or nothing.
    pub(crate) fn query(&self, name: &str) -> String {
        let url = url::Url::parse(&format!("http://s3{}", self.target)).unwrap();
        url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    pub(crate) fn range(&self) -> Option<(usize, usize)> {
        let (first, last) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().unwrap(), last.parse().unwrap_or(usize::MAX)))
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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, requests: Arc::default(), fake: Arc::default() };
        let (requests, fake) = (Arc::clone(&server.requests), Arc::clone(&server.fake));
        let work = Arc::new((wrap, script));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, fake, work) = (Arc::clone(&requests), Arc::clone(&fake), Arc::clone(&work));
                thread::spawn(move || {
                    let (wrap, script) = &*work;
                    let Some(mut stream) = wrap(stream) else { return };
                    let Some(request) = read(&mut stream) else { return };
                    let before = {
                        let mut requests = requests.lock().unwrap();
                        requests.push(request.clone());
                        requests.iter().filter(|other| other.operation == request.operation).count() - 1
                    };
                    let fate = script(&request, before);
                    // A client that has heard enough goes away: that is its right.
                    serve(&mut stream, &request, fate, &fake).ok();
                });
            }
        });
        server
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
        Fate::Cut(len) => {
            let answer = done();
            let all = bytes(request, &answer);
            stream.write_all(&all[..all.len() - answer.body.len() + len])
        }
        Fate::Frozen => stream.read_exact(&mut [0]),
    }
}

fn bytes(request: &Request, answer: &Response) -> Vec<u8> {
    let (status, length) = (answer.status, answer.body.len());
    let mut head = format!("HTTP/1.1 {status} Told\r\nConnection: close\r\nContent-Length: {length}\r\n");
    for (name, value) in &answer.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    head.push_str("\r\n");
    let body = if request.method == "HEAD" { &[] } else { &answer.body[..] };
    [head.as_bytes(), body].concat()
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let key = path.trim_start_matches('/').split_once('/').map(|(_, key)| key.to_owned()).unwrap_or_default();
    let operation = operation(&method, &key, query, headers.contains_key("x-amz-copy-source"));
    Some(Request { operation, method, key, target, headers, body })
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
