//! The sockets that listen, and the connections that come of them.

use crate::{
    AcceptMutex, Admin, Error, Options,
    exchange::Exchange,
    face::Face,
    forwarded::{Scheme, TrustedProxies, Via},
    http2,
    layer::{Api, Layer},
    listen::{Doors, Listen, Listener},
    platform, proxy_protocol,
    send_file::{self, Files},
    socket::{Limits, Socket},
    tls::{self, Certificates},
    traffic::{Handshake, OpenConnection, tell_capacity},
    write_timeout::WriteTimeout,
};
use casement_service::Service;
use futures_util::{StreamExt, stream::FuturesUnordered};
use http::{HeaderValue, Request, header};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, future::Future, io, iter, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{sleep, timeout},
};

/// The longest pause after a failed accept.
const MAX_BACK_OFF: Duration = Duration::from_secs(1);
/// How long a request may be on its way to a connection that is to end.
const ON_THE_WAY: Duration = Duration::from_secs(5);
/// Bodies are read in frames of up to this size, and so much may wait to be written: a thousand slow downloads have it each.
const BUFFER: usize = 128 << 10;

/// How many hyper takes when it is not told.
const DEFAULT_MAX_HEADERS: usize = 100;

/// The HTTP face of the gateway.
#[derive(Debug, Clone, Copy)]
pub struct Server;

/// Sockets that listen; nobody is served yet.
#[derive(Debug)]
pub struct Bound {
    listeners: Vec<Listener>,
    mutex: Option<AcceptMutex>,
    certificates: Option<Certificates>,
    options: Options,
}

/// How the end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were still busy at the deadline.
    pub cut: usize,
}

impl Server {
    /// Takes the addresses. Must be called within a tokio runtime.
    pub fn bind(options: Options) -> Result<Bound, Error> {
        Self::with(options, |options| {
            options.listen.iter().map(|listen| Listener::bind(*listen, options.backlog)).collect()
        })
    }

    /// Takes sockets that somebody else has opened, in place of the addresses. TLS is spoken on one as it would be on
    /// this address, else on the one with the same port, else as on the first one. Must be called within a tokio runtime.
    pub fn take(options: Options, sockets: Vec<std::net::TcpListener>) -> Result<Bound, Error> {
        Self::with(options, |options| {
            sockets.into_iter().map(|socket| Listener::take(socket, &options.listen)).collect()
        })
    }

    fn with(
        options: Options,
        listeners: impl FnOnce(&Options) -> Result<Vec<Listener>, Error>,
    ) -> Result<Bound, Error> {
        options.check()?;
        let certificates = options.tls.clone().map(Certificates::load).transpose()?;
        Ok(Bound { listeners: listeners(&options)?, mutex: None, certificates, options })
    }
}

impl Bound {
    /// Where the server listens, with the ports that the system chose for port 0.
    pub fn addresses(&self) -> Vec<Listen> {
        self.listeners.iter().map(|listener| listener.local).collect()
    }

    /// The certificate of the listeners that speak TLS.
    pub fn certificates(&self) -> Option<Certificates> {
        self.certificates.clone()
    }

    /// The sockets, for somebody else to [take](Server::take).
    ///
    /// # Errors
    /// When the system does not let go of one.
    pub fn into_sockets(self) -> io::Result<Vec<std::net::TcpListener>> {
        self.listeners.into_iter().map(|listener| listener.socket.into_std()).collect()
    }

    /// Has connections accepted under a mutex, where other processes accept from the same sockets.
    #[must_use]
    pub fn accepting_under(self, mutex: Option<AcceptMutex>) -> Self {
        Self { mutex, ..self }
    }

    /// What answers the requests that come here.
    pub fn face(&self, service: Service) -> Face {
        Face::new(service, self.options())
    }

    /// Serves until `shutdown`, then lets requests finish until the drain timeout.
    pub async fn serve(self, face: &Face, shutdown: impl Future<Output = ()>) -> Drained {
        self.run(face.layer(), shutdown).await
    }

    /// Serves until `retire`, when another process takes new connections in this one's place, and lets those that are there
    /// come to their own ends; from `shutdown` on as [`Bound::serve`].
    pub async fn serve_in_turn(
        self,
        face: &Face,
        retire: impl Future<Output = ()>,
        shutdown: impl Future<Output = ()>,
    ) -> Drained {
        self.run_in_turn(face.layer(), retire, shutdown).await
    }

    /// Serves those who run the service, until `shutdown`.
    pub async fn serve_admin(self, admin: Admin, shutdown: impl Future<Output = ()>) -> Drained {
        let layer = Layer::admin(admin, Arc::new(self.options()));
        self.run(Arc::new(layer), shutdown).await
    }

    /// With the ports that the system chose.
    fn options(&self) -> Options {
        Options { listen: self.addresses(), ..self.options.clone() }
    }

    pub(crate) async fn run<A: Api>(self, layer: Arc<Layer<A>>, shutdown: impl Future<Output = ()>) -> Drained {
        self.run_in_turn(layer, shutdown, async {}).await
    }

    pub(crate) async fn run_in_turn<A: Api>(
        self,
        layer: Arc<Layer<A>>,
        retire: impl Future<Output = ()>,
        shutdown: impl Future<Output = ()>,
    ) -> Drained {
        let Self { listeners, mutex, certificates, options } = self;
        if !layer.is_admin() {
            tell_capacity(options.max_connections);
        }
        let permits = Arc::new(Semaphore::new(options.max_connections));
        let connections = Arc::new(Connections::new(layer, certificates.clone(), options));
        let mut background = JoinSet::new();
        if let Some(certificates) = certificates {
            background.spawn(certificates.watch());
        }
        let doors = Doors::new(listeners, mutex);
        tokio::select! {
            () = accept_all(&doors, &permits, &connections) => {}
            () = retire => {}
        }
        drop(doors);
        connections.ends.retire.cancel();
        let all = u32::try_from(connections.options.max_connections).unwrap_or(u32::MAX);
        tokio::select! {
            () = shutdown => {}
            _all = permits.acquire_many(all) => {}
        }
        connections.ends.drain.cancel();
        let drained = timeout(connections.options.drain_timeout, permits.acquire_many(all)).await.is_ok();
        let busy = if drained { 0 } else { connections.options.max_connections - permits.available_permits() };
        if busy > 0 {
            tracing::warn!(connections = busy, "cutting connections that did not end in time");
        }
        connections.ends.cut.cancel();
        // Whoever still reads a body learns of its end before this returns.
        drop(permits.acquire_many(all).await);
        Drained { cut: busy }
    }
}

/// The accept loop. Connections beyond the cap wait in the backlog: a permit is taken before the accept. It is one loop,
/// so that an address where nobody comes holds no permit.
async fn accept_all<A: Api>(doors: &Doors, permits: &Arc<Semaphore>, connections: &Arc<Connections<A>>) {
    // It is never closed.
    while let Ok(permit) = permits.clone().acquire_owned().await {
        let (stream, via) = accept(|| doors.next()).await;
        if let Err(error) = platform::accepted(&stream).and_then(|()| stream.set_nodelay(true)) {
            tracing::debug!(peer = %via.peer, %error, "a connection ended before it began");
            continue;
        }
        tokio::spawn(connections.clone().serve(stream, via, permit));
    }
}

/// Accepts until it succeeds. A process out of file descriptors gets some back in time, so this never gives up.
async fn accept<T, F>(mut accept: impl FnMut() -> F) -> T
where
    F: Future<Output = io::Result<T>>,
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

struct Connections<A> {
    http1: http1::Builder,
    layer: Arc<Layer<A>>,
    certificates: Option<Certificates>,
    proxies: TrustedProxies,
    options: Options,
    ends: http2::Ends,
}

/// How a connection ends that others end.
enum End {
    Graceful,
    Cut,
}

impl<A: Api> Connections<A> {
    fn new(layer: Arc<Layer<A>>, certificates: Option<Certificates>, options: Options) -> Self {
        Self {
            http1: http1(&options),
            layer,
            certificates,
            proxies: TrustedProxies::new(options.trusted_proxies.clone()),
            options,
            ends: http2::Ends::default(),
        }
    }

    /// One connection from its first byte to its last.
    async fn serve(self: Arc<Self>, mut stream: TcpStream, mut via: Via, permit: OwnedSemaphorePermit) {
        let _counted = (!self.layer.is_admin()).then(OpenConnection::count);
        if self.options.proxy_protocol {
            match self.before_http(self.read_proxy(&mut stream, via.peer)).await {
                Some(peer) => via.peer = peer,
                None => return,
            }
        }
        match self.certificates.as_ref().filter(|_| via.scheme == Scheme::Https) {
            // Apart, so that a plain connection does not take the memory of one with TLS.
            Some(certificates) => Box::pin(self.secure(certificates, stream, via, permit)).await,
            None => {
                let (stream, files) = send_file::plain(stream);
                self.http1(stream, files, via, permit).await;
            }
        }
    }

    async fn secure(&self, certificates: &Certificates, stream: TcpStream, via: Via, permit: OwnedSemaphorePermit) {
        match self.before_http(certificates.handshake(stream)).await {
            Some(stream) if tls::is_http2(&stream) => {
                http2::converse(stream, via, self.layer.clone(), &self.options, self.ends.clone(), permit).await;
            }
            Some(stream) => self.http1(stream, None, via, permit).await,
            None => {}
        }
    }

    /// What must be done before HTTP begins has as long as a head.
    async fn before_http<T>(&self, work: impl Future<Output = io::Result<T>>) -> Option<T> {
        let handshake = Handshake::begin();
        let end = tokio::select! {
            end = timeout(self.options.header_timeout, work) => end,
            () = self.ends.drain.cancelled() => return None,
        };
        match end.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::debug!(%error, "a connection broke before a request");
                handshake.failed();
                None
            }
        }
    }

    /// The client that a trusted proxy names at the start of its connection.
    async fn read_proxy(&self, stream: &mut TcpStream, peer: SocketAddr) -> io::Result<SocketAddr> {
        if !self.proxies.contains(peer.ip()) {
            tracing::warn!(%peer, "cut: server.proxy_protocol is set, and this is none of server.trusted_proxies");
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(proxy_protocol::read(stream).await?.unwrap_or(peer))
    }

    /// `files` are those that `io` sends.
    async fn http1<S>(&self, io: S, files: Option<Files>, via: Via, permit: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // Given back last.
        let _permit = permit;
        let (layer, exchange) = (self.layer.clone(), Exchange::with(via.peer));
        let Options { header_timeout, idle_timeout, linger_timeout, write_timeout, .. } = self.options;
        let limits = Limits { header: header_timeout, idle: idle_timeout, linger: linger_timeout };
        let socket = Socket::new(WriteTimeout::new(io, write_timeout), limits, exchange.clone());
        let (retire, requests) = (self.ends.retire.clone(), exchange.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            // Only image data is sent so; no other request takes the place along.
            if let Some(files) = files.as_ref().filter(|_| request.uri().path().ends_with("/file")) {
                request.extensions_mut().insert(files.clone());
            }
            let (layer, exchange, retire) = (layer.clone(), requests.clone(), retire.clone());
            async move {
                let mut response = layer.handle(request, exchange, via).await?;
                if retire.is_cancelled() {
                    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(response)
            }
        });
        let mut connection = pin!(self.http1.serve_connection(TokioIo::new(socket), service));
        // Polled when it was woken itself, and not for each request as the connection is: all connections share its locks.
        let mut ends: FuturesUnordered<_> = iter::once(self.end(&exchange)).collect();
        let end = tokio::select! {
            biased;
            end = connection.as_mut() => end,
            Some(end) = ends.next() => match end {
                End::Cut => return,
                End::Graceful => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        end = connection => end,
                        () = self.ends.cut.cancelled() => return,
                    }
                }
            }
        };
        if let Err(error) = end {
            tracing::debug!(peer = %via.peer, %error, "a connection broke");
        }
    }

    async fn end(&self, exchange: &Exchange) -> End {
        tokio::select! {
            () = self.ends.cut.cancelled() => End::Cut,
            () = self.is_to_end(exchange) => End::Graceful,
        }
    }

    /// Waits until a connection is to take no further request. HTTP/1.1 has no word for that before an answer, so a client
    /// whose request may be on its way has a while to hear it there.
    async fn is_to_end(&self, exchange: &Exchange) {
        let retired = async {
            self.ends.retire.cancelled().await;
            exchange.idle(ON_THE_WAY, ON_THE_WAY).await;
        };
        tokio::select! {
            () = self.ends.drain.cancelled() => {}
            () = retired => {}
        }
    }
}

fn http1(options: &Options) -> http1::Builder {
    // The version is never guessed: guessing reads the first bytes with no clock running. TLS tells it by ALPN.
    let mut http = http1::Builder::new();
    // The socket has a clock of its own, which is set less often.
    http.header_read_timeout(None)
        .max_header_size(options.max_header_bytes)
        .max_buf_size(BUFFER.max(options.max_header_bytes));
    // hyper does not fill its table for so many.
    if options.max_headers != DEFAULT_MAX_HEADERS {
        http.max_headers(options.max_headers);
    }
    http
}

#[cfg(test)]
mod tests;
