//! From the files to what rustls works with, and what is said to the operator when that cannot be.

use super::{Clients, Tls, TlsVersion};
use crate::Error;
use rustls::{
    InconsistentKeys, RootCertStore, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};
use std::{
    fmt, fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use x509_parser::time::ASN1Time;

pub(super) const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";
/// From here on the end of a certificate is worth a word.
const SOON: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the files hold.
pub(super) struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

pub(super) struct Loaded {
    pub(super) config: Arc<ServerConfig>,
    pub(super) warnings: Vec<String>,
}

impl Files {
    pub(super) fn read(tls: &Tls) -> Result<Self, Error> {
        Ok(Self {
            certificate: read(&tls.certificate)?,
            key: read(&tls.key)?,
            client_ca: tls.clients.roots().map(read).transpose()?,
        })
    }

    /// Tells one state of the files from another.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.certificate, &self.key, &self.client_ca).hash(&mut hasher);
        hasher.finish()
    }

    pub(super) fn load(&self, tls: &Tls) -> Result<Loaded, Error> {
        let provider = Arc::new(ring::default_provider());
        let chain = certificates(&self.certificate, &tls.certificate)?;
        let warnings = validity(&chain[0], &tls.certificate)?;
        let key = certified(chain, private_key(&self.key, &tls.key)?, tls, &provider)?;
        let versions = match tls.min_version {
            TlsVersion::V1_2 => rustls::ALL_VERSIONS,
            TlsVersion::V1_3 => &[&TLS13],
        };
        let verifier = self.verifier(tls, &provider)?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|err| failed(&tls.certificate, err))?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        let protocols = if tls.http2 { &[HTTP2, HTTP1][..] } else { &[HTTP1] };
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Ok(Loaded { config: Arc::new(config), warnings })
    }

    fn verifier(&self, tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        let (Some(file), Some(pem)) = (tls.clients.roots(), &self.client_ca) else {
            return Ok(WebPkiClientVerifier::no_client_auth());
        };
        let mut roots = RootCertStore::empty();
        for root in certificates(pem, file)? {
            roots
                .add(root)
                .map_err(|err| failed(file, format_args!("a certificate in it is no root of others: {err}")))?;
        }
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let verifier = match tls.clients {
            Clients::MayShow(_) => verifier.allow_unauthenticated(),
            Clients::MustShow(_) | Clients::Unknown => verifier,
        };
        verifier.build().map_err(|err| failed(file, err))
    }
}

impl Clients {
    fn roots(&self) -> Option<&PathBuf> {
        match self {
            Self::Unknown => None,
            Self::MayShow(roots) | Self::MustShow(roots) => Some(roots),
        }
    }
}

fn failed(file: &Path, why: impl fmt::Display) -> Error {
    Error::Tls { file: file.into(), why: why.to_string() }
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Error> {
    fs::read(file).map_err(|err| {
        failed(
            file,
            format_args!("cannot be read: {err}; it must be there, and readable by the user that the service runs as"),
        )
    })
}

fn certificates(text: &[u8], file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|err| failed(file, format_args!("is damaged: {err}")))?;
    if found.is_empty() {
        let remedy = "it must have the server's own first, and then those up to its root, each from -----BEGIN CERTIFICATE----- on";
        return Err(failed(file, format_args!("has no certificate in the form of PEM; {remedy}")));
    }
    Ok(found)
}

fn private_key(text: &[u8], file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(text).map_err(|err| match err {
        _ if is_encrypted(text) => {
            let name = file.display();
            let remedy = format!(
                "write it without, as `openssl pkey -in {name} -out FILE` does, and keep others from reading it"
            );
            failed(file, format_args!("the key is encrypted, and nobody is there to give its passphrase; {remedy}"))
        }
        pem::Error::NoItemsFound => failed(
            file,
            "has no private key in the form of PEM (PKCS#8, PKCS#1 or SEC1): -----BEGIN PRIVATE KEY----- or alike",
        ),
        err => failed(file, format_args!("is damaged: {err}")),
    })
}

/// PKCS#8 says it in its title, older forms in a header.
fn is_encrypted(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.contains("BEGIN ENCRYPTED PRIVATE KEY")
        || text.lines().any(|line| line.starts_with("Proc-Type:") && line.ends_with("ENCRYPTED"))
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    tls: &Tls,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, Error> {
    let key = provider.key_provider.load_private_key(key).map_err(|err| {
        failed(
            &tls.key,
            format_args!(
                "such a key cannot be used ({err}); take RSA of 2048 bits or more, ECDSA on P-256 or P-384, or Ed25519"
            ),
        )
    })?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            let certificate = tls.certificate.display();
            Err(failed(
                &tls.key,
                format_args!(
                    "is not the key of the certificate in {certificate}; name the two that belong together, the server's own certificate first in its file"
                ),
            ))
        }
        Err(err) => Err(failed(&tls.certificate, format_args!("its first certificate cannot be used: {err}"))),
    }
}

/// What is to be said about the time in which a certificate holds.
fn validity(certificate: &CertificateDer<'_>, file: &Path) -> Result<Vec<String>, Error> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|err| failed(file, format_args!("its first certificate cannot be read: {err}")))?;
    let held = parsed.validity();
    let file = file.display();
    let warning = if is_past(&held.not_after, Duration::ZERO) {
        Some(format!("{file}: the certificate expired on {}; clients refuse it: renew it", date(&held.not_after)))
    } else if !is_past(&held.not_before, Duration::ZERO) {
        Some(format!(
            "{file}: the certificate holds only from {} on; clients refuse it until then: look at this machine's clock",
            date(&held.not_before)
        ))
    } else if is_past(&held.not_after, SOON) {
        Some(format!("{file}: the certificate expires on {}: renew it", date(&held.not_after)))
    } else {
        None
    };
    Ok(warning.into_iter().collect())
}

/// Whether a time has passed, as seen from so much later than now.
fn is_past(time: &ASN1Time, later: Duration) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + later;
    u64::try_from(time.timestamp()).is_ok_and(|time| time < now.as_secs()) || time.timestamp() < 0
}

fn date(time: &ASN1Time) -> String {
    time.to_rfc2822().unwrap_or_else(|_| time.to_string())
}
