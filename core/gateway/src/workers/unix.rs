//! A worker inherits its sockets as systemd hands them on (sd_listen_fds(3)), and a socket to its supervisor as standard input.

use crate::manager;
use casement_catalog::Lock;
use casement_http::AcceptMutex;
use command_fds::{CommandFdExt, FdMapping};
use std::{
    env, fs, io,
    net::TcpListener,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::MetadataExt, net::UnixStream, process::CommandExt},
    },
    path::{Path, PathBuf},
    process::{self, Stdio},
};
use tokio::{
    net::unix::{OwnedReadHalf, OwnedWriteHalf},
    process::{Child, Command},
};

pub(super) type Line = UnixStream;
pub(super) type Reader = OwnedReadHalf;
pub(super) type Writer = OwnedWriteHalf;

/// `SD_LISTEN_FDS_START`.
const FIRST_SOCKET: i32 = 3;
/// What concerns the supervisor alone.
const NOT_INHERITED: [&str; 5] = ["LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// What every worker has from its supervisor.
pub(super) struct Parent {
    sockets: Vec<TcpListener>,
    /// No other service comes to the database before the last worker of a supervisor that was killed has ended.
    lock: Lock,
}

impl Parent {
    pub(super) fn new(sockets: Vec<TcpListener>, lock: Lock) -> io::Result<Self> {
        Ok(Self { sockets, lock })
    }

    /// Starts a process. Dropped, it is killed. Where its log is not read, it has ours.
    pub(super) fn spawn(&self, read_log: bool) -> io::Result<(Child, Reader, Writer)> {
        let (ours, theirs) = UnixStream::pair()?;
        let mut command = process::Command::new(program()?);
        command.arg0("casement").arg("worker");
        command.stdin(OwnedFd::from(theirs));
        command.stderr(if read_log { Stdio::piped() } else { Stdio::inherit() });
        // A terminal's orders are for the supervisor.
        command.process_group(0);
        NOT_INHERITED.into_iter().for_each(|name| _ = command.env_remove(name));
        command.env("LISTEN_FDS", self.sockets.len().to_string());
        let inherited = self.sockets.iter().map(AsFd::as_fd).chain([self.lock.as_ref().as_fd()]);
        let mappings = (FIRST_SOCKET..).zip(inherited);
        let mappings = mappings.map(|(child_fd, fd)| Ok(FdMapping { parent_fd: fd.try_clone_to_owned()?, child_fd }));
        command.fd_mappings(mappings.collect::<io::Result<_>>()?).map_err(io::Error::other)?;
        let child = Command::from(command).kill_on_drop(true).spawn()?;
        ours.set_nonblocking(true)?;
        let (reader, writer) = tokio::net::UnixStream::from_std(ours)?.into_split();
        Ok((child, reader, writer))
    }
}

/// This program, also when an upgrade has put another one in its place: both ends of the protocol are one version.
fn program() -> io::Result<PathBuf> {
    let (path, running) = (env::current_exe()?, PathBuf::from("/proc/self/exe"));
    let file = |path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    let replaced = file(&running).is_ok_and(|this| file(&path).ok() != Some(this));
    Ok(if replaced { running } else { path })
}

/// What a worker has from its supervisor: the line to it, out of which orders come and into which answers go, and sockets that
/// listen. To be asked before there are threads.
pub(super) fn handed_on() -> io::Result<(Line, Vec<TcpListener>)> {
    let sockets = manager::sockets()?;
    let line = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    // Whatever else standard input may be has no peer.
    line.peer_addr()?;
    Ok((line, sockets))
}

/// `accept(2)` needs none.
pub(super) fn accept_mutex(_database: &Path) -> io::Result<Option<AcceptMutex>> {
    Ok(None)
}
