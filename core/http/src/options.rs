//! What an operator can set about the HTTP face, and what it says of itself.

use http::{HeaderMap, header::HOST};
use std::{net::SocketAddr, time::Duration};

#[derive(Debug, Clone)]
pub struct Options {
    pub listen: SocketAddr,
    /// Peers beyond it wait in the backlog of the socket.
    pub max_connections: usize,
    pub backlog: u32,
    /// From a connection's start, or a head's first byte, to the end of the head.
    pub header_timeout: Duration,
    /// How long a connection may stay silent between two requests. No head may take longer either.
    pub idle_timeout: Duration,
    /// How long a body may stay silent, and the time over which `min_upload_rate` is measured.
    pub body_idle_timeout: Duration,
    /// Bytes a second, counted only while we wait for the client. 0 asks for none.
    pub min_upload_rate: u64,
    /// How long a client may take no byte of an answer.
    pub write_timeout: Duration,
    /// How long the rest of a refused upload is read and dropped, so that the client sees the answer.
    pub linger_timeout: Duration,
    /// How long requests may go on after shutdown began.
    pub drain_timeout: Duration,
    pub max_header_bytes: usize,
    pub max_headers: usize,
    /// Bytes of a JSON body.
    pub max_json_body: usize,
    /// Bytes of the chunks in which image data is handed on.
    pub chunk_size: usize,
    /// The URL of this service as clients see it, when a proxy stands before it.
    pub public_endpoint: Option<String>,
    /// Where clients get a token, as told to those who come without one.
    pub www_authenticate_uri: Option<String>,
}

impl Options {
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            max_connections: 1024,
            backlog: 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_idle_timeout: Duration::from_secs(60),
            min_upload_rate: 1024,
            write_timeout: Duration::from_secs(60),
            linger_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(30),
            max_header_bytes: 64 << 10,
            max_headers: 100,
            max_json_body: 1 << 20,
            chunk_size: 1 << 20,
            public_endpoint: None,
            www_authenticate_uri: None,
        }
    }

    /// The URL that links begin with, without a slash at its end.
    pub(crate) fn base_url(&self, headers: &HeaderMap) -> String {
        if let Some(url) = &self.public_endpoint {
            return url.trim_end_matches('/').to_owned();
        }
        match headers.get(HOST).and_then(|host| host.to_str().ok()) {
            Some(host) => format!("http://{host}"),
            None => format!("http://{}", self.listen),
        }
    }
}
