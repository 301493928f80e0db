use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};
use tokio::net::{UnixListener, UnixStream};

/// The socket. Who has the database open is the only one to listen on it.
pub(super) struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    pub(super) fn bind(database: &Path) -> io::Result<Self> {
        let path = path(database);
        // What a killed service left is in the way.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(of(&path, &error)),
            _ => {}
        }
        let socket = UnixListener::bind(&path).map_err(|error| of(&path, &error))?;
        Ok(Self { socket, path })
    }

    /// The next connection of this service's own user, or of root.
    pub(super) async fn accept(&mut self) -> io::Result<UnixStream> {
        let (stream, _) = self.socket.accept().await?;
        let user = stream.peer_cred()?.uid();
        if user != 0 && user != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other(format!("user {user} may give no orders")));
        }
        Ok(stream)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        fs::remove_file(&self.path).ok();
    }
}

pub(super) async fn connect(database: &Path) -> io::Result<UnixStream> {
    let path = path(database);
    UnixStream::connect(&path).await.map_err(|error| of(&path, &error))
}

fn path(database: &Path) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(".control");
    path.into()
}

fn of(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
