//! Unix: what a listening socket needs, and a connection.

use std::io;
use tokio::net::TcpStream;

/// Lets a restarted server take its address while connections of the old one still fade.
pub(crate) fn prepare(socket: &socket2::Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}

/// Nothing: no process inherits it.
pub(crate) fn accepted(_stream: &TcpStream) -> io::Result<()> {
    Ok(())
}
