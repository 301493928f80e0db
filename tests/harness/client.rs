use crate::Answer;
use serde_json::Value;
use std::{io::Read, time::Duration};
use ureq::{
    Agent, Body, SendBody,
    http::{self, Response},
};

pub(crate) const PATCH_V2_1: &str = "application/openstack-images-v2.1-json-patch";
const DEADLINE: Duration = Duration::from_secs(120);

/// One caller of a gateway. Every request has a connection of its own.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    token: Option<String>,
    agent: Agent,
}

impl Client {
    pub fn new(base: String, token: Option<&str>) -> Self {
        Self { base, token: token.map(str::to_owned), agent: agent(DEADLINE) }
    }

    /// The same caller with another limit for one whole exchange.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { agent: agent(deadline), ..self.clone() }
    }

    /// The same caller of something that is elsewhere.
    #[must_use]
    pub fn at(&self, base: String) -> Self {
        Self { base, ..self.clone() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        let mut builder = http::Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            builder = builder.header("X-Auth-Token", token);
        }
        Request { client: self, builder, accept: Some("application/json"), what: format!("{method} {path}") }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }

    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path).json(body)
    }

    /// An empty body, as actions and tags want it.
    #[track_caller]
    pub fn act(&self, method: &str, path: &str) -> Answer {
        self.request(method, path).body(b"")
    }

    #[track_caller]
    pub fn show(&self, id: &str) -> Value {
        self.get(&format!("/v2/images/{id}")).expect(200).json()
    }

    #[track_caller]
    pub fn status(&self, id: &str) -> String {
        self.show(id)["status"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn patch(&self, id: &str, operations: &Value) -> Answer {
        self.request("PATCH", &format!("/v2/images/{id}")).header("Content-Type", PATCH_V2_1).json(operations)
    }

    /// Creates an image and gives its id.
    #[track_caller]
    pub fn create(&self, body: &Value) -> String {
        self.post("/v2/images", body).expect(201).json()["id"].as_str().unwrap().to_owned()
    }

    /// Creates an image that can take data of any content.
    #[track_caller]
    pub fn create_raw(&self, name: &str) -> String {
        self.create(&serde_json::json!({"name": name, "disk_format": "raw", "container_format": "bare"}))
    }

    #[track_caller]
    pub fn upload(&self, id: &str, data: &[u8]) -> Answer {
        self.data_request(id).body(data)
    }

    /// `PUT …/file` with the right content type, for more headers.
    pub fn data_request(&self, id: &str) -> Request<'_> {
        self.request("PUT", &format!("/v2/images/{id}/file")).header("Content-Type", "application/octet-stream")
    }

    #[track_caller]
    pub fn create_active(&self, name: &str, data: &[u8]) -> String {
        let id = self.create_raw(name);
        self.upload(&id, data).expect(204);
        id
    }

    #[track_caller]
    pub fn download(&self, id: &str) -> Answer {
        self.get(&format!("/v2/images/{id}/file"))
    }

    /// All pages of a list, first to last.
    #[track_caller]
    pub fn walk(&self, path: &str) -> Vec<Value> {
        let mut images = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let page = self.get(&path).expect(200).json();
            images.extend(page["images"].as_array().unwrap().iter().cloned());
            next = page["next"].as_str().map(str::to_owned);
            assert!(images.len() < 100_000, "the walk of {path} has no end");
        }
        images
    }
}

fn agent(deadline: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .max_idle_connections(0)
        .accept("")
        .user_agent("")
        .timeout_global(Some(deadline))
        .build()
        .new_agent()
}

/// A request in the making. Asks for JSON errors unless told otherwise.
#[derive(Debug)]
pub struct Request<'a> {
    client: &'a Client,
    builder: http::request::Builder,
    accept: Option<&'static str>,
    what: String,
}

impl Request<'_> {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }

    #[must_use]
    pub fn accept(mut self, accept: Option<&'static str>) -> Self {
        self.accept = accept;
        self
    }

    #[track_caller]
    pub fn send(self) -> Answer {
        let what = self.what.clone();
        self.try_send().unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// [`Request::send`] to a gateway that may be gone.
    pub fn try_send(self) -> Result<Answer, ureq::Error> {
        self.open(SendBody::none()).and_then(whole)
    }

    #[track_caller]
    pub fn json(self, body: &Value) -> Answer {
        self.body(body.to_string().as_bytes())
    }

    #[track_caller]
    pub fn body(self, bytes: &[u8]) -> Answer {
        let what = self.what.clone();
        let answer = self.header("Content-Length", &bytes.len().to_string()).open(SendBody::from_reader(&mut &*bytes));
        answer.and_then(whole).unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// A body of unknown length.
    pub fn chunked(self, mut source: impl Read) -> Result<Answer, ureq::Error> {
        self.open(SendBody::from_reader(&mut source)).and_then(whole)
    }

    /// A body of known length that is not held in memory. An error is a connection that broke.
    pub fn stream(self, len: u64, mut source: impl Read) -> Result<Answer, ureq::Error> {
        self.header("Content-Length", &len.to_string()).open(SendBody::from_reader(&mut source)).and_then(whole)
    }

    /// The response with its body still to be read.
    pub fn open(self, body: SendBody<'_>) -> Result<Response<Body>, ureq::Error> {
        let builder = match self.accept {
            Some(accept) => self.builder.header("Accept", accept),
            None => self.builder,
        };
        self.client.agent.run(builder.body(body).unwrap())
    }
}

fn whole(response: Response<Body>) -> Result<Answer, ureq::Error> {
    let (parts, body) = response.into_parts();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut bytes = Vec::new();
    body.into_reader().read_to_end(&mut bytes)?;
    Ok(Answer { status: parts.status.as_u16(), headers, body: bytes })
}
