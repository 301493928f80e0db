//! Cross-origin resource sharing, as oslo.middleware does it: which pages of other sites a browser lets in.
//!
//! It stands before authentication, as a browser asks without a token, and only adds headers: an answer is the same
//! with and without them.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
        ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
    },
};
use std::str::FromStr;
use url::Url;

/// What an operator can set, by the names of oslo.middleware's options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// `scheme://host[:port]`, or `*`. None: no page of another site is let in.
    pub allowed_origin: Vec<String>,
    pub allow_credentials: bool,
    pub expose_headers: Vec<String>,
    /// Seconds for which a browser may keep the answer to a preflight; 0 leaves it to the browser.
    pub max_age: u64,
    pub allow_methods: Vec<String>,
    pub allow_headers: Vec<String>,
}

impl Default for Cors {
    /// What Glance sets.
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            allowed_origin: Vec::new(),
            allow_credentials: true,
            expose_headers: list(&[
                "X-Image-Meta-Checksum",
                "X-Auth-Token",
                "X-Subject-Token",
                "X-Service-Token",
                "X-OpenStack-Request-ID",
            ]),
            max_age: 3600,
            allow_methods: list(&["GET", "PUT", "POST", "DELETE", "PATCH"]),
            allow_headers: list(&[
                "Content-MD5",
                "X-Image-Meta-Checksum",
                "X-Storage-Token",
                "Accept-Encoding",
                "X-Auth-Token",
                "X-Identity-Status",
                "X-Roles",
                "X-Service-Catalog",
                "X-User-Id",
                "X-Tenant-Id",
                "X-OpenStack-Request-ID",
            ]),
        }
    }
}

/// Always allowed.
const SIMPLE_HEADERS: [&str; 8] = [
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Cache-Control",
    "Content-Language",
    "Expires",
    "Last-Modified",
    "Pragma",
];

impl Cors {
    /// Whether each value is one.
    ///
    /// # Errors
    /// The option that is not, and what it must be.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let headers = |names: &[String]| names.iter().all(|name| HeaderName::from_str(name).is_ok());
        let rules = [
            (
                "allowed_origin",
                self.allowed_origin.iter().all(|origin| origin == "*" || is_origin(origin)),
                "must be what a browser sends, scheme://host[:port] without a slash at its end, or \"*\"",
            ),
            (
                "allow_methods",
                self.allow_methods.iter().all(|method| Method::from_str(method).is_ok()),
                "must be methods of HTTP",
            ),
            ("allow_headers", headers(&self.allow_headers), "must be names of headers"),
            ("expose_headers", headers(&self.expose_headers), "must be names of headers"),
        ];
        match rules.into_iter().find(|(_, holds, _)| !holds) {
            Some((name, _, why)) => Err((name, why)),
            None => Ok(()),
        }
    }

    /// The headers that the answer to this request gets; none for a page that is not let in.
    pub(crate) fn headers(&self, method: &Method, request: &HeaderMap) -> HeaderMap {
        let shared = match method {
            &Method::OPTIONS => self.preflight(request),
            _ => self.actual(request),
        };
        shared.unwrap_or_default()
    }

    fn actual(&self, request: &HeaderMap) -> Option<HeaderMap> {
        let mut headers = self.origin(request)?;
        put(&mut headers, ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers.join(","));
        Some(headers)
    }

    fn preflight(&self, request: &HeaderMap) -> Option<HeaderMap> {
        let mut headers = self.origin(request)?;
        let method = request.get(ACCESS_CONTROL_REQUEST_METHOD)?.to_str().ok()?;
        if !self.allow_methods.iter().any(|allowed| allowed == method) {
            return None;
        }
        let wanted = request.get(ACCESS_CONTROL_REQUEST_HEADERS).map_or(Ok(""), HeaderValue::to_str).ok()?;
        let wanted: Vec<&str> = wanted.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if !wanted.iter().all(|name| self.allows_header(name)) {
            return None;
        }
        if self.max_age > 0 {
            headers.insert(ACCESS_CONTROL_MAX_AGE, self.max_age.into());
        }
        put(&mut headers, ACCESS_CONTROL_ALLOW_METHODS, method);
        put(&mut headers, ACCESS_CONTROL_ALLOW_HEADERS, &wanted.join(","));
        Some(headers)
    }

    fn origin(&self, request: &HeaderMap) -> Option<HeaderMap> {
        let origin = request.get(ORIGIN)?.to_str().ok()?;
        let known = |wanted: &str| self.allowed_origin.iter().any(|allowed| allowed == wanted);
        let origin = [origin, "*"].into_iter().find(|origin| known(origin))?;
        let mut headers = HeaderMap::new();
        headers.insert(VARY, HeaderValue::from_static("Origin"));
        put(&mut headers, ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.allow_credentials {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        Some(headers)
    }

    fn allows_header(&self, name: &str) -> bool {
        let configured = self.allow_headers.iter().map(String::as_str);
        configured.chain(SIMPLE_HEADERS).any(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

/// An empty value is no header.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Some(value) = HeaderValue::try_from(value).ok().filter(|value| !value.is_empty()) {
        headers.insert(name, value);
    }
}

/// Browsers write it one way only, and it is compared as text.
fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| url.origin().ascii_serialization() == text)
}

/// Adds headers to those of an answer, which may vary by something already.
pub(crate) fn share(answer: &mut HeaderMap, headers: HeaderMap) {
    for (name, value) in headers.into_iter().filter_map(|(name, value)| Some((name?, value))) {
        if name == VARY {
            answer.append(name, value);
        } else {
            answer.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_that_no_browser_would_send_are_refused() {
        let origins = |origin: &str| Cors { allowed_origin: vec![origin.to_owned()], ..Cors::default() };
        for good in ["*", "https://horizon.example.com", "http://127.0.0.1:8080"] {
            assert_eq!(origins(good).check(), Ok(()), "{good}");
        }
        for bad in ["", "horizon.example.com", "https://horizon.example.com/", "HTTPS://x", "https://x:443", "null"] {
            assert!(origins(bad).check().is_err(), "{bad}");
        }
        assert!(Cors { allow_methods: vec!["G T".to_owned()], ..Cors::default() }.check().is_err());
        assert!(Cors { expose_headers: vec!["a:b".to_owned()], ..Cors::default() }.check().is_err());
    }

    #[test]
    fn an_answer_that_varies_already_varies_by_the_origin_too() {
        let cors = Cors { allowed_origin: vec!["*".to_owned()], ..Cors::default() };
        let mut request = HeaderMap::new();
        request.insert(ORIGIN, HeaderValue::from_static("https://a.example"));
        let mut answer = HeaderMap::new();
        answer.insert(VARY, HeaderValue::from_static("Accept"));
        share(&mut answer, cors.headers(&Method::GET, &request));
        assert_eq!(answer.get_all(VARY).iter().collect::<Vec<_>>(), ["Accept", "Origin"]);
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    }
}
