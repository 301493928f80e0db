//! Unix: what a listening socket needs.

use std::io;

/// Lets a restarted server take its address while connections of the old one still fade.
pub(crate) fn prepare(socket: &socket2::Socket) -> io::Result<()> {
    socket.set_reuse_address(true)
}
