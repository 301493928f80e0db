//! TLS by rustls: the files, and the certificate in force, which follows them.

mod files;

use crate::Error;
use files::Files;
use rustls::ServerConfig;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// What an operator sets of TLS.
#[derive(Debug, Clone)]
pub struct Tls {
    /// PEM: the server's certificate, then those between it and its root.
    pub certificate: PathBuf,
    /// PEM: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
    pub clients: Clients,
    /// The oldest version that is spoken.
    pub min_version: TlsVersion,
    /// Whether HTTP/2 is offered beside HTTP/1.1.
    pub http2: bool,
}

/// Whether clients show certificates, and the roots that theirs must come from.
#[derive(Debug, Clone)]
pub enum Clients {
    Unknown,
    /// Those who have none come in too.
    MayShow(PathBuf),
    MustShow(PathBuf),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsVersion {
    V1_2,
    V1_3,
}

impl Tls {
    /// Whether a server can use the files; what will soon keep clients from it, in words, otherwise.
    pub fn check(&self) -> Result<Vec<String>, Error> {
        Files::read(self)?.load(self).map(|loaded| loaded.warnings)
    }
}

/// The certificate in force, and whatever else goes with a handshake.
#[derive(Debug, Clone)]
pub struct Certificates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Tls,
    current: RwLock<Arc<ServerConfig>>,
    looks: Mutex<Looks>,
}

/// What was last seen in the files: a fingerprint, or why they could not be read.
type State = Result<u64, String>;

#[derive(Debug)]
struct Looks {
    /// What `current` is of, or could not be made of.
    judged: State,
    last: State,
}

impl Certificates {
    pub(crate) fn load(options: Tls) -> Result<Self, Error> {
        let files = Files::read(&options)?;
        let loaded = files.load(&options)?;
        warn(&loaded.warnings);
        let state = Ok(files.fingerprint());
        let looks = Looks { judged: state.clone(), last: state };
        Ok(Self(Arc::new(Inner { options, current: RwLock::new(loaded.config), looks: Mutex::new(looks) })))
    }

    /// Takes up files that changed. Connections that there are go on with what they began with.
    pub async fn reload(&self) {
        self.look(true).await;
    }

    /// The same whenever they change. They are taken up when they were found alike twice: who renews them writes one
    /// after the other.
    pub(crate) async fn watch(self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.look(false).await;
        }
    }

    async fn look(&self, at_once: bool) {
        let inner = self.0.clone();
        // Files may lie on a share, and take their time.
        if spawn_blocking(move || inner.look(at_once)).await.is_err() {
            tracing::error!("looking at the certificate failed");
        }
    }

    pub(crate) async fn handshake(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let config = self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        TlsAcceptor::from(config).accept(stream).await
    }
}

impl Inner {
    fn look(&self, at_once: bool) {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let files = Files::read(&self.options);
        let state = files.as_ref().map(Files::fingerprint).map_err(ToString::to_string);
        let lies_still = looks.last == state;
        looks.last = state.clone();
        if looks.judged == state || !(lies_still || at_once) {
            return;
        }
        looks.judged = state;
        match files.and_then(|files| files.load(&self.options)) {
            Ok(loaded) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded.config;
                tracing::info!(file = %self.options.certificate.display(), "new connections get the new certificate");
                warn(&loaded.warnings);
            }
            Err(error) => tracing::error!(%error, "the certificate that was read before stays in force"),
        }
    }
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// Whether both sides chose HTTP/2.
pub(crate) fn is_http2(stream: &TlsStream<TcpStream>) -> bool {
    stream.get_ref().1.alpn_protocol() == Some(files::HTTP2)
}

#[cfg(test)]
pub(crate) mod tests;
