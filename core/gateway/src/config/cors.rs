use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which pages of other sites a browser lets talk to this service; the options are those of oslo.middleware.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cors {
    /// The sites, as `scheme://host[:port]` without a slash at the end, or `*` for all. Empty: none.
    pub allowed_origin: Vec<String>,

    /// Let those pages send cookies and the like.
    pub allow_credentials: bool,

    /// The headers of answers that those pages may read.
    pub expose_headers: Vec<String>,

    /// How long, in seconds, a browser may keep the answer to its first question. 0 leaves it to the browser.
    pub max_age: u64,

    /// The methods that those pages may use.
    pub allow_methods: Vec<String>,

    /// The headers that those pages may send, beside the simple ones.
    pub allow_headers: Vec<String>,
}

impl Default for Cors {
    fn default() -> Self {
        let casement_http::Cors {
            allowed_origin,
            allow_credentials,
            expose_headers,
            max_age,
            allow_methods,
            allow_headers,
        } = casement_http::Cors::default();
        Self { allowed_origin, allow_credentials, expose_headers, max_age, allow_methods, allow_headers }
    }
}

impl From<Cors> for casement_http::Cors {
    fn from(cors: Cors) -> Self {
        let Cors { allowed_origin, allow_credentials, expose_headers, max_age, allow_methods, allow_headers } = cors;
        Self { allowed_origin, allow_credentials, expose_headers, max_age, allow_methods, allow_headers }
    }
}
