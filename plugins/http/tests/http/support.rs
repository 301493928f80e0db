//! A web server that does as its script says, and stores that read from it.

use casement_http_store::{Config, Http};
use casement_scripted_http::{self as scripted_http, raw_answer, serve};
use casement_sdk::{Backend, Kind, Range, Reader, Result};
use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
};

pub(crate) use casement_scripted_http::Request;

pub(crate) const DATA: &[u8] = b"0123456789abcdefghij";

pub(crate) enum Reply {
    /// These bytes, and then the end.
    Raw(Vec<u8>),
    /// These bytes, and then nothing for as long as the client waits.
    Stall(Vec<u8>),
}

pub(crate) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// The script is told the request, and how many came before it.
    pub(crate) fn start(script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_on(Some, script)
    }

    /// With something between the connection and HTTP.
    pub(crate) fn start_on<S: Read + Write>(
        wrap: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
        script: impl Fn(&Request, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let port = serve(wrap, move |mut stream, request| {
            let before = {
                let mut seen = seen.lock().unwrap();
                seen.push(request.clone());
                seen.len() - 1
            };
            // A client that has heard enough goes away: that is its right.
            match script(&request, before) {
                Reply::Raw(bytes) => drop(stream.write_all(&bytes).and_then(|()| stream.flush())),
                Reply::Stall(bytes) => {
                    stream.write_all(&bytes).and_then(|()| stream.flush()).ok();
                    stream.read_exact(&mut [0]).ok();
                }
            }
        });
        Self { port, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The configuration of a store that may read from here, though it is near.
    pub(crate) fn config(&self) -> Config {
        Config { allowed_hosts: vec!["127.0.0.1".to_owned()], allowed_ports: vec![self.port], ..Config::default() }
    }

    pub(crate) fn store(&self) -> Http {
        Http::new(self.config()).unwrap()
    }

    /// A store that soon takes silence for an end.
    pub(crate) fn impatient_store(&self) -> Http {
        Http::new(Config { idle_timeout_seconds: 1, ..self.config() }).unwrap()
    }
}

/// An answer with its length.
pub(crate) fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    Reply::Raw(scripted_http::answer(status, headers, body))
}

/// An answer with these headers alone.
pub(crate) fn raw(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    Reply::Raw(raw_answer(status, headers, body))
}

/// What a sound server says to a request for [`DATA`].
pub(crate) fn sound(request: &Request) -> Reply {
    const TAGS: [(&str, &str); 2] = [("ETag", "\"v1\""), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")];
    if request.method == "HEAD" {
        let length = DATA.len().to_string();
        return raw("200 OK", &[&TAGS[..], &[("Content-Length", &length)]].concat(), b"");
    }
    match request.range() {
        None => answer("200 OK", &TAGS, DATA),
        Some((first, _)) if first >= DATA.len() => {
            answer("416 Range Not Satisfiable", &[("Content-Range", &format!("bytes */{}", DATA.len()))], b"")
        }
        Some((first, last)) => {
            let last = last.min(DATA.len() - 1);
            let range = format!("bytes {first}-{last}/{}", DATA.len());
            let headers = [&TAGS[..], &[("Content-Range", &range)]].concat();
            answer("206 Partial Content", &headers, &DATA[first..=last])
        }
    }
}

/// The part of a sound answer up to the byte `cut` of its body, and then the end.
pub(crate) fn cut(request: &Request, cut: usize) -> Reply {
    let Reply::Raw(bytes) = sound(request) else { unreachable!("a sound server does not stall") };
    Reply::Raw(scripted_http::cut(bytes, cut))
}

pub(crate) async fn read(store: &Http, url: &str, offset: u64, len: Option<u64>) -> Result<Vec<u8>> {
    let mut reader = store.read(url, Range { offset, len }).await?;
    let mut data = Vec::new();
    while let Some(chunk) = reader.next().await? {
        assert!(!chunk.is_empty());
        data.extend_from_slice(&chunk);
    }
    Ok(data)
}

pub(crate) fn kind<T>(result: Result<T>) -> Option<Kind> {
    result.err().map(|error| error.kind())
}
