//! Servers that do as little as can be done with a request: what a gateway is held against.

use crate::Result;
use bytes::Bytes;
use clap::Subcommand;
use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use http_body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use std::{convert::Infallible, fs, future::poll_fn, path::PathBuf, pin::Pin};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
};
use warp::Filter;

#[derive(Subcommand)]
pub(crate) enum What {
    /// Bare hyper, which throws away what it is sent
    Drain,
    /// A bare handler of warp for `/v2/…`, which answers with the content of a file
    Answer { file: PathBuf },
}

pub(crate) fn run(port: u16, what: What) -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(|err| err.to_string())?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(|err| format!("port {port}: {err}"))?;
        match what {
            What::Drain => drain(listener).await,
            What::Answer { file } => {
                let body = fs::read(&file).map_err(|err| format!("{}: {err}", file.display()))?;
                answer(listener, body.into()).await
            }
        }
    })
}

async fn drain(listener: TcpListener) -> Result<()> {
    loop {
        let stream = accept(&listener).await?;
        let service = service_fn(async |request: Request<Incoming>| {
            let mut body = request.into_body();
            while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                drop(frame?);
            }
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::NO_CONTENT;
            Ok::<_, hyper::Error>(response)
        });
        tokio::spawn(http1().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(listener: TcpListener, body: Bytes) -> Result<()> {
    // The same path as that of an image or of all images.
    let rest = warp::path("v2").and(warp::path::tail());
    let routes = rest.and(warp::header::optional::<String>("x-auth-token")).then(move |_, _| {
        let response = Response::builder().header(CONTENT_TYPE, "application/json").body(body.clone());
        async { Ok::<_, Infallible>(response) }
    });
    let service = warp::service(routes.map(|answer: Result<_, Infallible>| match answer {
        Ok(response) => response,
        Err(never) => match never {},
    }));
    loop {
        let stream = accept(&listener).await?;
        tokio::spawn(http1().serve_connection(TokioIo::new(stream), TowerToHyperService::new(service.clone())));
    }
}

async fn accept(listener: &TcpListener) -> Result<TcpStream> {
    let (stream, _) = listener.accept().await.map_err(|err| format!("accept: {err}"))?;
    stream.set_nodelay(true).map_err(|err| format!("TCP_NODELAY: {err}"))?;
    Ok(stream)
}

/// With a timer, as the gateway has it.
fn http1() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new());
    builder
}
