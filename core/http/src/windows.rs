//! Windows: what a listening socket needs.

use std::io;

/// Nothing: fading connections do not hold an address here, and address reuse would let another process take it.
pub(crate) fn prepare(_socket: &socket2::Socket) -> io::Result<()> {
    Ok(())
}
