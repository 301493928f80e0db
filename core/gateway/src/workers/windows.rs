//! A worker has its sockets by WSADuplicateSocketW, its supervisor's end of the line among them, and the lock by DuplicateHandle.
//! What is asked of Windows itself stands in `calls.rs`.

mod calls;

use calls::{Info, adopt, duplicate, hold, take_along_at_the_end};
use casement_catalog::Lock;
use casement_http::AcceptMutex;
use serde::{Deserialize, Serialize};
use socket2::SockRef;
use std::{
    env,
    ffi::OsString,
    io::{self, BufRead, IsTerminal},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::windows::io::{AsHandle, AsSocket},
    path::Path,
    process::Stdio,
    sync::{Mutex, PoisonError},
};
use tokio::{
    io::AsyncWriteExt,
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
    process::{Child, Command},
};

pub(super) type Line = TcpStream;
pub(super) type Reader = OwnedReadHalf;
pub(super) type Writer = OwnedWriteHalf;

/// A console's Ctrl-C is for the supervisor ("Process Creation Flags").
const CREATE_NEW_PROCESS_GROUP: u32 = 0x200;

/// What comes to a worker's standard input: sockets, as `adopt` takes them.
#[derive(Serialize, Deserialize)]
struct HandedOn {
    line: Info,
    listening: Vec<Info>,
}

/// What every worker has from its supervisor.
pub(super) struct Parent {
    sockets: Vec<TcpListener>,
    spawning: Mutex<()>,
    /// No other service comes to the database before the last worker of a supervisor that was killed has ended.
    lock: Lock,
}

impl Parent {
    pub(super) fn new(sockets: Vec<TcpListener>, lock: Lock) -> io::Result<Self> {
        take_along_at_the_end()?;
        Ok(Self { sockets, spawning: Mutex::default(), lock })
    }

    /// Starts a process. Dropped, it is killed. Where its log is not read, it has ours.
    pub(super) fn spawn(&self, read_log: bool) -> io::Result<(Child, Reader, Writer)> {
        // One at a time: a worker inherits whatever is inheritable at its start, and would hold the line of another one.
        let _alone = self.spawning.lock().unwrap_or_else(PoisonError::into_inner);
        let mut command = Command::new(env::current_exe()?);
        command.arg("worker").stdin(Stdio::piped()).creation_flags(CREATE_NEW_PROCESS_GROUP).kill_on_drop(true);
        command.stderr(if read_log { Stdio::piped() } else { Stdio::inherit() });
        let mut child = command.spawn()?;
        let id = child.id().ok_or(io::ErrorKind::NotFound)?;
        // It inherits no lock: one that is not complete yet when this process is killed would hold it.
        hold(self.lock.as_ref().as_handle(), &child)?;
        let (ours, theirs) = pair()?;
        let listening = self.sockets.iter().map(|socket| duplicate(socket.as_socket(), id));
        let handed_on =
            HandedOn { line: duplicate(theirs.as_socket(), id)?, listening: listening.collect::<io::Result<_>>()? };
        let mut text = serde_json::to_vec(&handed_on)?;
        text.push(b'\n');
        let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        tokio::spawn(async move {
            // The end of one that does not take it is seen elsewhere.
            input.write_all(&text).await.ok();
            input.flush().await.ok();
        });
        ours.set_nonblocking(true)?;
        let (reader, writer) = tokio::net::TcpStream::from_std(ours)?.into_split();
        Ok((child, reader, writer))
    }
}

/// Two ends of one line.
fn pair() -> io::Result<(TcpStream, TcpStream)> {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let theirs = TcpStream::connect(door.local_addr()?)?;
    let ours = loop {
        let (stream, peer) = door.accept()?;
        // Any program of this machine may knock.
        if peer == theirs.local_addr()? {
            break stream;
        }
    };
    SockRef::from(&ours).set_no_inherit(true)?;
    ours.set_nodelay(true)?;
    theirs.set_nodelay(true)?;
    Ok((ours, theirs))
}

/// What a worker has from its supervisor: the line to it, out of which orders come and into which answers go, and sockets that
/// listen.
pub(super) fn handed_on() -> io::Result<(Line, Vec<TcpListener>)> {
    let input = io::stdin();
    if input.is_terminal() {
        return Err(io::ErrorKind::NotConnected.into());
    }
    let mut text = String::new();
    input.lock().read_line(&mut text)?;
    let HandedOn { line, listening } = serde_json::from_str(&text)?;
    let listening = listening.iter().map(|socket| adopt(socket).map(TcpListener::from));
    Ok((adopt(&line)?.into(), listening.collect::<io::Result<_>>()?))
}

/// What workers accept under.
pub(super) fn accept_mutex(database: &Path) -> io::Result<Option<AcceptMutex>> {
    let mut path = OsString::from(database);
    path.push(".accept");
    AcceptMutex::open(path.as_ref()).map(Some)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::{
        fs::File,
        io::{Read, Write},
        os::windows::{fs::OpenOptionsExt, process::CommandExt},
        process,
    };

    const HELD: &str = "CASEMENT_TEST_HELD";
    /// "Process Creation Flags".
    const CREATE_SUSPENDED: u32 = 4;

    #[test]
    fn a_socket_that_was_handed_on_takes_connections_when_the_first_one_is_closed() {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        let handed_on = duplicate(socket.as_socket(), process::id()).unwrap();
        drop(socket);
        let socket = TcpListener::from(adopt(&handed_on).unwrap());
        assert_eq!(socket.local_addr().unwrap(), address);
        let client = TcpStream::connect(address).unwrap();
        assert_eq!(socket.accept().unwrap().1, client.local_addr().unwrap());
    }

    #[test]
    fn a_line_goes_both_ways_and_each_end_sees_the_end_of_the_other() {
        let (mut ours, theirs) = pair().unwrap();
        let handed_on = duplicate(theirs.as_socket(), process::id()).unwrap();
        drop(theirs);
        let mut theirs = TcpStream::from(adopt(&handed_on).unwrap());
        let mut heard = [0; 2];
        ours.write_all(b"ab").unwrap();
        theirs.read_exact(&mut heard).unwrap();
        theirs.write_all(&heard).unwrap();
        ours.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"ab");
        drop(theirs);
        assert_eq!(ours.read(&mut heard).unwrap(), 0);
    }

    #[tokio::test]
    async fn a_process_holds_a_lock_until_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("catalog.sqlite");
        let lock = Lock::take(&database).unwrap();
        // It waits for orders.
        let mut child = Command::new("cmd").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        hold(lock.as_ref().as_handle(), &child).unwrap();
        drop(lock);
        assert_eq!(Lock::take(&database).unwrap_err().kind, casement_catalog::Kind::Busy);
        child.kill().await.unwrap();
        Lock::take(&database).unwrap();
    }

    #[test]
    fn half_a_process_ends_with_the_one_that_starts_it() {
        if let Some(file) = env::var_os(HELD) {
            return start_half(file.as_ref());
        }
        let folder = tempfile::tempdir().unwrap();
        let held = folder.path().join("held");
        let this = "workers::windows::tests::half_a_process_ends_with_the_one_that_starts_it";
        let mut supervisor = process::Command::new(env::current_exe().unwrap());
        supervisor.args([this, "--exact"]).env(HELD, &held).stdin(Stdio::null()).stdout(Stdio::null());
        assert!(supervisor.status().unwrap().success());
        File::open(held).unwrap();
    }

    /// As a supervisor that is killed within `CreateProcessW`.
    fn start_half(held: &Path) {
        take_along_at_the_end().unwrap();
        let alone = File::options().create_new(true).write(true).share_mode(0).open(held).unwrap();
        let mut half = process::Command::new("cmd");
        half.stdin(Stdio::null()).stdout(alone).stderr(Stdio::null());
        // It has begun, and gets no further.
        half.creation_flags(CREATE_SUSPENDED).spawn().unwrap();
    }

    #[test]
    fn what_is_no_socket_is_not_taken() {
        for wrong in [&[][..], &[1, 2, 3], &[0; 4096]] {
            assert_eq!(adopt(wrong).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }
}
