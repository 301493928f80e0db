//! Which URIs the service may be sent to by a client: the rules of Glance's `[import_filtering_opts]`.
//!
//! What can be judged without a resolver is judged here: [`UriFilter::check`] for the text, [`UriFilter::may_reach`] for
//! each address that the host resolves to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An allow list makes the deny list of its kind ignored; an empty list says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UriFilter {
    pub allowed_schemes: Vec<String>,
    pub disallowed_schemes: Vec<String>,
    pub allowed_hosts: Vec<String>,
    pub disallowed_hosts: Vec<String>,
    pub allowed_ports: Vec<u16>,
    pub disallowed_ports: Vec<u16>,
}

impl Default for UriFilter {
    fn default() -> Self {
        Self {
            allowed_schemes: vec!["http".into(), "https".into()],
            disallowed_schemes: Vec::new(),
            allowed_hosts: Vec::new(),
            disallowed_hosts: Vec::new(),
            allowed_ports: vec![80, 443],
            disallowed_ports: Vec::new(),
        }
    }
}

/// Where a URI leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name in lower case and without the dot that ends a full one, or an address in its one canonical spelling.
    pub host: String,
    pub port: u16,
}

impl Target {
    /// The host, when it is an address and not a name.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl UriFilter {
    /// Where the URI leads, unless its text alone rules it out.
    pub fn check(&self, uri: &str) -> Option<Target> {
        let scheme = scheme_of(uri)?;
        if !passes(&scheme, &self.allowed_schemes, &self.disallowed_schemes) {
            return None;
        }
        let (host, port) = host_and_port(uri)?;
        let host = canonical_host(&host)?;
        if !passes(&host, &self.allowed_hosts, &self.disallowed_hosts) {
            return None;
        }
        // A port that is not written is not judged: the lists are about the others.
        if port.is_some_and(|port| !passes(&port, &self.allowed_ports, &self.disallowed_ports)) {
            return None;
        }
        let port = port.unwrap_or(if scheme == "https" { 443 } else { 80 });
        Some(Target { host, port })
    }

    /// Whether the service may connect to `address`, to which the target's host resolves. The machine itself and what
    /// only it can reach are off limits, unless the operator allows the host by name.
    pub fn may_reach(&self, target: &Target, address: IpAddr) -> bool {
        if self.allowed_hosts.contains(&target.host) {
            return true;
        }
        let denied = |host: &String| host.parse().is_ok_and(|denied| plain(denied) == plain(address));
        let listed = self.allowed_hosts.is_empty() && self.disallowed_hosts.iter().any(denied);
        !listed && !is_local(address)
    }

    /// Whether the service may connect to each of the addresses that the target's host resolves to: which one it will be,
    /// nobody says.
    pub fn may_reach_all(&self, target: &Target, addresses: impl IntoIterator<Item = IpAddr>) -> bool {
        let mut addresses = addresses.into_iter().peekable();
        addresses.peek().is_some() && addresses.all(|address| self.may_reach(target, address))
    }
}

/// The scheme of a URI in lower case. A URI is written in visible ASCII; everything else is escaped.
pub fn scheme_of(uri: &str) -> Option<String> {
    if !uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return None;
    }
    let (scheme, _) = uri.split_once(':')?;
    let well_formed = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    well_formed.then(|| scheme.to_ascii_lowercase())
}

fn passes<T: PartialEq>(value: &T, allowed: &[T], disallowed: &[T]) -> bool {
    if allowed.is_empty() { !disallowed.contains(value) } else { allowed.contains(value) }
}

fn host_and_port(uri: &str) -> Option<(String, Option<u16>)> {
    let (_, rest) = uri.split_once("://")?;
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.strip_prefix('[') {
        Some(bracketed) => {
            let (host, port) = bracketed.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, port)
        }
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        None => return None,
        Some("") => None,
        Some(digits) => Some(digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?),
    };
    Some((host.to_ascii_lowercase(), port))
}

/// Addresses have one spelling. Resolvers and URL parsers know more of them (`0x7f.1`, `2130706433`), by which a rule
/// about `127.0.0.1` would be passed by.
fn canonical_host(host: &str) -> Option<String> {
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Some(address.to_string());
    }
    if let Ok(address) = host.parse::<Ipv6Addr>() {
        return Some(address.to_string());
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (is_name && !is_number).then(|| name.to_owned())
}

/// Loopback, link-local (there the cloud tells secrets to whoever asks from inside), and the address of "here". An IPv4
/// address inside of an IPv6 one counts as itself.
fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => {
            let link_local = v6.segments()[0] & 0xffc0 == 0xfe80;
            let inner = v6.to_ipv4().or_else(|| translated(v6));
            link_local || v6.is_loopback() || v6.is_unspecified() || inner.is_some_and(|v4| is_local(v4.into()))
        }
    }
}

/// The IPv4 address that an IPv6 one is another spelling of.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().or_else(|| translated(v6)).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// NAT64's well-known prefix (RFC 6052).
fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let (prefix, inner) = octets.split_at(12);
    let inner: [u8; 4] = inner.try_into().ok()?;
    (prefix == [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]).then(|| inner.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }

    fn reaches(filter: &UriFilter, uri: &str, address: &str) -> bool {
        filter.check(uri).is_some_and(|target| filter.may_reach(&target, address.parse().unwrap()))
    }

    #[test]
    fn a_uri_leads_to_its_host_and_port() {
        let filter = UriFilter { allowed_ports: Vec::new(), ..UriFilter::default() };
        for (uri, host, port) in [
            ("http://example.org", "example.org", 80),
            ("HTTPS://Example.ORG/a?b#c", "example.org", 443),
            ("http://example.org.:8080/", "example.org", 8080),
            ("http://user:word@10.0.0.1:81/@x", "10.0.0.1", 81),
            ("http://[2001:DB8:0::1]:82", "2001:db8::1", 82),
            ("http://a_b:/", "a_b", 80),
        ] {
            assert_eq!(filter.check(uri), Some(Target { host: host.into(), port }), "{uri}");
        }
    }

    #[test]
    fn an_address_in_another_spelling_and_a_uri_that_parsers_read_differently_are_refused() {
        let filter = UriFilter { allowed_ports: Vec::new(), ..UriFilter::default() };
        for uri in [
            "http://2130706433/",
            "http://0x7f000001/",
            "http://127.0x0.0.1/",
            "http://127.1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://0177.0.0.1/",
            "http://1.2.3.4.5/",
            "http://example.0x7f/",
            "http://[::1/",
            "http://[127.0.0.1]/",
            "http://::1/",
            "http://ex\u{e4}mple.org/",
            "http://example.org\\@evil.org/",
            "http://exa mple.org/",
            "http://%31/",
            "http://a:b:1/",
            "http://a:99999/",
            "http://a:+80/",
            "http:///x",
            "http://",
            "http:example.org",
            "//example.org",
            "example.org",
            "",
        ] {
            assert_eq!(filter.check(uri), None, "{uri}");
        }
    }

    #[test]
    fn the_default_lets_http_through_on_its_ports() {
        let filter = UriFilter::default();
        for uri in ["http://a", "https://a/x", "http://a:80/", "http://a:443/"] {
            assert!(filter.check(uri).is_some(), "{uri}");
        }
        for uri in ["http://a:22/", "http://a:8080/", "ftp://a/", "file:///etc/passwd", "s3://a/b"] {
            assert_eq!(filter.check(uri), None, "{uri}");
        }
    }

    #[test]
    fn an_allow_list_makes_the_deny_list_of_its_kind_ignored() {
        let denied = UriFilter {
            allowed_schemes: Vec::new(),
            allowed_ports: Vec::new(),
            disallowed_schemes: list(&["ftp"]),
            disallowed_hosts: list(&["bad.example"]),
            disallowed_ports: vec![22],
            ..UriFilter::default()
        };
        assert!(denied.check("gopher://a:23/").is_some());
        for uri in ["ftp://a/", "http://bad.example/", "http://a:22/"] {
            assert_eq!(denied.check(uri), None, "{uri}");
        }
        let both = UriFilter {
            allowed_schemes: list(&["ftp"]),
            allowed_hosts: list(&["bad.example"]),
            allowed_ports: vec![22],
            ..denied
        };
        assert!(both.check("ftp://bad.example:22/").is_some());
        assert_eq!(both.check("ftp://a:22/"), None);
    }

    #[test]
    fn the_machine_itself_is_out_of_reach_in_every_disguise() {
        let filter = UriFilter::default();
        for address in [
            "127.0.0.1",
            "127.8.9.10",
            "0.0.0.0",
            "169.254.169.254",
            "::1",
            "::",
            "fe80::1",
            "febf::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
        ] {
            assert!(!reaches(&filter, "http://example.org/", address), "{address}");
        }
        for address in ["10.0.0.1", "192.168.1.1", "203.0.113.7", "2001:db8::1", "fd00::1", "::ffff:10.0.0.1"] {
            assert!(reaches(&filter, "http://example.org/", address), "{address}");
        }
    }

    #[test]
    fn a_host_that_the_operator_names_may_be_local_and_one_that_resolves_to_a_denied_address_may_not() {
        let allowed = UriFilter { allowed_hosts: list(&["127.0.0.1", "depot"]), ..UriFilter::default() };
        assert!(reaches(&allowed, "http://127.0.0.1/", "127.0.0.1"));
        assert!(reaches(&allowed, "http://depot/", "127.0.0.1"));
        assert_eq!(allowed.check("http://other/"), None);
        let denied = UriFilter { disallowed_hosts: list(&["10.0.0.1"]), ..UriFilter::default() };
        assert!(!reaches(&denied, "http://example.org/", "10.0.0.1"));
        assert!(reaches(&denied, "http://example.org/", "10.0.0.2"));
    }

    #[test]
    fn a_host_that_is_denied_is_so_in_every_spelling() {
        let denied = UriFilter { disallowed_hosts: list(&["bad.example", "10.0.0.1"]), ..UriFilter::default() };
        for uri in ["http://bad.example./", "http://BAD.example.:80/", "http://10.0.0.1/"] {
            assert_eq!(denied.check(uri), None, "{uri}");
        }
        for address in ["::ffff:10.0.0.1", "64:ff9b::a00:1"] {
            assert!(!reaches(&denied, &format!("http://[{address}]/"), address), "{address}");
            assert!(!reaches(&denied, "http://example.org/", address), "{address}");
        }
    }

    #[test]
    fn one_address_that_is_off_limits_rules_out_a_host_of_several() {
        let filter = UriFilter::default();
        let target = filter.check("http://example.org/").unwrap();
        let all = |addresses: &[&str]| {
            filter.may_reach_all(&target, addresses.iter().map(|address| address.parse().unwrap()))
        };
        assert!(all(&["192.0.2.1", "2001:db8::1"]));
        assert!(!all(&["192.0.2.1", "169.254.169.254"]) && !all(&["::1", "192.0.2.1"]) && !all(&[]));
    }
}
