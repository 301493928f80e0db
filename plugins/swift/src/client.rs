//! Requests to Swift in the name of the account: with its token, and once more with a new one when that is refused.

use crate::{
    Config, answer,
    auth::{Grant, Session},
    http::{Http, TRANSACTION_EXTRA, with_request_id},
    names::Place,
};
use casement_object::Part;
use casement_sdk::{Bytes, Error, Kind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::{
    Method, Response, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use std::{sync::Arc, time::Duration};
use url::Url;

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Http,
    session: Session,
}

/// One request. It can be made again.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    place: Place,
    what: String,
    query: Vec<(&'static str, String)>,
    headers: HeaderMap,
    impossible: Option<HeaderName>,
    body: Part,
    patience: Duration,
}

impl Call {
    /// `what` is what messages call it: "reading `x`".
    pub(crate) fn new(method: Method, place: &Place, what: impl Into<String>) -> Self {
        Self {
            method,
            place: place.clone(),
            what: what.into(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            impossible: None,
            body: Part::default(),
            patience: Duration::ZERO,
        }
    }

    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// A value that cannot stand in a header fails the request.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => drop(self.headers.insert(name, value)),
            Err(_) => self.impossible = Some(name),
        }
        self
    }

    pub(crate) fn body(mut self, body: Part) -> Self {
        self.body = body;
        self
    }

    /// How much longer than usually the answer may take.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// The head of an answer, and a body that is still to come.
#[derive(Debug)]
pub(crate) struct Answer {
    response: Response,
    what: String,
}

impl Answer {
    pub(crate) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// Why there is not what was asked for.
    pub(crate) fn refusal(&self) -> Error {
        answer::refusal(&self.what, self.status(), self.headers())
    }

    pub(crate) fn successful(self) -> Result<Self> {
        if self.status().is_success() { Ok(self) } else { Err(self.refusal()) }
    }

    /// An answer that does not fit what was asked.
    pub(crate) fn unfit(&self, why: &str) -> Error {
        Error::new(Kind::Corrupt, format!("{}: {why}", self.what))
    }
}

impl Client {
    pub(crate) fn new(config: &Config) -> Result<Self> {
        let http = Http::new(config)?;
        let session = Session::new(config, http.clone())?;
        Ok(Self(Arc::new(Inner { http, session })))
    }

    pub(crate) fn auth_url(&self) -> &Url {
        self.0.session.auth_url()
    }

    /// The URL of the account. Logs in if need be.
    pub(crate) async fn account(&self) -> Result<Url> {
        Ok(self.0.session.grant(None).await?.account.clone())
    }

    /// Sends a request. Any answer but 401 comes back as it is.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer> {
        let Inner { session, .. } = &*self.0;
        if let Some(name) = &call.impossible {
            return Err(Error::new(Kind::Internal, format!("{}: `{name}` can't hold its value", call.what)));
        }
        let grant = session.grant(None).await?;
        let answer = self.once(call, &grant).await;
        if !self.is_refused(&answer, call, &grant).await {
            return answer;
        }
        tracing::debug!(what = call.what, "the token is refused; getting a new one");
        let grant = session.grant(Some(&grant)).await?;
        match self.once(call, &grant).await? {
            answer if answer.status() == StatusCode::UNAUTHORIZED => Err(answer.refusal()),
            answer => Ok(answer),
        }
    }

    async fn once(&self, call: &Call, grant: &Grant) -> Result<Answer> {
        let url = url_of(&grant.account, &call.place, &call.query);
        let request = self.0.http.client().request(call.method.clone(), url);
        let request = request.headers(call.headers.clone()).header(AUTH_TOKEN, &grant.token);
        let request = with_request_id(request, TRANSACTION_EXTRA);
        let response = self.0.http.send(request, call.body.clone(), call.patience).await;
        let at = |error: Error| error.context(&format!("{} at {}", call.what, grant.account));
        let response = response.map_err(at)?;
        Ok(Answer { response, what: call.what.clone() })
    }

    /// A server may hang up on a body whose token it does not accept before the answer that says so is read.
    async fn is_refused(&self, answer: &Result<Answer>, call: &Call, grant: &Grant) -> bool {
        match answer {
            Ok(answer) => answer.status() == StatusCode::UNAUTHORIZED,
            Err(error) if error.kind() == Kind::Unavailable && !call.body.is_empty() => {
                let container = Place { object: String::new(), ..call.place.clone() };
                let asked = self.once(&Call::new(Method::HEAD, &container, "trying the token"), grant).await;
                asked.is_ok_and(|answer| answer.status() == StatusCode::UNAUTHORIZED)
            }
            Err(_) => false,
        }
    }

    /// What the server says of itself; it asks for no token.
    pub(crate) async fn info(&self, most: usize) -> Result<Option<Vec<u8>>> {
        let mut url = self.account().await?;
        // Ceph has a prefix before the version.
        let prefix = url.path().split("/v1").next().unwrap_or_default().to_owned();
        url.set_path(&format!("{prefix}/info"));
        let request = self.0.http.client().get(url);
        let response = self.0.http.send(request, Part::default(), Duration::ZERO).await?;
        match response.status() {
            StatusCode::OK => self.0.http.collect(response, most).await.map(Some),
            status if status.is_server_error() => {
                Err(answer::refusal("asking Swift for its limits", status, response.headers()))
            }
            _ => Ok(None),
        }
    }

    pub(crate) async fn chunk(&self, answer: &mut Answer) -> Result<Option<Bytes>> {
        self.0.http.chunk(&mut answer.response).await
    }

    /// All of an answer, when it is no longer than `most` bytes.
    pub(crate) async fn collect(&self, answer: Answer, most: usize) -> Result<Vec<u8>> {
        self.0.http.collect(answer.response, most).await.map_err(|error| error.context(&answer.what))
    }
}

fn url_of(account: &Url, place: &Place, query: &[(&str, String)]) -> Url {
    let mut url = account.clone();
    let mut path = match (&place.account, account.path().rsplit_once('/')) {
        (Some(other), Some((version, _))) => format!("{version}/{}", escaped(other)),
        _ => account.path().to_owned(),
    };
    for part in [&place.container, &place.object] {
        if !part.is_empty() {
            path = format!("{path}/{}", escaped(part));
        }
    }
    url.set_path(&path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

/// All that could mean something in a URL, and what its reader would pass over. Slashes stay.
pub(crate) fn escaped(name: &str) -> PercentEncode<'_> {
    const MEANT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
    utf8_percent_encode(name, MEANT)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_character_of_a_name_stays_within_its_place() {
        let account: Url = "http://a/v1/AUTH_x".parse().unwrap();
        let url = |place: &Place, query: &[(&str, String)]| url_of(&account, place, query).to_string();
        assert_eq!(url(&Place::new("", ""), &[]), "http://a/v1/AUTH_x");
        assert_eq!(
            url(&Place::new("c", ""), &[("prefix", "a&b=ä".into())]),
            "http://a/v1/AUTH_x/c?prefix=a%26b%3D%C3%A4"
        );
        assert_eq!(url(&Place::new("c", "a/b c?d#e%2f"), &[]), "http://a/v1/AUTH_x/c/a/b%20c%3Fd%23e%252f");
        assert_eq!(url(&Place::new("c", "a//b/"), &[]), "http://a/v1/AUTH_x/c/a//b/");
        assert_eq!(url(&Place::new("c", "a\nb\tc\\"), &[]), "http://a/v1/AUTH_x/c/a%0Ab%09c%5C");
        let other = Place { account: Some("AUTH_y".into()), ..Place::new("c", "a") };
        assert_eq!(url(&other, &[]), "http://a/v1/AUTH_y/c/a");
    }
}
