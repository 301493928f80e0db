//! A server that answers as a test tells it to, and remembers what it was asked.

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::sleep,
};

pub(super) const SERVICE_TOKEN: &str = "token-of-the-service";

#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(super) fn is_login(&self) -> bool {
        self.method == "POST"
    }
}

pub(super) enum Reply {
    Json(u16, Value),
    Raw(Vec<u8>),
    /// The same after a while.
    Late(Duration, Box<Reply>),
    /// Takes the question and says nothing.
    Silence,
    /// A body without end.
    Flood,
    Close,
}

type Script = dyn Fn(&Asked) -> Reply + Send + Sync;

pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    most_at_once: Arc<AtomicUsize>,
}

impl Server {
    pub(super) async fn start(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (asked, most_at_once, now) = (Arc::default(), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let server = Self { url, asked: Arc::clone(&asked), most_at_once: Arc::clone(&most_at_once) };
        let script: Arc<Script> = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, asked, most, now) = (script.clone(), asked.clone(), most_at_once.clone(), now.clone());
                tokio::spawn(async move {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    // A client that goes away ends its own exchange only.
                    drop(exchange(stream, &*script, &asked, &now).await);
                });
            }
        });
        server
    }

    /// One that lets the service in, and answers questions by `script`.
    pub(super) async fn with_login(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |asked| if asked.is_login() { login(3600) } else { script(asked) }).await
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    pub(super) fn logins(&self) -> usize {
        self.asked().iter().filter(|asked| asked.is_login()).count()
    }

    pub(super) fn questions(&self) -> usize {
        self.asked().len() - self.logins()
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }
}

/// The answer to a login: a token that lives for so many seconds.
pub(super) fn login(seconds: i64) -> Reply {
    let body = token(json!({"roles": [{"name": "service"}]}), seconds).to_string();
    let head =
        format!("HTTP/1.1 201 Created\r\nX-Subject-Token: {SERVICE_TOKEN}\r\nContent-Length: {}\r\n", body.len());
    Reply::Raw(format!("{head}Connection: close\r\n\r\n{body}").into_bytes())
}

/// What Keystone says of the token of user u1, which ends in so many seconds, with `more` in it.
pub(super) fn token(more: Value, seconds: i64) -> Value {
    let now = time::OffsetDateTime::now_utc();
    let text = |time: time::OffsetDateTime| {
        time.format(&time::format_description::well_known::Rfc3339).expect("a time that can be written")
    };
    let mut token = json!({
        "user": {"id": "u1", "name": "alice", "domain": {"id": "default", "name": "Default"}},
        "methods": ["password"],
        "issued_at": text(now),
        "expires_at": text(now + time::Duration::seconds(seconds)),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        token[key] = value.clone();
    }
    json!({ "token": token })
}

async fn exchange(
    mut stream: TcpStream,
    script: &Script,
    seen: &Mutex<Vec<Asked>>,
    now: &AtomicUsize,
) -> std::io::Result<()> {
    let asked = read(&mut stream).await?;
    let mut reply = script(&asked);
    seen.lock().expect("no panic").push(asked);
    while let Reply::Late(pause, then) = reply {
        sleep(pause).await;
        reply = *then;
    }
    // Whoever has the answer may come again before this task goes on.
    now.fetch_sub(1, Ordering::SeqCst);
    match reply {
        Reply::Json(status, body) => {
            let body = body.to_string();
            let head =
                format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}", body.len());
            stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n{body}").as_bytes()).await
        }
        Reply::Raw(bytes) => stream.write_all(&bytes).await,
        Reply::Silence => std::future::pending().await,
        Reply::Flood => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"token\": \"").await?;
            loop {
                stream.write_all(&[b'x'; 1 << 16]).await?;
            }
        }
        Reply::Close | Reply::Late(..) => Ok(()),
    }
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Asked> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = bytes.split_off(head + 4);
    while body.len() < length {
        stream.read_buf(&mut body).await?;
    }
    Ok(Asked { method: first.next().unwrap_or_default(), target: first.next().unwrap_or_default(), headers, body })
}
