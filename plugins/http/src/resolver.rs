//! Names to addresses. The client connects to what comes out of here and to nothing else, so an address can't be exchanged
//! between its check and its use.

use crate::{location, rules::Rules};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{error::Error as StdError, fmt, net::SocketAddr, sync::Arc};

#[derive(Debug)]
pub(crate) struct Resolver {
    pub(crate) rules: Arc<Rules>,
    /// The operator's choice, wherever it lies.
    pub(crate) proxy: Option<String>,
}

/// A name none of whose addresses may be connected to.
#[derive(Debug)]
pub(crate) struct NoAddressAllowed {
    host: String,
}

impl fmt::Display for NoAddressAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` stands for addresses that this store does not connect to; an operator may list it in `allowed_hosts`",
            self.host
        )
    }
}

impl StdError for NoAddressAllowed {}

impl Resolver {
    fn fit(rules: &Rules, host: &str, found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, NoAddressAllowed> {
        let fit: Vec<_> = found.into_iter().filter(|at| rules.admits_address(host, at.ip())).collect();
        if fit.is_empty() { Err(NoAddressAllowed { host: host.to_owned() }) } else { Ok(fit) }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let rules = Arc::clone(&self.rules);
        let is_proxy = self.proxy.as_deref() == Some(&*location::plain_host(&host));
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let fit = if is_proxy { found } else { Self::fit(&rules, &host, found)? };
            Ok(Box::new(fit.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Config;

    #[test]
    fn of_several_addresses_only_those_that_fit_are_connected_to() {
        let rules = Rules::new(&Config::default());
        let (near, far) = (SocketAddr::from(([127, 0, 0, 1], 0)), SocketAddr::from(([192, 0, 2, 1], 0)));
        assert_eq!(Resolver::fit(&rules, "a.example", vec![near, far]).unwrap(), [far]);
        let refused = Resolver::fit(&rules, "a.example", vec![near]).unwrap_err();
        assert!(refused.to_string().contains("a.example"));
    }
}
