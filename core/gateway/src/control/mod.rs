//! Orders to a running service, from this machine and from who runs it: over a socket beside the database, on Windows over
//! a named pipe. One line of JSON each way.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
mod windows;
#[cfg(windows)]
use windows as platform;

use crate::{
    exit::{Exit, Failure, Result},
    reload::{Live, Report},
};
use casement_stores::Reloaded;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{io, path::Path, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    task::JoinSet,
    time::{sleep, timeout},
};

/// How long somebody who has connected may take to say what is wanted, and to take the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an order may take: stores are opened, each as long as its own limit lets it.
const LONGEST_RELOAD: Duration = Duration::from_secs(600);
const LONGEST_ORDER: u64 = 4 << 10;
const LONGEST_REPLY: u64 = 4 << 20;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    Reload,
    ReloadPlugins,
    Health,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    Reconfigured(Report),
    Reloaded(Vec<Reloaded>),
    Healthy,
    Unhealthy(String),
    /// The configuration can't be used; nothing has changed.
    Unfit(String),
    /// The order was not understood.
    Refused(String),
}

/// Who carries out orders.
pub(crate) trait Service: Sync {
    fn carry_out(&self, order: Order) -> impl Future<Output = Reply> + Send;
}

impl Service for Live {
    async fn carry_out(&self, order: Order) -> Reply {
        match order {
            Order::Reload => match self.reload().await {
                Ok(report) => Reply::Reconfigured(report),
                Err(failure) => Reply::Unfit(failure.to_string()),
            },
            Order::ReloadPlugins => Reply::Reloaded(self.reload_plugins().await),
            Order::Health => match timeout(PATIENCE, self.health()).await {
                Ok(Ok(())) => Reply::Healthy,
                Ok(Err(reason)) => Reply::Unhealthy(reason),
                Err(_) => Reply::Unhealthy("the database does not answer in time".to_owned()),
            },
        }
    }
}

/// Takes orders for ever, side by side: a reload takes its time. Without a way to take them the service runs all the same.
pub(crate) async fn obey(database: &Path, service: impl Service + Clone + Send + 'static) {
    let mut listener = match platform::Listener::bind(database) {
        Ok(listener) => listener,
        Err(error) => return tracing::warn!(%error, "`casement reload` cannot reach this service"),
    };
    let mut served = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok(stream) => {
                let service = service.clone();
                served.spawn(
                    async move { serve(stream, &service).await.unwrap_or_else(|error| came_to_nothing(&error)) },
                );
            }
            Err(error) => {
                came_to_nothing(&error);
                // A lack of descriptors is not over at once.
                sleep(Duration::from_millis(100)).await;
            }
        }
        while served.try_join_next().is_some() {}
    }
}

fn came_to_nothing(error: &io::Error) {
    tracing::debug!(%error, "an order to the service came to nothing");
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, service: &impl Service) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let reply = match timeout(PATIENCE, read_line(&mut stream, LONGEST_ORDER)).await?? {
        Ok(order) => service.carry_out(order).await,
        Err(error) => Reply::Refused(format!("the running service does not know this order: {error}")),
    };
    timeout(PATIENCE, write_line(&mut stream, &reply)).await?
}

/// Gives an order to the service that has this database open.
///
/// # Errors
/// When there is none, or it does not answer.
pub(crate) async fn order(database: &Path, order: Order) -> Result<Reply> {
    let what = format!("no running service takes orders for the database {}", database.display());
    let stream = platform::connect(database).await.map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Failure::of(Exit::Permission, &what)(error),
        _ => Failure::of(Exit::Temporary, &what)(error),
    })?;
    let mut stream = BufReader::new(stream);
    let asked = async {
        write_line(&mut stream, &order).await?;
        read_line(&mut stream, LONGEST_REPLY).await
    };
    let reply = timeout(LONGEST_RELOAD, asked)
        .await
        .map_err(Failure::of(Exit::Temporary, "the running service does not answer"))?;
    let reply = reply.map_err(Failure::of(Exit::Temporary, "the running service broke off"))?;
    reply.map_err(Failure::of(Exit::Internal, "the running service's answer is not understood"))
}

async fn read_line<T: DeserializeOwned>(
    stream: &mut (impl AsyncBufReadExt + Unpin),
    limit: u64,
) -> io::Result<serde_json::Result<T>> {
    let mut line = Vec::new();
    stream.take(limit).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(serde_json::from_slice(&line))
}

async fn write_line(stream: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    stream.flush().await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::io::{DuplexStream, duplex};

    struct Obedient;

    impl Service for Obedient {
        async fn carry_out(&self, order: Order) -> Reply {
            match order {
                Order::Reload => Reply::Unfit("no".to_owned()),
                Order::ReloadPlugins => Reply::Reloaded(Vec::new()),
                Order::Health => Reply::Healthy,
            }
        }
    }

    async fn said(text: &[u8]) -> (io::Result<()>, String) {
        let (mut ours, theirs): (DuplexStream, _) = duplex(1 << 20);
        ours.write_all(text).await.unwrap();
        ours.shutdown().await.unwrap();
        let result = serve(theirs, &Obedient).await;
        let mut answer = String::new();
        ours.read_to_string(&mut answer).await.unwrap();
        (result, answer)
    }

    #[tokio::test]
    async fn an_order_is_one_line_and_so_is_the_reply() {
        let (result, answer) = said(b"\"reload_plugins\"\n").await;
        result.unwrap();
        assert_eq!(answer, "{\"reloaded\":[]}\n");
        assert_eq!(said(b"\"reload\"\n").await.1, "{\"unfit\":\"no\"}\n");
        assert_eq!(said(b"\"health\"\n").await.1, "\"healthy\"\n");
    }

    #[tokio::test]
    async fn what_is_no_order_is_refused() {
        for wrong in [&b"\"dance\"\n"[..], b"GET / HTTP/1.1\r\n\r\n", b"\xff\n", &[b'x'; 1 << 16]] {
            let (result, answer) = said(wrong).await;
            result.unwrap();
            assert!(answer.starts_with("{\"refused\":"), "{answer}");
        }
        assert!(said(b"").await.0.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_not_waited_for() {
        let (_silent, theirs) = duplex(16);
        assert!(serve(theirs, &Obedient).await.is_err());
    }
}
