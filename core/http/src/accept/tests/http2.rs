//! The same over HTTP/2, within TLS.

use super::*;
use crate::{
    http2::{Ends, converse},
    tls::tests::{Site, connector},
};
use hyper::{
    Request, Response,
    body::{Body as _, Frame, Incoming},
    client::conn::http2::{SendRequest, handshake},
};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::ServerName;
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::{
    io::{DuplexStream, duplex},
    time::Instant,
};

/// A body of so many bytes, and an end if it has one.
#[derive(Default)]
struct Upload {
    left: usize,
    stalls: bool,
}

impl hyper::body::Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = self.left.min(16 << 10);
        self.left -= next;
        match next {
            0 if self.stalls => Poll::Pending,
            0 => Poll::Ready(None),
            next => Poll::Ready(Some(Ok(Frame::data(vec![7; next].into())))),
        }
    }
}

struct Client {
    requests: SendRequest<Upload>,
    /// Ends with the connection.
    connection: JoinHandle<hyper::Result<()>>,
}

impl Client {
    async fn connect(server: &Running, site: &Site) -> Self {
        let name = ServerName::try_from("localhost").unwrap();
        let stream = connector(site, &[b"h2"]).connect(name, server.connect().await).await.unwrap();
        let (requests, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        Self { requests, connection: tokio::spawn(connection) }
    }

    fn get(&mut self, path: &str) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        self.send(path, Upload::default())
    }

    fn send(&mut self, path: &str, body: Upload) -> impl Future<Output = hyper::Result<Response<Incoming>>> + use<> {
        let request = Request::put(format!("https://localhost{path}")).body(body).unwrap();
        self.requests.send_request(request)
    }

    async fn status(&mut self, path: &str) -> u16 {
        self.get(path).await.unwrap().status().as_u16()
    }
}

async fn start(site: &Site, options: Options) -> Running {
    let listen = vec!["https://127.0.0.1:0".parse().unwrap()];
    Running::start(Options { listen, tls: Some(site.options()), ..options }).await
}

/// The next frame of a body.
async fn frame(body: &mut Incoming) -> Option<hyper::Result<usize>> {
    let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
    Some(frame.map(|frame| frame.into_data().map_or(0, |data| data.len())))
}

#[tokio::test]
async fn an_answer_of_which_nothing_is_taken_is_dropped_and_others_go_on() {
    let site = Site::new();
    let server = start(&site, Options { write_timeout: SHORT, ..options() }).await;
    let mut client = Client::connect(&server, &site).await;
    let mut stalled = client.get("/endless").await.unwrap().into_body();
    assert!(frame(&mut stalled).await.unwrap().is_ok());
    server.probe.gone.notified().await;
    assert_eq!(client.status("/nope").await, 404, "on the same connection");
    while let Some(Ok(_)) = frame(&mut stalled).await {}
    let produced = server.probe.produced.load(Ordering::SeqCst) << 16;
    assert!(produced < 32 << 20, "{produced} bytes for the windows of a connection");
}

#[tokio::test]
async fn a_connection_on_which_no_request_comes_is_closed() {
    let site = Site::new();
    let server = start(&site, Options { header_timeout: Duration::from_secs(1), ..options() }).await;
    Client::connect(&server, &site).await.connection.await.unwrap().ok();
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let site = Site::new();
    let server = start(&site, Options { idle_timeout: SHORT, ..options() }).await;
    let mut client = Client::connect(&server, &site).await;
    assert_eq!(client.status("/nope").await, 404);
    client.connection.await.unwrap().ok();
}

#[tokio::test]
async fn a_slow_request_is_no_idle_connection() {
    let site = Site::new();
    let server = start(&site, Options { idle_timeout: SHORT, ..options() }).await;
    let mut client = Client::connect(&server, &site).await;
    let mut slow = Box::pin(client.get("/slow"));
    assert!(timeout(SHORT * 4, &mut slow).await.is_err());
    server.probe.release.notify_one();
    assert_eq!(slow.await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn shutdown_lets_requests_finish_and_closes_idle_connections() {
    let site = Site::new();
    let mut server = start(&site, options()).await;
    let (mut idle, mut busy) = (Client::connect(&server, &site).await, Client::connect(&server, &site).await);
    assert_eq!(idle.status("/nope").await, 404);
    let slow = tokio::spawn(busy.get("/slow"));
    server.probe.entered.notified().await;
    server.begin_shutdown();
    idle.connection.await.unwrap().ok();
    assert!(!server.end.is_finished());
    server.probe.release.notify_one();
    assert_eq!(slow.await.unwrap().unwrap().status(), StatusCode::OK);
    assert_eq!(server.end.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_end_in_time() {
    let site = Site::new();
    let mut server = start(&site, Options { drain_timeout: SHORT, ..options() }).await;
    let mut client = Client::connect(&server, &site).await;
    let slow = tokio::spawn(client.get("/slow"));
    server.probe.entered.notified().await;
    server.begin_shutdown();
    assert_eq!(server.end.await.unwrap(), Drained { cut: 1 });
    assert!(slow.await.unwrap().is_err());
}

#[tokio::test]
async fn a_stalled_body_is_408() {
    let site = Site::new();
    let server = start(&site, Options { body_idle_timeout: SHORT, ..options() }).await;
    let mut client = Client::connect(&server, &site).await;
    let answer = client.send("/read", Upload { left: 100, stalls: true }).await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(client.status("/nope").await, 404, "on the same connection");
}

#[tokio::test]
async fn a_client_that_sends_on_after_a_refusal_can_send_all_and_the_connection_goes_on() {
    let site = Site::new();
    let server = start(&site, options()).await;
    let mut client = Client::connect(&server, &site).await;
    let large = || Upload { left: 16 << 20, stalls: false };
    assert_eq!(client.send("/refuse", large()).await.unwrap().status(), StatusCode::CONFLICT);
    assert_eq!(client.send("/read", large()).await.unwrap().status(), StatusCode::OK);
}

const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// How long the client may owe the answer to a ping.
const PING: Duration = Duration::from_secs(20);

/// A connection of which a test makes every byte, on a clock that moves only when nothing else does.
struct Bare {
    io: DuplexStream,
    /// There is one place, and the connection has it.
    places: Arc<Semaphore>,
}

impl Bare {
    async fn connect(options: Options) -> Self {
        let (mut io, theirs) = duplex(16 << 10);
        let places = Arc::new(Semaphore::new(1));
        let place = places.clone().acquire_owned().await.unwrap();
        let pace = Pace { idle: options.body_idle_timeout, min_rate: options.min_upload_rate };
        let layer = Arc::new(Layer::new(warp::service(api(&Probe::default(), pace)), Arc::new(options.clone())));
        let via = Via { peer: SocketAddr::from(([127, 0, 0, 1], 1)), scheme: Scheme::Https };
        tokio::spawn(async move { converse(theirs, via, layer, &options, Ends::default(), place).await });
        const SETTINGS: u8 = 4;
        io.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut bare = Self { io, places };
        bare.send(SETTINGS, 0, 0, b"").await.unwrap();
        bare
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u8, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, stream];
        self.io.write_all(&[&head, payload].concat()).await
    }

    /// As RFC 7541 writes it: method and scheme out of the table, path and authority as they are.
    async fn get(&mut self, path: &str, flags: u8, stream: u8) {
        let length = u8::try_from(path.len()).unwrap();
        let block = [&[0x82, 0x87, 0x04, length], path.as_bytes(), &[0x01, 1, b'h']].concat();
        self.send(HEADERS, flags, stream, &block).await.unwrap();
    }
}

/// How long the connection has its place after a request to that path, and half of another one's headers.
async fn half_headers_after(path: &str, options: Options) -> Duration {
    let mut bare = Bare::connect(options).await;
    bare.get(path, END_STREAM | END_HEADERS, 1).await;
    bare.get("/nope", END_STREAM, 3).await;
    let began = Instant::now();
    let _place = bare.places.acquire().await.unwrap();
    began.elapsed()
}

#[tokio::test(start_paused = true)]
async fn half_of_a_later_requests_headers_holds_a_place_no_longer_than_silence_also_beside_a_slow_request() {
    let idle_timeout = Duration::from_secs(75);
    for path in ["/nope", "/slow"] {
        let held = half_headers_after(path, Options { idle_timeout, ..options() }).await;
        assert!((idle_timeout..=idle_timeout + PING).contains(&held), "{path}: {held:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_that_go_on_and_on_are_cut_before_they_fill_the_memory() {
    let mut bare = Bare::connect(options()).await;
    // A header `a` of 2 MiB, of which each frame brings as much as a frame may.
    let mut block = vec![0x00, 1, b'a', 0x7f, 0x81, 0xff, 0x7f];
    block.resize(64 << 10, b'x');
    bare.send(HEADERS, END_STREAM, 1, &block).await.unwrap();
    let mut taken = block.len();
    while bare.send(CONTINUATION, 0, 1, &[b'x'; 64 << 10]).await.is_ok() {
        taken += 64 << 10;
        assert!(taken < 1 << 20, "{taken} bytes were taken");
    }
    let _place = bare.places.acquire().await.unwrap();
}
