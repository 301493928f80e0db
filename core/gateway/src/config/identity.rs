use super::Keystone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may come in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    /// How callers are known.
    #[schemars(example = &"none")]
    pub mode: Mode,

    /// Whether somebody without a good token may look. What such a caller sees is up to the policy;
    /// nothing can be changed. Glance has the same key.
    #[serde(default)]
    pub allow_anonymous_access: bool,

    /// Who everybody is with `mode = "none"`.
    #[serde(default)]
    pub none: Everybody,

    /// The tokens of `mode = "tokens"`; one `[[identity.tokens]]` table each.
    #[serde(default)]
    pub tokens: Vec<Token>,

    /// The front proxies of `mode = "headers"`.
    #[serde(default)]
    pub headers: Headers,

    /// The Keystone of `mode = "keystone"`, and who this service is there.
    #[serde(default)]
    pub keystone: Keystone,
}

/// How callers are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Mode {
    /// Everybody who can connect is let in as the one caller of `[identity.none]`.
    None,
    /// Requests carry one of the tokens of `[[identity.tokens]]` in `X-Auth-Token`.
    Tokens,
    /// A front proxy has authenticated the caller and says so in the headers that keystonemiddleware
    /// sets (`X-Identity-Status`, `X-User-Id`, `X-Project-Id`, `X-Roles` and others).
    Headers,
    /// Requests carry a token of Keystone in `X-Auth-Token`.
    Keystone,
}

/// The front proxies of `mode = "headers"`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Headers {
    /// Networks, as in "192.0.2.0/24", or addresses that are believed. Anybody else gets 401. They must
    /// strip these headers from what clients send.
    pub trusted_proxies: Vec<String>,
}

/// Who everybody is with `mode = "none"`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Everybody {
    /// User id.
    pub user: String,
    /// Project id; it owns the images that are created.
    pub project: String,
    /// Roles. A role brings those that it implies: `admin` is also `member` and `reader`.
    pub roles: Vec<String>,
}

impl Default for Everybody {
    fn default() -> Self {
        // Glance has no project without Keystone. Images that somebody owns are easier to keep when tokens come.
        Self { user: "admin".into(), project: "admin".into(), roles: vec!["admin".into()] }
    }
}

/// One token and whom it stands for.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// SHA-256 of the token in hex, as `casement token hash` prints it. The token itself never
    /// stands in a file.
    #[schemars(example = &"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    pub sha256: String,

    /// User id.
    #[schemars(example = &"alice")]
    pub user: String,

    /// Project id; it owns the images that are created. Not set: a caller who creates none.
    #[serde(default)]
    #[schemars(example = &"demo")]
    pub project: Option<String>,

    /// Roles.
    #[serde(default = "default_roles")]
    pub roles: Vec<String>,

    /// Belongs to a service (Nova, Cinder) that forwards requests: accepted in `X-Service-Token`
    /// too.
    #[serde(default)]
    pub service: bool,
}

fn default_roles() -> Vec<String> {
    vec!["member".into()]
}
