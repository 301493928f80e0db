//! Who is calling, as far as the rules need to know.

use std::collections::BTreeSet;

/// The caller of one request. Made by `casement-identity`, judged by `casement-policy`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    pub user_id: Option<String>,
    /// The project the token is scoped to; images are owned by projects.
    pub project_id: Option<String>,
    pub domain_id: Option<String>,
    /// `all` on a system-scoped token.
    pub system_scope: Option<String>,
    /// Lower-cased, implied roles included.
    pub roles: BTreeSet<String>,
    /// Roles of the service that forwards the request (X-Service-Token), lower-cased.
    pub service_roles: BTreeSet<String>,
    /// Sees every image, whoever owns it (policy rule `context_is_admin`).
    pub is_admin: bool,
    /// May look and never touch: an anonymous caller.
    pub read_only: bool,
}
