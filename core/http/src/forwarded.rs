//! How a request came here: over which connection, and through which proxies, as far as they are trusted.

use http::{HeaderMap, HeaderName, HeaderValue, Request, header::HOST, uri::Authority};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// By the origin of a request.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        request.extensions().get().map_or(Self::Http, |origin: &Origin| origin.scheme)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// The connection that a request came over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Via {
    /// Who speaks HTTP with us.
    pub(crate) peer: SocketAddr,
    pub(crate) scheme: Scheme,
}

/// A request extension: the other end of its connection, its client, and what that takes for this service's scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) peer: IpAddr,
    pub(crate) client: IpAddr,
    pub(crate) scheme: Scheme,
}

/// The networks of the proxies that are believed what they say of others.
#[derive(Debug, Clone, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from. The host that a trusted proxy was asked for takes the place of the one that we were.
    ///
    /// `Forwarded` (RFC 7239) is not read: most proxies pass it on as they got it, so a client could write it.
    pub(crate) fn origin(&self, via: Via, headers: &mut HeaderMap) -> Origin {
        let peer = via.peer.ip();
        let direct = Origin { peer, client: peer.to_canonical(), scheme: via.scheme };
        if !self.contains(peer) {
            return direct;
        }
        if let Some(host) = first(headers, &FORWARDED_HOST).filter(|host| host.parse::<Authority>().is_ok())
            && let Ok(host) = HeaderValue::try_from(host)
        {
            headers.insert(HOST, host);
        }
        let scheme = match first(headers, &FORWARDED_PROTO) {
            Some(proto) if proto.eq_ignore_ascii_case("https") => Scheme::Https,
            Some(proto) if proto.eq_ignore_ascii_case("http") => Scheme::Http,
            _ => direct.scheme,
        };
        Origin { peer, client: self.client(direct.client, headers), scheme }
    }

    /// Each proxy adds the address that it saw at the end, so the list is believed from there to the first address that
    /// is none of the proxies': what stands before it, anybody may have written.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let lists = headers.get_all(FORWARDED_FOR).iter().filter_map(|list| list.to_str().ok());
        let hops: Vec<_> = lists.flat_map(|list| list.split(',')).map(|hop| address(hop.trim())).collect();
        let mut client = peer;
        for hop in hops.into_iter().rev() {
            let Some(hop) = hop else { break };
            client = hop;
            if !self.contains(hop) {
                break;
            }
        }
        client
    }
}

/// The first of a list: that of the proxy which the client spoke to.
fn first(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let list = headers.get(name)?.to_str().ok()?;
    list.split(',').next().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty())
}

/// Some proxies add the port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let parsed = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value);
        }
        headers
    }

    fn origin(peer: &str, headers: &mut HeaderMap) -> Origin {
        proxies().origin(Via { peer: peer.parse().unwrap(), scheme: Scheme::Http }, headers)
    }

    #[test]
    fn a_trusted_proxy_tells_client_scheme_and_host() {
        let mut headers = headers(&[
            ("host", "inner:9292"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "images.example.org"),
        ]);
        let found = origin("10.1.2.3:4711", &mut headers);
        let peer = [10, 1, 2, 3].into();
        assert_eq!(found, Origin { peer, client: [203, 0, 113, 7].into(), scheme: Scheme::Https });
        assert_eq!(headers[HOST], "images.example.org");
    }

    #[test]
    fn nobody_else_is_believed() {
        let mut headers = headers(&[
            ("host", "inner:9292"),
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example.org"),
        ]);
        let found = origin("192.0.2.1:4711", &mut headers);
        let peer = [192, 0, 2, 1].into();
        assert_eq!(found, Origin { peer, client: peer, scheme: Scheme::Http });
        assert_eq!(headers[HOST], "inner:9292");
    }

    #[test]
    fn the_client_is_the_last_address_that_is_no_proxy_s() {
        for (lists, client) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            // The first was written by the client itself.
            (&["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&["198.51.100.1", "203.0.113.7, fd00::2"], "203.0.113.7"),
            (&["203.0.113.7:55123"], "203.0.113.7"),
            (&["[2001:db8::7]:55123"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["10.0.0.9, 10.0.0.2"], "10.0.0.9"),
            (&["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["nonsense"], "10.1.2.3"),
            (&[""], "10.1.2.3"),
            (&[], "10.1.2.3"),
        ] {
            let lines: Vec<_> = lists.iter().map(|list| ("x-forwarded-for", *list)).collect();
            let found = origin("10.1.2.3:4711", &mut headers(&lines));
            assert_eq!(found.client, client.parse::<IpAddr>().unwrap(), "{lists:?}");
        }
    }

    #[test]
    fn what_is_no_host_or_scheme_is_left_aside() {
        let mut odd =
            headers(&[("host", "inner:9292"), ("x-forwarded-proto", "gopher"), ("x-forwarded-host", "a b\"/../")]);
        assert_eq!(origin("10.1.2.3:4711", &mut odd).scheme, Scheme::Http);
        assert_eq!(odd[HOST], "inner:9292");
        let mut several = headers(&[("x-forwarded-proto", "HTTPS, http"), ("x-forwarded-host", "outer, inner")]);
        assert_eq!(origin("10.1.2.3:4711", &mut several).scheme, Scheme::Https);
        assert_eq!(several[HOST], "outer");
    }
}
