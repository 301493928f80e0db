//! The web server that presigned URLs lead to.

use crate::backend::state;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::LazyLock,
    thread,
    time::{Duration, SystemTime},
};

/// As web servers like it, with what is plain left plain.
pub(crate) fn escaped(text: &str) -> String {
    const PLAIN: percent_encoding::AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
    utf8_percent_encode(text, &PLAIN).to_string()
}

pub(crate) fn plain(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn now() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis()
}

fn signature(store: &str, key: &str, until: u128, fault: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    // A server that signs less than it should.
    let key = if fault == "URLs open every object" { "" } else { key };
    (store, key, until, fault).hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn sign(store: &str, key: &str, lifetime: Duration, fault: &str) -> String {
    static ADDRESS: LazyLock<String> = LazyLock::new(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(thread::spawn(|| serve(stream)))));
        address
    });
    let until = now() + lifetime.as_millis();
    let signature = signature(store, key, until, fault);
    let (store, key, fault) = (escaped(store), escaped(key), escaped(fault));
    format!("http://{}/{store}/{key}?{until}&{signature}&{fault}", *ADDRESS)
}

/// One request, and its answer. A client that goes away needs none.
fn serve(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_lowercase()),
        }
        if head.len() == 1 {
            head[0] = line;
        }
    }
    let header = |name: &str| head.iter().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length = header("content-length:").and_then(|text| text.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut Vec::new()).ok()?;
    let mut words = head[0].split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (status, body) = answer(method, target, header("range:"));
    write!(stream, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()).ok()?;
    stream.write_all(&body).ok()
}

fn answer(method: &str, target: &str, range: Option<&str>) -> (u16, Vec<u8>) {
    let (path, query) = target.split_once('?').unwrap();
    let (store, key) = path.trim_start_matches('/').split_once('/').unwrap();
    let (store, key, mut query) = (plain(store), plain(key), query.splitn(3, '&'));
    let until: u128 = query.next().unwrap().parse().unwrap();
    let signed: u64 = query.next().unwrap().parse().unwrap();
    let fault = plain(query.next().unwrap());
    if signed != signature(&store, &key, until, &fault) || until < now() || fault == "URLs are refused" {
        return (403, Vec::new());
    }
    let state = state(&store);
    let mut state = state.lock().unwrap();
    match method {
        "GET" => {}
        "DELETE" if fault == "URLs delete" => {
            state.objects.remove(&key);
            return (204, Vec::new());
        }
        _ => return (405, Vec::new()),
    }
    let Some(data) = state.objects.get(&key) else {
        return (if fault == "URLs of nothing are empty" { 200 } else { 404 }, Vec::new());
    };
    match range.and_then(|range| range.strip_prefix("bytes=")?.split_once('-')) {
        Some((from, to)) if fault != "URLs know no ranges" => {
            (206, data[from.parse().unwrap()..=to.parse().unwrap()].to_vec())
        }
        _ => (200, data.to_vec()),
    }
}
