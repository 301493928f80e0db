use std::{io, net::TcpListener, time::Duration};

/// Nobody: on a console the service is run by whoever has typed its name.
#[derive(Debug, Clone)]
pub(crate) struct Manager;

impl Manager {
    pub(crate) fn of_process() -> Self {
        Self
    }

    pub(crate) fn starting(&self, _step: &str) {}

    pub(crate) fn ready(&self) {}

    pub(crate) fn reloading(&self) {}

    pub(crate) fn stopping(&self, _why: &str, _within: Duration) {}

    pub(super) fn patience(&self) -> Option<Duration> {
        None
    }

    pub(super) fn lives(&self) {}
}

/// The Service Control Manager opens none.
pub(crate) fn sockets() -> io::Result<Vec<TcpListener>> {
    Ok(Vec::new())
}
