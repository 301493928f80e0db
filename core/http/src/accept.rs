//! The socket that listens, and the connections that come of it.

use crate::{
    Admin, Options,
    face::Face,
    layer::{Api, Layer},
    platform,
    socket::{Exchange, Limits, Socket},
    traffic::{OpenConnection, tell_capacity},
};
use casement_service::Service;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use socket2::{Domain, Protocol, Type};
use std::{fmt, future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// The longest pause after a failed accept.
const MAX_BACK_OFF: Duration = Duration::from_secs(1);
/// Bodies are read in frames of up to this size.
const READ_BUFFER: usize = 256 << 10;

/// The HTTP face of the gateway.
#[derive(Debug, Clone, Copy)]
pub struct Server;

/// A socket that listens; nobody is served yet.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    local: SocketAddr,
    options: Options,
}

/// How the end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still busy at the deadline.
    pub cut: usize,
}

/// Why the server cannot start.
#[derive(Debug)]
pub enum Error {
    /// An option cannot be what it is.
    Option {
        name: &'static str,
        why: &'static str,
    },
    Listen {
        address: SocketAddr,
        cause: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { name, why } => write!(f, "`{name}` {why}"),
            Self::Listen { address, cause } => {
                let remedy = match cause.kind() {
                    io::ErrorKind::AddrInUse => "; another process listens there: stop it, or take another port",
                    io::ErrorKind::AddrNotAvailable => "; this machine does not have that address (yet)",
                    io::ErrorKind::PermissionDenied => "; the system keeps ports below 1024 for the privileged",
                    _ => "",
                };
                write!(f, "cannot listen on {address}: {cause}{remedy}")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Option { .. } => None,
            Self::Listen { cause, .. } => Some(cause),
        }
    }
}

impl Server {
    /// Takes the address. Must be called within a tokio runtime.
    pub fn bind(options: Options) -> Result<Bound, Error> {
        options.check()?;
        let listen = options.listen;
        let bound = || {
            let socket = socket2::Socket::new(Domain::for_address(listen), Type::STREAM, Some(Protocol::TCP))?;
            platform::prepare(&socket)?;
            socket.set_nonblocking(true)?;
            socket.bind(&listen.into())?;
            socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
            let listener = TcpListener::from_std(socket.into())?;
            Ok((listener.local_addr()?, listener))
        };
        let (local, listener) = bound().map_err(|cause| Error::Listen { address: listen, cause })?;
        Ok(Bound { listener, local, options })
    }
}

impl Bound {
    /// Where the server listens, with the port that the system chose for port 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// What answers the requests that come here.
    pub fn face(&self, service: Service) -> Face {
        Face::new(service, Options { listen: self.local, ..self.options.clone() })
    }

    /// Serves until `shutdown`, then lets requests finish until the drain timeout.
    pub async fn serve(self, face: &Face, shutdown: impl Future<Output = ()>) -> Drained {
        run(self.listener, face.layer(), &self.options, shutdown).await
    }

    /// Serves those who run the service, until `shutdown`.
    pub async fn serve_admin(self, admin: Admin, shutdown: impl Future<Output = ()>) -> Drained {
        let options = Arc::new(Options { listen: self.local, ..self.options });
        run(self.listener, Arc::new(Layer::admin(admin, options.clone())), &options, shutdown).await
    }
}

/// The accept loop. Connections beyond the cap wait in the backlog: a permit is taken before the accept.
pub(crate) async fn run<A: Api>(
    listener: TcpListener,
    layer: Arc<Layer<A>>,
    options: &Options,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let permits = Arc::new(Semaphore::new(options.max_connections));
    let (graceful, cut) = (GracefulShutdown::new(), CancellationToken::new());
    let connections = Connections { http: http(options), limits: limits(options), layer, cut: cut.clone() };
    let mut shutdown = pin!(shutdown);
    if !connections.layer.is_admin() {
        tell_capacity(options.max_connections);
    }
    loop {
        let next = async {
            let permit = permits.clone().acquire_owned().await;
            (permit, accept(|| listener.accept()).await)
        };
        let (permit, (stream, peer)) = tokio::select! {
            next = next => next,
            () = &mut shutdown => break,
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%peer, %error, "a connection ended before it began");
            continue;
        }
        let conversation = connections.converse(stream, peer, graceful.watcher());
        let counted = (!connections.layer.is_admin()).then(OpenConnection::count);
        tokio::spawn(async move {
            conversation.await;
            drop((counted, permit));
        });
    }
    drop(listener);
    let drained = timeout(options.drain_timeout, graceful.shutdown()).await;
    let busy = if drained.is_ok() { 0 } else { options.max_connections - permits.available_permits() };
    if busy > 0 {
        tracing::warn!(connections = busy, "cutting connections that did not end in time");
    }
    cut.cancel();
    // Whoever still reads a body learns of its end before this returns.
    drop(permits.acquire_many(u32::try_from(options.max_connections).unwrap_or(u32::MAX)).await);
    Drained { cut: busy }
}

/// Accepts until it succeeds. A process out of file descriptors gets some back in time, so this never gives up.
async fn accept<F>(mut accept: impl FnMut() -> F) -> (TcpStream, SocketAddr)
where
    F: Future<Output = io::Result<(TcpStream, SocketAddr)>>,
{
    let mut pause = Duration::from_millis(5);
    loop {
        match accept().await {
            Ok(accepted) => return accepted,
            // The peer's doing: it was gone before we came.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections; trying again");
                sleep(pause).await;
                pause = (pause * 2).min(MAX_BACK_OFF);
            }
        }
    }
}

fn http(options: &Options) -> http1::Builder {
    // The version is never guessed: guessing reads the first bytes with no clock running. TLS will tell it by ALPN.
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(options.idle_timeout)
        .max_header_size(options.max_header_bytes)
        .max_headers(options.max_headers)
        .max_buf_size(READ_BUFFER.max(options.max_header_bytes));
    http
}

fn limits(options: &Options) -> Limits {
    Limits { header: options.header_timeout, write: options.write_timeout, linger: options.linger_timeout }
}

struct Connections<A> {
    http: http1::Builder,
    limits: Limits,
    layer: Arc<Layer<A>>,
    cut: CancellationToken,
}

impl<A: Api> Connections<A> {
    /// One connection from its first byte to its last; `io` is the stream that HTTP runs on.
    fn converse<S>(&self, io: S, peer: SocketAddr, watcher: Watcher) -> impl Future<Output = ()> + Send + use<A, S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (layer, exchange, cut) = (self.layer.clone(), Exchange::default(), self.cut.clone());
        let socket = Socket::new(io, self.limits, exchange.clone());
        let service = service_fn(move |request| {
            let (layer, exchange) = (layer.clone(), exchange.clone());
            async move { layer.handle(request, exchange, peer).await }
        });
        let connection = watcher.watch(self.http.serve_connection(TokioIo::new(socket), service));
        async move {
            tokio::select! {
                end = connection => if let Err(error) = end {
                    tracing::debug!(%peer, %error, "a connection broke");
                },
                () = cut.cancelled() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
