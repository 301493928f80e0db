//! What a request's headers and its connection say about its sender.

use crate::forwarded::Origin;
use casement_service::{Asserted, Credentials};
use http::{HeaderName, Request};

const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const SERVICE_TOKEN: HeaderName = HeaderName::from_static("x-service-token");
// As keystonemiddleware writes them, which a front proxy stands in for.
const STATUS: HeaderName = HeaderName::from_static("x-identity-status");
const USER: HeaderName = HeaderName::from_static("x-user-id");
const PROJECT: HeaderName = HeaderName::from_static("x-project-id");
const DOMAIN: HeaderName = HeaderName::from_static("x-domain-id");
const SYSTEM_SCOPE: HeaderName = HeaderName::from_static("openstack-system-scope");
const ROLES: HeaderName = HeaderName::from_static("x-roles");
const SERVICE_STATUS: HeaderName = HeaderName::from_static("x-service-identity-status");
const SERVICE_ROLES: HeaderName = HeaderName::from_static("x-service-roles");

/// A header that is not printable ASCII counts as absent: no token and no name that Keystone gives is so. So does one
/// that comes twice: a proxy may have added its own beside the client's.
pub(crate) fn credentials<B>(request: &Request<B>) -> Credentials {
    let text = |name: HeaderName| {
        let mut values = request.headers().get_all(name).iter();
        let only = values.next().filter(|_| values.next().is_none())?;
        only.to_str().ok().map(str::to_owned)
    };
    let asserted = || Asserted {
        status: text(STATUS),
        user_id: text(USER),
        project_id: text(PROJECT),
        domain_id: text(DOMAIN),
        system_scope: text(SYSTEM_SCOPE),
        roles: text(ROLES),
        service_status: text(SERVICE_STATUS),
        service_roles: text(SERVICE_ROLES),
    };
    Credentials {
        token: text(TOKEN),
        service_token: text(SERVICE_TOKEN),
        peer: request.extensions().get().map(|origin: &Origin| origin.peer),
        // Nothing counts without the status, and most requests come without.
        asserted: request.headers().contains_key(STATUS).then(asserted).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::forwarded::Scheme;

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
        let (peer, client) = ([192, 0, 2, 1].into(), [203, 0, 113, 7].into());
        request.extensions_mut().insert(Origin { peer, client, scheme: Scheme::Http });
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
        let twice = Request::builder().header("X-Identity-Status", "Confirmed").header("X-User-Id", "u");
        let twice = twice.header("X-Roles", "admin").header("X-Roles", "member");
        let found = credentials(&twice.body(()).unwrap());
        assert_eq!((found.asserted.user_id.as_deref(), found.asserted.roles), (Some("u"), None));
    }
}
