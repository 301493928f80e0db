//! Callers whom a front proxy has authenticated: it tells who they are in keystonemiddleware's headers.

use crate::{Asserted, Credentials, Error, Result, roles};
use casement_image::Caller;
use ipnet::IpNet;
use std::{collections::BTreeSet, net::IpAddr};

const CONFIRMED: &str = "Confirmed";

/// The networks that front proxies are in.
#[derive(Debug)]
pub(crate) struct FrontProxies(Vec<IpNet>);

/// From networks as in `192.0.2.0/24`, or single addresses.
pub fn networks(list: &[String]) -> Result<Vec<IpNet>> {
    let network = |text: &String| {
        let parsed = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
        parsed.ok_or_else(|| Error::configuration(format!("`{text}` is neither a network nor an address")))
    };
    list.iter().map(network).collect()
}

impl FrontProxies {
    pub(crate) fn new(list: &[String]) -> Result<Self> {
        networks(list).map(Self)
    }

    pub(crate) fn authenticate(&self, credentials: &Credentials) -> Result<Caller> {
        if !credentials.peer.is_some_and(|peer| self.contains(peer)) {
            // Who may speak for others is a short list; a peer that is not on it is a hole in a firewall or worse.
            tracing::warn!(peer = ?credentials.peer, "refused: not one of identity.headers.trusted_proxies");
            return Err(Error::unauthenticated("the request does not come from a front proxy"));
        }
        caller(&credentials.asserted)
    }

    fn contains(&self, peer: IpAddr) -> bool {
        // A socket that listens to both families shows IPv4 as a part of IPv6.
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }
}

fn caller(asserted: &Asserted) -> Result<Caller> {
    if asserted.status.as_deref() != Some(CONFIRMED) {
        return Err(Error::unauthenticated("the front proxy has not confirmed the user"));
    }
    let filled = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let service_roles = match asserted.service_status.as_deref() {
        Some(CONFIRMED) => names(asserted.service_roles.as_deref()),
        _ => BTreeSet::new(),
    };
    Ok(Caller {
        project_id: filled(&asserted.project_id),
        domain_id: filled(&asserted.domain_id),
        system_scope: filled(&asserted.system_scope),
        service_roles,
        ..roles::caller_with(filled(&asserted.user_id), names(asserted.roles.as_deref()))
    })
}

fn names(list: Option<&str>) -> BTreeSet<String> {
    let names = list.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    roles::expand(&names.map(str::to_owned).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Kind;

    fn confirmed() -> Asserted {
        Asserted {
            status: Some("Confirmed".into()),
            user_id: Some("u1".into()),
            project_id: Some("p1".into()),
            roles: Some("Member,reader".into()),
            ..Asserted::default()
        }
    }

    fn authenticate(peer: &str, asserted: Asserted) -> Result<Caller> {
        let proxies = ["192.0.2.0/24", "2001:db8::/32", "127.0.0.1"].map(str::to_owned);
        let peer = Some(peer.parse().unwrap());
        let credentials = Credentials { peer, asserted, ..Credentials::default() };
        FrontProxies::new(&proxies).unwrap().authenticate(&credentials)
    }

    #[test]
    fn a_confirmed_user_is_who_the_proxy_says() {
        let caller = authenticate("192.0.2.7", confirmed()).unwrap();
        assert_eq!((caller.user_id.as_deref(), caller.project_id.as_deref()), (Some("u1"), Some("p1")));
        assert_eq!(caller.roles.into_iter().collect::<Vec<_>>(), ["member", "reader"]);
        assert!(!caller.is_admin && caller.domain_id.is_none() && caller.system_scope.is_none());
    }

    #[test]
    fn roles_bring_those_they_imply_and_admin_is_told_apart() {
        let caller = authenticate("192.0.2.7", Asserted { roles: Some(" admin , ,X".into()), ..confirmed() }).unwrap();
        assert_eq!(caller.roles.into_iter().collect::<Vec<_>>(), ["admin", "manager", "member", "reader", "x"]);
        assert!(caller.is_admin);
    }

    #[test]
    fn only_listed_peers_are_believed() {
        for peer in ["192.0.2.255", "::ffff:192.0.2.1", "2001:db8:1::1", "127.0.0.1"] {
            assert!(authenticate(peer, confirmed()).is_ok(), "{peer}");
        }
        for peer in ["192.0.3.1", "::ffff:192.0.3.1", "2001:db9::1", "127.0.0.2", "::1"] {
            assert_eq!(authenticate(peer, confirmed()).unwrap_err().kind, Kind::Unauthenticated, "{peer}");
        }
        let unknown = Credentials { peer: None, asserted: confirmed(), ..Credentials::default() };
        assert!(FrontProxies::new(&["0.0.0.0/0".into()]).unwrap().authenticate(&unknown).is_err());
    }

    #[test]
    fn what_is_not_confirmed_is_nobody() {
        for status in [None, Some("Invalid"), Some("confirmed"), Some("")] {
            let asserted = Asserted { status: status.map(str::to_owned), ..confirmed() };
            assert_eq!(authenticate("127.0.0.1", asserted).unwrap_err().kind, Kind::Unauthenticated, "{status:?}");
        }
    }

    #[test]
    fn service_roles_count_when_the_service_is_confirmed() {
        let roles = |status: Option<&str>| {
            let service_roles = Some("service".into());
            let asserted = Asserted { service_status: status.map(str::to_owned), service_roles, ..confirmed() };
            authenticate("127.0.0.1", asserted).unwrap().service_roles.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(roles(Some("Confirmed")), ["service"]);
        assert!(roles(Some("Invalid")).is_empty() && roles(None).is_empty());
    }

    #[test]
    fn domain_and_system_scope_come_along() {
        let asserted = Asserted {
            project_id: Some(String::new()),
            domain_id: Some("d1".into()),
            system_scope: Some("all".into()),
            ..confirmed()
        };
        let caller = authenticate("127.0.0.1", asserted).unwrap();
        assert_eq!(
            (caller.project_id, caller.domain_id.as_deref(), caller.system_scope.as_deref()),
            (None, Some("d1"), Some("all"))
        );
    }

    #[test]
    fn what_is_no_network_is_told() {
        let error = FrontProxies::new(&["10.0.0.0/33".into()]).unwrap_err();
        assert_eq!(error.kind, Kind::Configuration);
        assert!(error.to_string().contains("10.0.0.0/33"), "{error}");
    }
}
