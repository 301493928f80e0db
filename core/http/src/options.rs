//! What an operator can set about the HTTP face, and what it says of itself.

use crate::{Audit, CallerLimits, Cors, Error, Limiter, Listen, Tls, forwarded::Scheme};
use http::{HeaderMap, header::HOST};
use ipnet::IpNet;
use std::{sync::Arc, time::Duration};
use url::Url;

#[derive(Debug, Clone)]
pub struct Options {
    pub listen: Vec<Listen>,
    /// For those of `listen` that speak it.
    pub tls: Option<Tls>,
    /// Who is believed what it says of others: in `X-Forwarded-*` and by the PROXY protocol.
    pub trusted_proxies: Vec<IpNet>,
    /// Every connection begins with a header of the PROXY protocol.
    pub proxy_protocol: bool,
    pub caller_limits: CallerLimits,
    /// Who counts callers for all processes of the service, where there are several.
    pub limiter: Option<Arc<dyn Limiter>>,
    /// Peers beyond it wait in the backlog of the socket.
    pub max_connections: usize,
    pub backlog: u32,
    /// From a connection's start, or a head's first byte, to the end of the head.
    pub header_timeout: Duration,
    /// How long a connection may stay silent between two requests.
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
    /// The URL of this service as clients see it, when a proxy stands before it.
    pub public_endpoint: Option<String>,
    /// Where clients get a token, as told to those who come without one.
    pub www_authenticate_uri: Option<String>,
    /// Which pages of other sites browsers let in.
    pub cors: Cors,
    /// Where it is noted who did what.
    pub audit: Option<Arc<dyn Audit>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            tls: None,
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            caller_limits: CallerLimits::NONE,
            limiter: None,
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
            public_endpoint: None,
            www_authenticate_uri: None,
            cors: Cors::default(),
            audit: None,
        }
    }
}

impl Options {
    /// Whether a server can run with these.
    ///
    /// # Errors
    /// Names the first option that cannot be what it is.
    pub fn check(&self) -> Result<(), Error> {
        let needs_tls = self.listen.iter().any(|listen| listen.tls);
        let rules = [
            ("listen", !self.listen.is_empty(), "must name an address"),
            ("tls", self.tls.is_some() || !needs_tls, "must be set where `https://` is listened to"),
            ("proxy_protocol", !self.proxy_protocol || !self.trusted_proxies.is_empty(), "needs `trusted_proxies`"),
            ("max_connections", (1..=1 << 20).contains(&self.max_connections), "must be from 1 to 1048576"),
            ("max_header_bytes", (1 << 10..=1 << 20).contains(&self.max_header_bytes), "must be from 1 KiB to 1 MiB"),
            ("max_headers", (1..=1000).contains(&self.max_headers), "must be from 1 to 1000"),
            (
                "public_endpoint",
                self.public_endpoint.as_deref().is_none_or(is_http_url),
                "must be an http or https URL",
            ),
            (
                "www_authenticate_uri",
                self.www_authenticate_uri.as_deref().is_none_or(is_http_url),
                "must be an http or https URL",
            ),
        ];
        match rules.into_iter().find(|(_, holds, _)| !holds) {
            Some((name, _, why)) => Err(Error::Option { name, why }),
            None => self.cors.check().map_err(|(name, why)| Error::Option { name, why }),
        }
    }

    /// The URL that links begin with, without a slash at its end.
    pub(crate) fn base_url(&self, scheme: Scheme, headers: &HeaderMap) -> String {
        if let Some(url) = &self.public_endpoint {
            return url.trim_end_matches('/').to_owned();
        }
        let scheme = scheme.as_str();
        match (headers.get(HOST).and_then(|host| host.to_str().ok()), self.listen.first()) {
            (Some(host), _) => format!("{scheme}://{host}"),
            (None, Some(listen)) => format!("{scheme}://{}", listen.address),
            (None, None) => String::new(),
        }
    }
}

/// Whether a URL can be told to clients: it also fits into a header, between quotes.
pub fn is_http_url(text: &str) -> bool {
    let written_plainly = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    written_plainly && Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::net::SocketAddr;

    fn options() -> Options {
        Options { listen: vec![SocketAddr::from(([127, 0, 0, 1], 9292)).into()], ..Options::default() }
    }

    #[test]
    fn the_defaults_hold_and_a_bad_option_is_named() {
        options().check().unwrap();
        let public = |url: &str| Options { public_endpoint: Some(url.into()), ..options() };
        public("https://images.example:9292/v").check().unwrap();
        for (bad, name) in [
            (Options { max_connections: 0, ..options() }, "max_connections"),
            (Options { max_header_bytes: 0, ..options() }, "max_header_bytes"),
            (Options { max_headers: 0, ..options() }, "max_headers"),
            (public("images.example"), "public_endpoint"),
            (public("ftp://images.example"), "public_endpoint"),
            (public("http://images.example/\r\nX: y"), "public_endpoint"),
            (Options { www_authenticate_uri: Some("http://k/\"".into()), ..options() }, "www_authenticate_uri"),
        ] {
            let error = bad.check().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{name}` must be ")), "{error}");
        }
    }

    #[test]
    fn links_begin_with_the_public_endpoint_or_else_with_the_host_that_was_asked() {
        let mut headers = HeaderMap::new();
        assert_eq!(options().base_url(Scheme::Http, &headers), "http://127.0.0.1:9292");
        headers.insert(HOST, "images:80".parse().unwrap());
        assert_eq!(options().base_url(Scheme::Http, &headers), "http://images:80");
        assert_eq!(options().base_url(Scheme::Https, &headers), "https://images:80");
        let public = Options { public_endpoint: Some("https://site/image/".into()), ..options() };
        assert_eq!(public.base_url(Scheme::Http, &headers), "https://site/image");
    }
}
