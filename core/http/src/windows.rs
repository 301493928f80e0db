//! Windows: what a listening socket needs, and a connection.

use std::io;
use tokio::net::TcpStream;

/// Nothing: fading connections do not hold an address here, and address reuse would let another process take it.
pub(crate) fn prepare(_socket: &socket2::Socket) -> io::Result<()> {
    Ok(())
}

/// Processes that this one starts do not inherit it: they would hold the connection open.
pub(crate) fn accepted(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_no_inherit(true)
}
