//! Which URLs and which addresses may be asked. URLs come from users; the gateway may reach what they can't.

use crate::{Config, location};
use casement_sdk::{Error, Kind, Result};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// The lists of the configuration.
#[derive(Debug)]
pub(crate) struct Rules {
    schemes: List<String>,
    hosts: List<String>,
    ports: List<u16>,
}

/// What is allowed; where that is empty, all but what is disallowed.
#[derive(Debug)]
struct List<T> {
    allowed: Vec<T>,
    disallowed: Vec<T>,
}

impl<T: PartialEq> List<T> {
    fn admits(&self, value: &T) -> bool {
        if self.allowed.is_empty() { !self.disallowed.contains(value) } else { self.allowed.contains(value) }
    }
}

impl Rules {
    pub(crate) fn new(config: &Config) -> Self {
        let plain = |hosts: &[String]| hosts.iter().map(|host| location::plain_host(host)).collect();
        Self {
            schemes: List { allowed: config.allowed_schemes.clone(), disallowed: config.disallowed_schemes.clone() },
            hosts: List { allowed: plain(&config.allowed_hosts), disallowed: plain(&config.disallowed_hosts) },
            ports: List { allowed: config.allowed_ports.clone(), disallowed: config.disallowed_ports.clone() },
        }
    }

    /// Reads a URL that a user or a server gave, and judges all of it that can be judged without a name server.
    pub(crate) fn check(&self, text: &str) -> Result<Url> {
        let url = location::parse(text)?;
        let refuse = |what: String| {
            let message = format!("{what} that this store does not read from ({})", location::shown(&url));
            Err(Error::new(Kind::Unsupported, message))
        };
        if !self.schemes.admits(&url.scheme().to_owned()) {
            return refuse(format!("`{}` is a scheme", url.scheme()));
        }
        let host = location::plain_host(url.host_str().unwrap_or_default());
        if !self.hosts.admits(&host) {
            return refuse(format!("`{host}` is a host"));
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.ports.admits(&port) {
            return refuse(format!("{port} is a port"));
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        match address {
            Some(address) if !self.admits_address(&host, address) => refuse(format!("{address} is an address")),
            _ => Ok(url),
        }
    }

    /// Whether a connection may be made to `address`, which is what `host` stands for.
    pub(crate) fn admits_address(&self, host: &str, address: IpAddr) -> bool {
        if self.hosts.allowed.contains(&location::plain_host(host)) {
            return true;
        }
        let address = real_address(address);
        !is_near(address) && !self.hosts.disallowed.contains(&address.to_string())
    }
}

/// The IPv4 address that an IPv6 address is another spelling of.
fn real_address(address: IpAddr) -> IpAddr {
    const TRANSLATED: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];
    match address {
        IpAddr::V6(long) => {
            let translated = long.segments().starts_with(&TRANSLATED);
            match long.to_ipv4_mapped().or_else(|| translated.then(|| last_four(long))) {
                Some(short) => IpAddr::V4(short),
                None => address,
            }
        }
        IpAddr::V4(_) => address,
    }
}

fn last_four(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

/// Whether an address means this machine, its link (where clouds keep their metadata), or nobody in particular.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(short) => {
            // Linux takes all of 0.0.0.0/8 that it routes for itself.
            short.is_loopback()
                || short.is_link_local()
                || short.octets()[0] == 0
                || short.is_multicast()
                || short.is_broadcast()
        }
        IpAddr::V6(long) => {
            long.is_loopback() || long.is_unicast_link_local() || long.is_unspecified() || long.is_multicast()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn admits(config: Config, url: &str) -> bool {
        Rules::new(&config).check(url).is_ok()
    }

    fn hosts(allowed: &[&str], disallowed: &[&str]) -> Config {
        let owned = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
        Config { allowed_hosts: owned(allowed), disallowed_hosts: owned(disallowed), ..Config::default() }
    }

    #[test]
    fn by_default_both_schemes_are_read_on_their_own_ports() {
        for good in ["http://a.example/", "https://a.example/", "http://a.example:443/", "http://10.0.0.1/"] {
            assert!(admits(Config::default(), good), "{good}");
        }
        for bad in ["http://a.example:22/", "https://a.example:8443/", "http://a.example:65536/"] {
            assert!(!admits(Config::default(), bad), "{bad}");
        }
    }

    #[test]
    fn what_is_allowed_makes_what_is_disallowed_void() {
        let schemes =
            Config { allowed_schemes: Vec::new(), disallowed_schemes: vec!["http".to_owned()], ..Config::default() };
        assert!(!admits(schemes.clone(), "http://a.example/") && admits(schemes, "https://a.example/"));
        assert!(!admits(hosts(&[], &["A.example."]), "http://a.EXAMPLE/"));
        assert!(!admits(hosts(&[], &["2001:DB8:0::1"]), "http://[2001:db8::1]/"));
        assert!(admits(hosts(&["a.example"], &["a.example"]), "http://a.example./"));
        assert!(!admits(hosts(&["a.example"], &[]), "http://b.example/"));
        let ports = Config { allowed_ports: Vec::new(), disallowed_ports: vec![22], ..Config::default() };
        assert!(!admits(ports.clone(), "http://a.example:22/") && admits(ports, "http://a.example:9000/"));
    }

    #[test]
    fn addresses_of_this_machine_and_its_link_are_refused() {
        for bad in [
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
        ] {
            assert!(!admits(Config::default(), &format!("http://{bad}/latest/meta-data")), "{bad}");
        }
        for good in ["10.0.0.1", "192.168.0.1", "192.0.2.1", "[2001:db8::1]", "[fd00::1]", "[::ffff:192.0.2.1]"] {
            assert!(admits(Config::default(), &format!("http://{good}/")), "{good}");
        }
    }

    #[test]
    fn a_host_that_is_listed_may_be_near() {
        assert!(admits(hosts(&["127.0.0.1"], &[]), "http://127.0.0.1/"));
        assert!(admits(hosts(&["[::1]"], &[]), "http://[::1]/"));
        let rules = Rules::new(&hosts(&["images.local"], &[]));
        assert!(rules.admits_address("images.local.", [127, 0, 0, 1].into()));
    }

    #[test]
    fn a_name_is_refused_by_the_address_it_stands_for() {
        let rules = Rules::new(&hosts(&[], &["192.0.2.7"]));
        assert!(!rules.admits_address("a.example", [127, 0, 0, 1].into()));
        assert!(!rules.admits_address("a.example", [192, 0, 2, 7].into()));
        assert!(!rules.admits_address("a.example", "::ffff:192.0.2.7".parse().unwrap()));
        assert!(rules.admits_address("a.example", [192, 0, 2, 8].into()));
    }
}
