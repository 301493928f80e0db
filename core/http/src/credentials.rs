//! What a request's headers and its connection say about its sender.

use casement_service::{Asserted, Credentials};
use http::Request;
use std::net::IpAddr;

/// The other end of a request's connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// A header that is not printable ASCII counts as absent: no token and no name that Keystone gives is so. So does one
/// that comes twice: a proxy may have added its own beside the client's.
pub(crate) fn credentials<B>(request: &Request<B>) -> Credentials {
    let text = |name: &str| {
        let mut values = request.headers().get_all(name).iter();
        let only = values.next().filter(|_| values.next().is_none())?;
        only.to_str().ok().map(str::to_owned)
    };
    Credentials {
        token: text("x-auth-token"),
        service_token: text("x-service-token"),
        peer: request.extensions().get().map(|Peer(address)| *address),
        // Named as keystonemiddleware writes them, which a front proxy stands in for.
        asserted: Asserted {
            status: text("x-identity-status"),
            user_id: text("x-user-id"),
            project_id: text("x-project-id"),
            domain_id: text("x-domain-id"),
            system_scope: text("openstack-system-scope"),
            roles: text("x-roles"),
            service_status: text("x-service-identity-status"),
            service_roles: text("x-service-roles"),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn headers_become_credentials() {
        let names =
            ["X-Auth-Token", "X-Service-Token", "X-Identity-Status", "X-User-Id", "X-Project-Id", "X-Domain-Id"];
        let more = ["OpenStack-System-Scope", "X-Roles", "X-Service-Identity-Status", "X-Service-Roles"];
        let mut request = Request::builder();
        for name in names.iter().chain(&more) {
            request = request.header(*name, name.to_lowercase());
        }
        let mut request = request.body(()).unwrap();
        request.extensions_mut().insert(Peer([192, 0, 2, 1].into()));
        let found = credentials(&request);
        assert_eq!(found.token.as_deref(), Some("x-auth-token"));
        assert_eq!(found.service_token.as_deref(), Some("x-service-token"));
        assert_eq!(found.peer, Some([192, 0, 2, 1].into()));
        let asserted = Asserted {
            status: Some("x-identity-status".into()),
            user_id: Some("x-user-id".into()),
            project_id: Some("x-project-id".into()),
            domain_id: Some("x-domain-id".into()),
            system_scope: Some("openstack-system-scope".into()),
            roles: Some("x-roles".into()),
            service_status: Some("x-service-identity-status".into()),
            service_roles: Some("x-service-roles".into()),
        };
        assert_eq!(found.asserted, asserted);
    }

    #[test]
    fn odd_bytes_make_no_token() {
        let request = Request::builder().header("X-Auth-Token", &b"abc\xff"[..]).body(()).unwrap();
        assert_eq!(credentials(&request).token, None);
    }

    #[test]
    fn a_header_that_comes_twice_says_nothing() {
        let twice =
            Request::builder().header("X-Auth-Token", "a").header("X-Roles", "admin").header("X-Roles", "member");
        let found = credentials(&twice.body(()).unwrap());
        assert_eq!((found.token.as_deref(), found.asserted.roles), (Some("a"), None));
    }
}
