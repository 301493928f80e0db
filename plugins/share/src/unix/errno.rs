//! What Linux's error numbers mean.

use crate::{Class, Error};
use rustix::io::Errno;
use std::io;

/// What an error number means; on a share a few mean something else than on a disk. errno(3), nfs(5) "soft", and the
/// CIFS client's answers to a server that is gone.
fn class(errno: Errno, remote: bool) -> Class {
    match errno {
        Errno::NOENT => Class::NotFound,
        Errno::EXIST => Class::Exists,
        Errno::NOTDIR => Class::NotADirectory,
        Errno::ACCESS | Errno::PERM => Class::Denied,
        Errno::ROFS => Class::ReadOnly,
        Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Class::Full,
        Errno::BUSY | Errno::TXTBSY => Class::Held,
        Errno::OPNOTSUPP | Errno::NOSYS => Class::Unsupported,
        Errno::STALE
        | Errno::HOSTDOWN
        | Errno::HOSTUNREACH
        | Errno::NETDOWN
        | Errno::NETUNREACH
        | Errno::NETRESET
        | Errno::CONNRESET
        | Errno::CONNABORTED
        | Errno::CONNREFUSED
        | Errno::NOTCONN
        | Errno::SHUTDOWN
        | Errno::TIMEDOUT
        | Errno::AGAIN => Class::Lost,
        Errno::IO if remote => Class::Lost,
        _ => Class::Other,
    }
}

pub(super) fn failure(errno: Errno, remote: bool) -> Error {
    Error::new(class(errno, remote), io::Error::from(errno).to_string())
}

pub(super) fn io_failure(error: &io::Error, remote: bool) -> Error {
    match Errno::from_io_error(error) {
        Some(errno) => failure(errno, remote),
        None => Error::new(Class::Other, error.to_string()),
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        failure(errno, false)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        io_failure(&error, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_share_answers_when_its_server_is_gone_is_a_loss_and_on_a_disk_is_not() {
        for errno in [Errno::STALE, Errno::HOSTDOWN, Errno::TIMEDOUT, Errno::NOTCONN, Errno::IO] {
            assert_eq!(class(errno, true), Class::Lost, "{errno}");
        }
        assert_eq!(class(Errno::IO, false), Class::Other);
    }
}
