//! Connections over real sockets, with a small API of warp filters behind the layer. Clocks are short where one must
//! run out, and long where it must not; no test measures time.

#![allow(clippy::unwrap_used)]

mod http2;

use super::*;
use crate::{
    body::{Pace, paced},
    failure::Failure,
    request,
};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, future::select, stream};
use http::StatusCode;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::{Notify, oneshot},
    task::JoinHandle,
};
use warp::{Filter, Reply, filters::BoxedFilter, reply::Response};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(3600);

fn options() -> Options {
    Options {
        header_timeout: LONG,
        idle_timeout: LONG,
        body_idle_timeout: LONG,
        min_upload_rate: 0,
        write_timeout: LONG,
        linger_timeout: Duration::from_secs(30),
        drain_timeout: LONG,
        max_connections: 8,
        listen: vec![SocketAddr::from(([127, 0, 0, 1], 0)).into()],
        ..Options::default()
    }
}

#[derive(Clone, Default)]
struct Probe {
    /// A request to `/slow` has come.
    entered: Arc<Notify>,
    /// Lets it go on.
    release: Arc<Notify>,
    /// Chunks that `/endless` was asked for.
    produced: Arc<AtomicUsize>,
    /// Its answer was dropped.
    gone: Arc<Notify>,
}

/// Tells when it is dropped.
struct Farewell(Arc<Notify>);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// `/read` takes a body, `/refuse` does not look at it, `/slow` waits, `/endless` and `/broken` stream.
fn api(probe: &Probe, pace: Pace) -> BoxedFilter<(Response,)> {
    let read = warp::path!("read")
        .and(warp::body::stream())
        .then(move |frames| async move {
            let mut frames = paced(request::bytes(frames), pace);
            let mut total = 0;
            while let Some(frame) = frames.next().await {
                match frame {
                    Ok(frame) => total += frame.len(),
                    Err(error) => return Failure::from(error).into_response(),
                }
            }
            format!("{total} bytes").into_response()
        })
        .boxed();
    let refuse = warp::path!("refuse").map(|| Failure::bare(StatusCode::CONFLICT).into_response()).boxed();
    let slow = {
        let probe = probe.clone();
        warp::path!("slow")
            .then(move || {
                let probe = probe.clone();
                async move {
                    probe.entered.notify_one();
                    probe.release.notified().await;
                    "done".into_response()
                }
            })
            .boxed()
    };
    let endless = {
        let (produced, gone) = (probe.produced.clone(), probe.gone.clone());
        warp::path!("endless")
            .map(move || {
                let (produced, farewell) = (produced.clone(), Farewell(gone.clone()));
                warp::reply::stream(stream::repeat_with(move || {
                    let _held = &farewell;
                    produced.fetch_add(1, Ordering::SeqCst);
                    Ok::<_, StoreFailed>(Bytes::from_static(&[0; 1 << 16]))
                }))
                .into_response()
            })
            .boxed()
    };
    let broken = {
        let release = probe.release.clone();
        warp::path!("broken")
            .map(move || {
                let release = release.clone();
                let failure = stream::once(async move {
                    release.notified().await;
                    Err(StoreFailed)
                });
                let data = stream::iter([Ok(Bytes::from_static(b"half"))]).chain(failure);
                let mut response = warp::reply::stream(data).into_response();
                response.headers_mut().insert("content-length", 8.into());
                response
            })
            .boxed()
    };
    let panic = warp::path!("panic").map(|| -> Response { panic!("a handler's bug") }).boxed();
    let unknown = warp::any().map(|| Failure::not_found().into_response());
    let nobody = warp::path!("nobody").map(|| Failure::bare(StatusCode::UNAUTHORIZED).into_response()).boxed();
    let routes = [nobody, read, refuse, slow, endless, broken, panic];
    let known = routes.into_iter().reduce(|known, route| known.or(route).unify().boxed()).unwrap();
    known.or(unknown).unify().boxed()
}

#[derive(Debug)]
struct StoreFailed;

impl fmt::Display for StoreFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store failed")
    }
}

impl std::error::Error for StoreFailed {}

struct Running {
    /// The first of them.
    address: SocketAddr,
    addresses: Vec<SocketAddr>,
    probe: Probe,
    retire: Option<oneshot::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
    end: JoinHandle<Drained>,
}

impl Running {
    async fn start(options: Options) -> Self {
        let probe = Probe::default();
        let pace = Pace { idle: options.body_idle_timeout, min_rate: options.min_upload_rate };
        let api = warp::service(api(&probe, pace));
        let bound = Server::bind(options).unwrap();
        let addresses: Vec<_> = bound.addresses().iter().map(|listen| listen.address).collect();
        let ((retire, retired), (stop, stopped)) = (oneshot::channel(), oneshot::channel());
        let layer = Layer::new(api, Arc::new(bound.options.clone()));
        let stopped = stopped.map(drop).shared();
        let retired = select(retired, stopped.clone()).map(drop);
        let end = tokio::spawn(bound.run_in_turn(Arc::new(layer), retired, stopped));
        Self { address: addresses[0], addresses, probe, retire: Some(retire), stop: Some(stop), end }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn retire(&mut self) {
        self.retire.take().unwrap().send(()).unwrap();
    }

    fn begin_shutdown(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }
}

async fn send(client: &mut TcpStream, text: &str) {
    client.write_all(text.as_bytes()).await.unwrap();
}

/// Everything up to the end of the connection.
async fn read_all(client: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// One response with a Content-Length.
async fn read_one(client: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with("\r\n\r\n") {
        assert_eq!(client.read(&mut byte).await.unwrap(), 1, "the connection ended within a head: {text:?}");
        text.push(char::from(byte[0]));
    }
    let length =
        text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    client.read_exact(&mut body).await.unwrap();
    text + &String::from_utf8(body).unwrap()
}

const GET: &str = "GET /nope HTTP/1.1\r\nHost: h\r\n\r\n";

#[tokio::test]
async fn half_a_head_is_cut() {
    let server = Running::start(Options { header_timeout: SHORT, ..options() }).await;
    for half in ["", "P", "GET / HTTP/1.1\r\nHost: h\r\n"] {
        let mut client = server.connect().await;
        send(&mut client, half).await;
        assert_eq!(read_all(&mut client).await, "", "after {half:?}");
    }
}

#[tokio::test]
async fn half_a_second_head_is_cut_too_but_silence_before_it_is_not() {
    let server = Running::start(Options { header_timeout: SHORT, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, GET).await;
    read_one(&mut client).await;
    // Longer than a head may take, and still within the idle time.
    assert!(timeout(SHORT * 4, client.read_u8()).await.is_err(), "an idle connection stays open");
    send(&mut client, "GET /nope HTTP/1.1\r\n").await;
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Running::start(Options { idle_timeout: SHORT, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, GET).await;
    read_one(&mut client).await;
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test]
async fn a_slow_request_is_no_slow_head_and_no_idle_connection() {
    let server = Running::start(Options { header_timeout: SHORT, idle_timeout: SHORT, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(timeout(SHORT * 4, client.read_u8()).await.is_err(), "nothing ends a request but its answer");
    server.probe.release.notify_one();
    assert!(read_one(&mut client).await.ends_with("done"));
}

#[tokio::test]
async fn too_large_and_too_many_headers_are_431() {
    let server = Running::start(Options { max_headers: 64, ..options() }).await;
    let large = format!("GET / HTTP/1.1\r\nHost: h\r\nX-Large: {}\r\n\r\n", "x".repeat(200 << 10));
    let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X-Many: y\r\n".repeat(90));
    for head in [large, many] {
        let mut client = server.connect().await;
        send(&mut client, &head).await;
        client.shutdown().await.unwrap();
        let answer = read_all(&mut client).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer:?}");
    }
}

#[tokio::test]
async fn a_connection_beyond_the_cap_waits_and_is_served_when_another_ends() {
    let server = Running::start(Options { max_connections: 1, ..options() }).await;
    let mut first = server.connect().await;
    send(&mut first, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").await;
    server.probe.entered.notified().await;
    let mut second = server.connect().await;
    send(&mut second, "GET /nope HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await;
    assert!(timeout(SHORT, second.read_u8()).await.is_err(), "the cap holds");
    server.probe.release.notify_one();
    assert!(read_one(&mut first).await.ends_with("done"));
    drop(first);
    assert!(read_all(&mut second).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn a_stalled_body_is_408() {
    let server = Running::start(Options { body_idle_timeout: SHORT, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, "PUT /read HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc").await;
    let answer = read_one(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_body_that_breaks_its_own_framing_is_400() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    send(&mut client, "PUT /read HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n").await;
    let answer = read_one(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn a_connection_goes_on_after_an_error_whose_body_was_read() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        send(&mut client, GET).await;
        assert!(read_one(&mut client).await.starts_with("HTTP/1.1 404 Not Found\r\n"));
        send(&mut client, "PUT /read HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc").await;
        assert!(read_one(&mut client).await.ends_with("3 bytes"));
    }
}

#[tokio::test]
async fn nobody_is_told_where_to_get_a_token() {
    for (uri, want) in [(None, ""), (Some("https://keystone/v3"), "https://keystone/v3")] {
        let server = Running::start(Options { www_authenticate_uri: uri.map(str::to_owned), ..options() }).await;
        let mut client = server.connect().await;
        send(&mut client, "GET /nobody HTTP/1.1\r\nHost: h\r\n\r\n").await;
        let answer = read_one(&mut client).await;
        assert!(answer.contains(&format!("www-authenticate: Keystone uri=\"{want}\"\r\n")), "{answer}");
    }
}

#[tokio::test]
async fn an_upload_that_is_refused_is_answered_without_100_continue() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    send(&mut client, "PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n").await;
    let answer = read_one(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 409 Conflict\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn an_upload_that_is_taken_gets_100_continue() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    send(&mut client, "PUT /read HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n").await;
    assert_eq!(read_one(&mut client).await, "HTTP/1.1 100 Continue\r\n\r\n");
    send(&mut client, "abc").await;
    assert!(read_one(&mut client).await.ends_with("3 bytes"));
}

/// As Python's http.client does: it looks at the answer only after the last byte.
#[tokio::test]
async fn a_client_that_sends_on_after_a_refusal_can_send_all_and_sees_the_answer() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    send(&mut client, &format!("PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", 64 << 20)).await;
    let chunk = vec![7; 1 << 20];
    for _ in 0..64 {
        client.write_all(&chunk).await.unwrap();
    }
    let answer = read_all(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 409 Conflict\r\n"), "{answer}");
}

#[tokio::test]
async fn lingering_ends_at_its_deadline() {
    let server = Running::start(Options { linger_timeout: SHORT, max_connections: 1, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, "PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab").await;
    assert!(read_all(&mut client).await.starts_with("HTTP/1.1 409 "));
    // The first connection is held open by its client; the only permit comes back all the same.
    let mut next = server.connect().await;
    send(&mut next, GET).await;
    assert!(read_one(&mut next).await.starts_with("HTTP/1.1 404 "));
    drop(client);
}

#[tokio::test]
async fn a_failing_stream_breaks_the_connection() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    send(&mut client, "GET /broken HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\nhalf") {
        answer.push(char::from(client.read_u8().await.unwrap()));
    }
    assert!(answer.contains("content-length: 8\r\n"), "{answer}");
    server.probe.release.notify_one();
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test]
async fn a_handler_that_panics_answers_500_and_the_connection_goes_on() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    send(&mut client, "GET /panic HTTP/1.1\r\nHost: h\r\n\r\n").await;
    let answer = read_one(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n"), "{answer}");
    assert!(!answer.contains("bug"), "{answer}");
    send(&mut client, GET).await;
    assert!(read_one(&mut client).await.starts_with("HTTP/1.1 404 "));
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_and_little_was_produced_for_it() {
    let server = Running::start(Options { write_timeout: SHORT, max_connections: 1, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, "GET /endless HTTP/1.1\r\nHost: h\r\n\r\n").await;
    // Served only when the first connection was cut.
    let mut next = server.connect().await;
    send(&mut next, GET).await;
    assert!(read_one(&mut next).await.starts_with("HTTP/1.1 404 "));
    let produced = server.probe.produced.load(Ordering::SeqCst) << 16;
    assert!(produced < 32 << 20, "{produced} bytes for the buffers of a socket");
    drop(client);
}

#[tokio::test]
async fn shutdown_lets_a_request_finish_and_closes_idle_connections() {
    let mut server = Running::start(options()).await;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    send(&mut idle, GET).await;
    read_one(&mut idle).await;
    send(&mut busy, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").await;
    server.probe.entered.notified().await;
    server.begin_shutdown();
    assert_eq!(read_all(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "nobody new is let in");
    assert!(!server.end.is_finished());
    server.probe.release.notify_one();
    assert!(read_all(&mut busy).await.ends_with("done"));
    assert_eq!(server.end.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn who_retires_answers_what_is_on_its_way_and_has_no_deadline() {
    let mut server = Running::start(Options { drain_timeout: Duration::ZERO, ..options() }).await;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    send(&mut idle, GET).await;
    assert!(!read_one(&mut idle).await.contains("connection: close"));
    send(&mut busy, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").await;
    server.probe.entered.notified().await;
    server.retire();
    // Nobody is let in from the moment on that it has heard.
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    send(&mut idle, GET).await;
    let answer = read_all(&mut idle).await;
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("connection: close"), "{answer}");
    assert!(!server.end.is_finished());
    server.probe.release.notify_one();
    assert!(read_all(&mut busy).await.ends_with("done"));
    assert_eq!(server.end.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn a_shutdown_cuts_also_what_had_no_deadline_before() {
    let mut server = Running::start(Options { drain_timeout: SHORT, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").await;
    server.probe.entered.notified().await;
    server.retire();
    server.begin_shutdown();
    assert_eq!(server.end.await.unwrap(), Drained { cut: 1 });
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test]
async fn shutdown_cuts_what_does_not_end_in_time() {
    let mut server = Running::start(Options { drain_timeout: SHORT, ..options() }).await;
    let mut client = server.connect().await;
    send(&mut client, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").await;
    server.probe.entered.notified().await;
    server.begin_shutdown();
    assert_eq!(server.end.await.unwrap(), Drained { cut: 1 });
    assert_eq!(read_all(&mut client).await, "");
}

#[tokio::test]
async fn every_answer_carries_a_request_id_and_an_overlong_one_is_431() {
    let server = Running::start(options()).await;
    let mut client = server.connect().await;
    let long = "x".repeat(65);
    for (sent, status, want) in
        [("abc", "404", "req-abc\r\n"), ("req-abc", "404", "req-abc\r\n"), ("", "404", "req-"), (&long, "431", "req-")]
    {
        send(&mut client, &format!("GET /nope HTTP/1.1\r\nHost: h\r\nX-Openstack-Request-ID: {sent}\r\n\r\n")).await;
        let answer = read_one(&mut client).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{sent}: {answer}");
        assert!(answer.contains(&format!("x-openstack-request-id: {want}")), "{sent}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn accepting_goes_on_after_errors_with_longer_and_longer_pauses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _client = TcpStream::connect(address).await.unwrap();
    let began = tokio::time::Instant::now();
    let attempts = AtomicUsize::new(0);
    accept(async || match attempts.fetch_add(1, Ordering::SeqCst) {
        0..12 => Err(io::Error::from_raw_os_error(24)),
        12 => Err(io::ErrorKind::ConnectionAborted.into()),
        _ => listener.accept().await,
    })
    .await;
    assert_eq!(attempts.load(Ordering::SeqCst), 14);
    // 5 ms doubled eight times is 1.28 s, above the longest pause.
    assert_eq!(began.elapsed(), Duration::from_millis(5 * 255 + 4 * 1000));
}

#[tokio::test]
async fn an_address_in_use_says_which() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let holder = std::net::TcpListener::bind(taken).unwrap();
    let free = SocketAddr::from(([127, 0, 0, 1], 0));
    let listen = vec![free.into(), taken.into()];
    let error = Server::bind(Options { listen, ..options() }).unwrap_err();
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
    drop(holder);
}

#[tokio::test]
async fn every_address_is_served_under_one_cap() {
    let listen = |text: &str| text.parse().unwrap();
    let listen = vec![listen("127.0.0.1:0"), listen("http://127.0.0.1:0")];
    let server = Running::start(Options { listen, max_connections: 1, ..options() }).await;
    // Neither address holds the one connection that there may be while nobody comes to it.
    for address in server.addresses.iter().chain(&server.addresses) {
        let mut client = TcpStream::connect(address).await.unwrap();
        send(&mut client, GET).await;
        assert!(read_one(&mut client).await.starts_with("HTTP/1.1 404 "));
    }
}

#[tokio::test]
async fn both_families_can_have_the_same_port() {
    let (v4, v6) = ("0.0.0.0:0".parse::<Listen>().unwrap(), "[::]:0".parse::<Listen>().unwrap());
    let Ok(first) = Server::bind(Options { listen: vec![v6], ..options() }) else {
        return println!("this machine has no IPv6");
    };
    let port = first.addresses()[0].address.port();
    let mut same = v4;
    same.address.set_port(port);
    Server::bind(Options { listen: vec![same], ..options() }).unwrap();
}
