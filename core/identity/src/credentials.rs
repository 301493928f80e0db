//! What a request says about its sender.

use std::{fmt, net::IpAddr};

#[derive(Clone, Default)]
pub struct Credentials {
    pub token: Option<String>,
    /// Of the service that forwards the request for its user.
    pub service_token: Option<String>,
    /// The other end of the connection.
    pub peer: Option<IpAddr>,
    pub asserted: Asserted,
}

/// What a proxy that has authenticated the user says of it, in keystonemiddleware's headers. Anybody can write
/// these, so they count only where the peer is such a proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asserted {
    /// `Confirmed` where the user's token is good.
    pub status: Option<String>,
    pub user_id: Option<String>,
    pub project_id: Option<String>,
    pub domain_id: Option<String>,
    pub system_scope: Option<String>,
    /// Names with commas between them.
    pub roles: Option<String>,
    pub service_status: Option<String>,
    pub service_roles: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Tokens never reach a log.
        f.debug_struct("Credentials")
            .field("token", &self.token.is_some())
            .field("service_token", &self.service_token.is_some())
            .field("peer", &self.peer)
            .field("asserted", &self.asserted)
            .finish()
    }
}
