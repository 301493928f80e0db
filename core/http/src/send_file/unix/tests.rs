//! Over real sockets, through hyper.
#![allow(clippy::unwrap_used)]

use super::*;
use bytes::Bytes;
use futures_util::stream;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, io::Write};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use warp::Reply;

/// More than what sockets hold.
const SIZE: usize = 12 << 20;

fn data() -> Vec<u8> {
    (0..SIZE).map(|at| ((at * 31) >> 3) as u8).collect()
}

fn file(data: &[u8]) -> Arc<File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(data).unwrap();
    Arc::new(file)
}

fn parts(file: &Arc<File>, offset: usize, len: usize) -> impl Iterator<Item = FilePart> + use<> {
    let (file, end) = (file.clone(), offset + len);
    (offset..end).step_by(FilePart::LONGEST).map(move |at| FilePart {
        file: file.clone(),
        offset: at as u64,
        len: (end - at).min(FilePart::LONGEST),
    })
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, server) = tokio::join!(TcpStream::connect(listener.local_addr().unwrap()), listener.accept());
    let server = server.unwrap().0;
    // Far less than a part.
    SockRef::from(&server).set_send_buffer_size(64 << 10).unwrap();
    (client.unwrap(), server)
}

/// Each request is answered by a word, `len` bytes of a file from 7 on, and another word.
async fn answering(file: Arc<File>, len: usize) -> TcpStream {
    let (client, server) = pair().await;
    let (socket, files) = plain(server);
    let files = files.unwrap();
    let service = service_fn(move |_| {
        let (files, parts) = (files.clone(), parts(&file, 7, len));
        let middle = parts.map(move |part| files.send(part));
        let body = [Bytes::from_static(b"<")].into_iter().chain(middle).chain([Bytes::from_static(b">")]);
        let mut response = warp::reply::stream(stream::iter(body.map(Ok::<_, Infallible>))).into_response();
        response.headers_mut().insert("content-length", (len + 2).into());
        async move { Ok::<_, Infallible>(response) }
    });
    tokio::spawn(async move { http1::Builder::new().serve_connection(TokioIo::new(socket), service).await });
    client
}

/// The body of the next answer, of this length.
async fn body(client: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    let mut body = vec![0; len];
    client.read_exact(&mut body).await.unwrap();
    body
}

#[tokio::test]
async fn a_file_comes_whole_between_the_bytes_around_it_for_requests_that_do_not_wait_for_each_other() {
    let data = data();
    let len = SIZE - 7;
    let mut client = answering(file(&data), len).await;
    client.write_all(&b"GET / HTTP/1.1\r\nhost: h\r\n\r\n".repeat(3)).await.unwrap();
    for _ in 0..3 {
        let body = body(&mut client, len + 2).await;
        assert!(body[0] == b'<' && body[1..=len] == data[7..] && body[len + 1] == b'>');
    }
}

#[tokio::test]
async fn a_file_that_ends_early_breaks_the_connection() {
    let data = data();
    let mut client = answering(file(&data[..SIZE - 1]), SIZE - 7).await;
    client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    let head = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    assert!(answer[head] == b'<' && answer[head + 1..] == data[7..SIZE - 1]);
}

#[tokio::test]
async fn a_file_of_a_file_system_that_cannot_send_it_is_copied() {
    const CANNOT: &str = "/proc/self/cmdline";
    let data = std::fs::read(CANNOT).unwrap();
    let file = Arc::new(File::open(CANNOT).unwrap());
    let sent = sendfile(pair().await.1, &*file, Some(&mut 0), 1);
    assert_eq!(sent, Err(Errno::INVAL), "this test is about a file of another kind");
    let mut client = answering(file, data.len() - 7).await;
    client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    assert_eq!(body(&mut client, data.len() - 5).await, [b"<", &data[7..], b">"].concat());
}

#[tokio::test]
async fn neither_other_bytes_nor_what_stands_in_for_nothing_are_sent_for_a_file() {
    let (mut client, server) = pair().await;
    let (mut socket, files) = plain(server);
    let part = FilePart { file: file(b"0123456789"), offset: 2, len: 5 };
    let stand_in = files.as_ref().unwrap().send(part);

    socket.write_all(b"copied").await.unwrap_err();
    socket.write_all(&stand_in[1..]).await.unwrap_err();
    socket.write_all(&stand_in).await.unwrap();
    socket.write_all(&stand_in).await.unwrap_err();
    socket.write_all(b"!").await.unwrap();
    drop(socket);

    let mut came = String::new();
    client.read_to_string(&mut came).await.unwrap();
    assert_eq!(came, "23456!");
}

#[test]
fn a_client_that_does_not_read_keeps_no_thread_from_the_others() {
    let one_thread =
        tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).enable_all().build().unwrap();
    one_thread.block_on(async {
        let file = file(&data());
        let (mut idle, mut quick) = (answering(file.clone(), SIZE - 7).await, answering(file, SIZE - 7).await);
        for client in [&mut idle, &mut quick] {
            client.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
            client.readable().await.unwrap();
        }
        let whole = body(&mut quick, SIZE - 5);
        let body =
            tokio::time::timeout(std::time::Duration::from_secs(60), whole).await.expect("it waits for the other");
        assert_eq!(body.len(), SIZE - 5);
    });
}
