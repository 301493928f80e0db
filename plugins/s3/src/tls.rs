//! The HTTP client: TLS by rustls with *ring*, and whom it trusts.

use crate::config::bad;
use aws_sdk_s3::config::SharedHttpClient;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use casement_sdk::{Error, Kind, Result};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{fs, path::Path};

pub(crate) fn http_client(ca_file: Option<&Path>) -> Result<SharedHttpClient> {
    let trusted = match ca_file {
        Some(file) => TrustStore::empty().with_pem_certificate(certificates(file)?),
        None => TrustStore::default(),
    };
    let context = TlsContext::builder()
        .with_trust_store(trusted)
        .build()
        .map_err(|error| Error::new(Kind::Config, format!("TLS: {error}")))?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}

/// The library takes any text, and panics over it later.
fn certificates(file: &Path) -> Result<Vec<u8>> {
    let shown = file.display();
    let text = fs::read(file).or_else(|error| bad(format!("ca_file `{shown}`: {error}")))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let good = certificate.is_ok_and(|certificate| roots.add(certificate).is_ok());
        if !good {
            return bad(format!("ca_file `{shown}` holds something that is no certificate in PEM"));
        }
    }
    if roots.is_empty() {
        return bad(format!("ca_file `{shown}` holds no certificate in PEM"));
    }
    Ok(text)
}
