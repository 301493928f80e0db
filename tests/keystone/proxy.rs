//! The way to Keystone, which a test can cut, jam, and open again.

use std::{
    io,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Open,
    /// Connections end as soon as they begin.
    Cut,
    /// What is sent gets nowhere, and nothing comes back.
    Jammed,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    way: Arc<Mutex<Way>>,
}

impl Proxy {
    /// To the host and port of `url`.
    pub(crate) fn to(url: &str) -> Self {
        let host = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { address: listener.local_addr().unwrap(), way: Arc::new(Mutex::new(Way::Open)) };
        let way = proxy.way.clone();
        thread::spawn(move || {
            // Jammed ones are held, so that their clients go on waiting.
            let mut jammed = Vec::new();
            for client in listener.incoming().map_while(Result::ok) {
                match *way.lock().unwrap() {
                    Way::Open => join(client, TcpStream::connect(&host).unwrap()),
                    Way::Cut => drop(client),
                    Way::Jammed => jammed.push(client),
                }
            }
        });
        proxy
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v3", self.address)
    }

    pub(crate) fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }
}

fn join(client: TcpStream, server: TcpStream) {
    for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
        thread::spawn(move || {
            // Either side may break off at any time; that is the other's to notice.
            io::copy(&mut from, &mut to).ok();
            to.shutdown(Shutdown::Both).ok();
        });
    }
}
