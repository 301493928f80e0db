use sha2::{Digest, Sha256};
use std::{io, path::Path, time::Duration};
use tokio::{
    net::windows::named_pipe::{ClientOptions, NamedPipeClient, NamedPipeServer, ServerOptions},
    time::sleep,
};

/// "All pipe instances are busy": the service is taking another order (System Error Codes 0-499).
const ERROR_PIPE_BUSY: i32 = 231;
const TRIES: u32 = 50;

/// The pipe. By default the system's administrators and the pipe's owner alone may write to it ("Named Pipe Security and
/// Access Rights").
pub(super) struct Listener {
    name: String,
    next: NamedPipeServer,
}

impl Listener {
    pub(super) fn bind(database: &Path) -> io::Result<Self> {
        let name = name(database);
        let next = ServerOptions::new().first_pipe_instance(true).create(&name)?;
        Ok(Self { name, next })
    }

    pub(super) async fn accept(&mut self) -> io::Result<NamedPipeServer> {
        self.next.connect().await?;
        let next = ServerOptions::new().create(&self.name)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

pub(super) async fn connect(database: &Path) -> io::Result<NamedPipeClient> {
    let name = name(database);
    for _ in 0..TRIES {
        match ClientOptions::new().open(&name) {
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY) => sleep(Duration::from_millis(100)).await,
            answer => return answer,
        }
    }
    ClientOptions::new().open(&name)
}

/// A name of its own for each database, whatever case its path is written in.
fn name(database: &Path) -> String {
    let database = database.to_string_lossy().to_lowercase();
    format!(r"\\.\pipe\casement-{}", &hex::encode(Sha256::digest(database))[..16])
}
