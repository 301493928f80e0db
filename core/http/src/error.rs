//! Why the server cannot start.

use std::{fmt, io, net::SocketAddr, path::PathBuf};

/// Why the server cannot start.
#[derive(Debug)]
pub enum Error {
    /// An option cannot be what it is.
    Option {
        name: &'static str,
        why: &'static str,
    },
    Listen {
        address: SocketAddr,
        cause: io::Error,
    },
    /// A file of the TLS cannot be used.
    Tls {
        file: PathBuf,
        why: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { name, why } => write!(f, "`{name}` {why}"),
            Self::Listen { address, cause } => {
                let remedy = match cause.kind() {
                    io::ErrorKind::AddrInUse => "; another process listens there: stop it, or take another port",
                    io::ErrorKind::AddrNotAvailable => "; this machine does not have that address (yet)",
                    io::ErrorKind::PermissionDenied => "; the system keeps ports below 1024 for the privileged",
                    _ => "",
                };
                write!(f, "cannot listen on {address}: {cause}{remedy}")
            }
            Self::Tls { file, why } => write!(f, "{}: {why}", file.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Option { .. } | Self::Tls { .. } => None,
            Self::Listen { cause, .. } => Some(cause),
        }
    }
}
