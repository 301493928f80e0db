//! The files, and handshakes with what was made of them.

#![allow(clippy::unwrap_used)]

use super::*;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use std::fs;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        site.renew();
        site
    }

    pub(crate) fn options(&self) -> Tls {
        Tls {
            certificate: self.folder.path().join("server.pem"),
            key: self.folder.path().join("server.key"),
            clients: Clients::Unknown,
            min_version: TlsVersion::V1_2,
            http2: true,
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn renew(&self) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        self.write("server.pem", &cert.pem());
        self.write("server.key", &signing_key.serialize_pem());
    }

    fn fails(&self) -> String {
        self.options().check().unwrap_err().to_string()
    }
}

/// A client that believes in nobody but this site.
pub(crate) fn connector(site: &Site, protocols: &[&[u8]]) -> TlsConnector {
    trusting(root(site), protocols)
}

fn trusting(root: CertificateDer<'static>, protocols: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

/// Whether a handshake chooses HTTP/2; it must come about.
async fn handshake(certificates: &Certificates, client: TlsConnector) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let (server, client) = tokio::join!(certificates.handshake(server), client.connect(name, stream));
    client.unwrap();
    is_http2(&server.unwrap())
}

async fn shows(certificates: &Certificates, root: &CertificateDer<'static>) {
    handshake(certificates, trusting(root.clone(), &[])).await;
}

fn root(site: &Site) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&site.options().certificate).unwrap()
}

#[tokio::test]
async fn http_2_is_chosen_where_both_have_it() {
    let site = Site::new();
    for (http2, offered, chosen) in [
        (true, &[&b"h2"[..], b"http/1.1"][..], true),
        (true, &[b"http/1.1"], false),
        (true, &[], false),
        (false, &[b"h2", b"http/1.1"], false),
    ] {
        let certificates = Certificates::load(Tls { http2, ..site.options() }).unwrap();
        assert_eq!(handshake(&certificates, connector(&site, offered)).await, chosen, "{http2} {offered:?}");
    }
}

#[tokio::test]
async fn changed_files_are_taken_up_when_they_lie_still_and_good_ones_stay_when_they_break() {
    let site = Site::new();
    let certificates = Certificates::load(site.options()).unwrap();
    let first = root(&site);
    site.renew();
    certificates.look(false).await;
    shows(&certificates, &first).await;
    certificates.look(false).await;
    shows(&certificates, &root(&site)).await;

    let good = root(&site);
    for broken in ["none", &KeyPair::generate().unwrap().serialize_pem()] {
        site.write("server.key", broken);
        certificates.reload().await;
        shows(&certificates, &good).await;
    }
    fs::remove_file(site.options().key).unwrap();
    certificates.reload().await;
    shows(&certificates, &good).await;

    site.renew();
    certificates.reload().await;
    shows(&certificates, &root(&site)).await;
}

#[test]
fn a_key_may_have_its_parameters_before_it() {
    let site = Site::new();
    let key = fs::read_to_string(site.options().key).unwrap();
    assert!(key.starts_with("-----BEGIN PRIVATE KEY-----"));
    site.options().check().unwrap();
    site.write(
        "server.key",
        &format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{key}"),
    );
    site.options().check().unwrap();
}

#[test]
fn what_is_wrong_with_a_file_is_told_with_its_name() {
    let site = Site::new();
    let good = fs::read_to_string(site.options().key).unwrap();
    for (text, expected) in [
        ("", "has no private key in the form of PEM"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n", "is damaged: "),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "such a key cannot be used"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "the key is encrypted"),
        (&KeyPair::generate().unwrap().serialize_pem(), "is not the key of the certificate in "),
    ] {
        site.write("server.key", text);
        let error = site.fails();
        assert!(error.contains(&format!("server.key: {expected}")), "{error}");
    }
    site.write("server.key", &good);
    site.write("server.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assert!(site.fails().contains("server.pem: its first certificate cannot be read"));
    fs::remove_file(site.options().certificate).unwrap();
    assert!(site.fails().contains("server.pem: cannot be read: "));
}
