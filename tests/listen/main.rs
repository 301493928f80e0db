//! How clients reach a gateway: addresses, TLS, HTTP/2, proxies, limits, and clients that mean it ill.
#![allow(clippy::unwrap_used)]

mod addresses;
mod authority;
mod curl;
mod http2;
mod idle;
mod limits;
mod proxies;
mod secure;
mod stop;
mod tls;

use authority::Authority;
use casement_tests::{Builder, Gateway};
use curl::Curl;

/// A gateway that speaks plain HTTP on its first address and TLS on its second, with a certificate of that authority.
fn with_tls(authority: &Authority, more: &str) -> Builder {
    let builder = Gateway::builder().server("listen = [\"127.0.0.1:0\", \"https://127.0.0.1:0\"]");
    authority.certificate().write(builder.folder(), "server");
    authority.write(builder.folder(), "authority.pem");
    builder.more(&format!("[server.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n{more}"))
}
