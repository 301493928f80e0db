//! The addresses that the service listens on.

use crate::{
    AcceptMutex, Error,
    forwarded::{Scheme, Via},
    platform,
};
use socket2::{Domain, Protocol, Type};
use std::{
    fmt,
    future::poll_fn,
    io,
    net::SocketAddr,
    str::FromStr,
    sync::atomic::{AtomicUsize, Ordering},
    task::{Poll, ready},
};
use tokio::net::{TcpListener, TcpStream};

/// An address to listen on, and whether TLS is spoken there. Written as `127.0.0.1:9292`, `http://[::]:9292` or
/// `https://[::]:9292`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen {
    pub address: SocketAddr,
    pub tls: bool,
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self { address, tls: false }
    }
}

impl FromStr for Listen {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (tls, address) = match text.split_once("://") {
            Some(("https", address)) => (true, address),
            Some(("http", address)) => (false, address),
            Some(_) => return Err(()),
            None => (false, text),
        };
        Ok(Self { address: address.parse().map_err(drop)?, tls })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }
}

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    /// With the port that the system chose for port 0.
    pub(crate) local: Listen,
}

impl Listener {
    /// Takes the address. Must be called within a tokio runtime.
    pub(crate) fn bind(listen: Listen, backlog: u32) -> Result<Self, Error> {
        let bound = || {
            let address = listen.address;
            let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
            platform::prepare(&socket)?;
            if address.is_ipv6() {
                // `[::]` is IPv6 alone, on every system, so that it and `0.0.0.0` can stand beside each other.
                socket.set_only_v6(true)?;
            }
            socket.set_nonblocking(true)?;
            socket.bind(&address.into())?;
            socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
            let socket = TcpListener::from_std(socket.into())?;
            Ok(Self { local: Listen { address: socket.local_addr()?, ..listen }, socket })
        };
        bound().map_err(|cause: io::Error| Error::Listen { address: listen.address, cause })
    }

    /// Takes a socket that listens already. Must be called within a tokio runtime.
    pub(crate) fn take(socket: std::net::TcpListener, like: &[Listen]) -> Result<Self, Error> {
        let address = socket.local_addr().unwrap_or_else(|_| SocketAddr::from(([0, 0, 0, 0], 0)));
        let same = like.iter().find(|listen| listen.address == address);
        let same = same.or_else(|| like.iter().find(|listen| listen.address.port() == address.port())).or(like.first());
        let local = Listen { address, tls: same.is_some_and(|listen| listen.tls) };
        let taken = socket.set_nonblocking(true).and_then(|()| TcpListener::from_std(socket));
        Ok(Self { socket: taken.map_err(|cause| Error::Listen { address, cause })?, local })
    }
}

/// All that listen, as one.
#[derive(Debug)]
pub(crate) struct Doors {
    listeners: Vec<Listener>,
    mutex: Option<AcceptMutex>,
    /// Who is looked at first.
    turn: AtomicUsize,
}

impl Doors {
    pub(crate) fn new(listeners: Vec<Listener>, mutex: Option<AcceptMutex>) -> Self {
        Self { listeners, mutex, turn: AtomicUsize::new(0) }
    }

    /// The next connection, from each of them in turn where several have one.
    pub(crate) async fn next(&self) -> io::Result<(TcpStream, Via)> {
        poll_fn(|context| {
            let _alone = match &self.mutex {
                Some(mutex) => Some(ready!(mutex.poll_hold(context))?),
                None => None,
            };
            let turn = self.turn.load(Ordering::Relaxed);
            for index in (turn..turn + self.listeners.len()).map(|index| index % self.listeners.len()) {
                let listener = &self.listeners[index];
                if let Poll::Ready(accepted) = listener.socket.poll_accept(context) {
                    self.turn.store(index + 1, Ordering::Relaxed);
                    let scheme = if listener.local.tls { Scheme::Https } else { Scheme::Http };
                    return Poll::Ready(accepted.map(|(stream, peer)| (stream, Via { peer, scheme })));
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_socket_speaks_what_its_address_does_else_what_the_one_with_its_port_does() {
        let taken = |like: &[&str]| {
            let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = socket.local_addr().unwrap().port().to_string();
            let like: Vec<Listen> = like.iter().map(|text| text.replace("PORT", &port).parse().unwrap()).collect();
            Listener::take(socket, &like).unwrap().local.tls
        };
        assert!(taken(&["[::]:PORT", "https://127.0.0.1:PORT"]));
        assert!(!taken(&["https://[::]:PORT", "127.0.0.1:PORT"]));
        assert!(taken(&["127.0.0.1:1", "https://0.0.0.0:PORT"]));
        assert!(taken(&["https://0.0.0.0:1", "127.0.0.1:2"]));
    }

    #[tokio::test]
    async fn under_a_mutex_a_connection_waits_while_another_process_accepts() {
        let folder = tempfile::tempdir().unwrap();
        let open = || AcceptMutex::open(&folder.path().join("accept")).unwrap();
        let doors = Doors::new(vec![Listener::bind("127.0.0.1:0".parse().unwrap(), 8).unwrap()], Some(open()));
        let (address, other) = (doors.listeners[0].local.address, open());
        let hold = || poll_fn(|context| other.poll_hold(context));

        let held = hold().await.unwrap();
        let client = std::net::TcpStream::connect(address).unwrap();
        let mut next = Box::pin(doors.next());
        for _ in 0..100 {
            assert!(poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await.is_pending());
            tokio::task::yield_now().await;
        }
        drop(held);
        let (_, via) = next.await.unwrap();
        assert_eq!(via.peer, client.local_addr().unwrap());

        // While it waits for a connection nobody is kept from anything.
        let mut next = Box::pin(doors.next());
        assert!(poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await.is_pending());
        drop(hold().await.unwrap());
    }

    #[test]
    fn a_scheme_says_whether_tls_is_spoken() {
        for (text, tls, written) in [
            ("127.0.0.1:9292", false, "http://127.0.0.1:9292"),
            ("[::]:9292", false, "http://[::]:9292"),
            ("http://[::1]:80", false, "http://[::1]:80"),
            ("https://0.0.0.0:443", true, "https://0.0.0.0:443"),
        ] {
            let listen: Result<Listen, ()> = text.parse();
            assert_eq!(listen.map(|listen| (listen.tls, listen.to_string())), Ok((tls, written.into())), "{text}");
        }
        for text in ["", "localhost:9292", "127.0.0.1", "tls://127.0.0.1:1", "https://127.0.0.1:1/", "https://"] {
            assert_eq!(text.parse::<Listen>(), Err(()), "{text}");
        }
    }
}
