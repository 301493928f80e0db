use super::listen::{CallerLimits, Listen, Tls};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How clients reach the service.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// Address and port to listen on, or a list of several: `address:port`, an IPv6 address in
    /// brackets, and `https://` before it where TLS is spoken, as in
    /// `["https://0.0.0.0:9292", "https://[::]:9292", "127.0.0.1:9293"]`. `[::]` is IPv6 alone.
    pub listen: Listen,

    /// Processes that serve. With 2 or more a supervisor starts them on the same addresses, starts one anew that has died,
    /// and replaces them one by one at a reload: docs/operators/workers.md.
    #[schemars(range(min = 1, max = 64))]
    pub workers: usize,

    /// The URL by which clients know this service, for the links in answers. Not set: taken from
    /// each request.
    #[schemars(example = &"https://images.example.org")]
    pub public_endpoint: Option<String>,

    /// Networks, as in "192.0.2.0/24", or addresses of proxies that are believed what they say of
    /// clients: the address in `X-Forwarded-For`, the scheme in `X-Forwarded-Proto` and the host in
    /// `X-Forwarded-Host`, for the log, the limits of callers and the links in answers. They must set
    /// or remove these headers of clients.
    pub trusted_proxies: Vec<String>,

    /// Every connection begins with a header of the PROXY protocol, version 1 or 2, from one of
    /// `trusted_proxies`. Others are cut.
    pub proxy_protocol: bool,

    /// Connections served at once, over all addresses and workers. Further ones wait in the system's queue.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub max_connections: usize,

    /// How long a client may take to send the head of a request.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub header_timeout_seconds: u64,

    /// How long a connection stays open between two requests.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub idle_timeout_seconds: u64,

    /// How long an upload may stand still before it is cut.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub body_idle_timeout_seconds: u64,

    /// How long a client may take no byte of an answer before it is cut.
    #[schemars(range(min = 1, max = super::WEEK))]
    pub write_timeout_seconds: u64,

    /// An upload slower than this is cut, so that nobody holds a connection with a trickle. 0
    /// turns the rule off.
    pub min_upload_bytes_per_second: u64,

    /// How long requests under way may go on after the order to stop.
    #[schemars(range(max = super::WEEK))]
    pub drain_timeout_seconds: u64,

    /// The largest head of a request, in bytes.
    #[schemars(range(min = 8192, max = 1_048_576))]
    pub max_header_bytes: usize,

    /// The largest JSON body of a request, in bytes. Image data has its own limit, `images.size_cap_bytes`.
    #[schemars(range(min = 1024))]
    pub max_json_body_bytes: usize,

    /// The certificate for addresses with `https://`.
    pub tls: Tls,

    /// What one caller may ask for: a project, or an address where no project is known (or with
    /// `identity.mode = "none"`). 0 sets no limit. Beyond it the answer is 429, with `Retry-After`.
    pub caller_limits: CallerLimits,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: Listen::One("127.0.0.1:9292".into()),
            workers: 1,
            public_endpoint: None,
            trusted_proxies: Vec::new(),
            proxy_protocol: false,
            max_connections: 1024,
            header_timeout_seconds: 10,
            idle_timeout_seconds: 75,
            body_idle_timeout_seconds: 60,
            write_timeout_seconds: 60,
            min_upload_bytes_per_second: 1024,
            drain_timeout_seconds: 30,
            max_header_bytes: 64 * 1024,
            max_json_body_bytes: 1024 * 1024,
            tls: Tls::default(),
            caller_limits: CallerLimits::default(),
        }
    }
}
