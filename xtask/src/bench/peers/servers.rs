//! The servers that do nothing but serve: nginx, and those of `casement-bench`.

use crate::bench::load::Bench;
use crate::{
    Result, answers,
    test::{Daemon, free_ports},
};
use std::{fs, net::TcpStream, path::Path, time::Duration};

/// The files of a folder, with and without sendfile.
pub(super) struct Nginx {
    _daemon: Daemon,
    pub(super) address: String,
    pub(super) address_without_sendfile: String,
}

impl Nginx {
    pub(super) fn start(state: &Path, files: &Path) -> Result<Self> {
        let ports: [u16; 2] = free_ports()?;
        let [address, address_without_sendfile] = ports.map(|port| format!("127.0.0.1:{port}"));
        let (folder, files) = (state.display(), files.display());
        // Workers would be another user, who may not read what a gateway has written.
        let configuration = format!(
            "user root;\ndaemon off;\nworker_processes auto;\npid {folder}/nginx.pid;\nerror_log stderr;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n access_log off;\n client_body_temp_path {folder}/body;\n\
             server {{ listen {address}; root {files}; sendfile on; }}\n\
             server {{ listen {address_without_sendfile}; root {files}; sendfile off; }}\n}}\n"
        );
        let file = state.join("nginx.conf");
        fs::write(&file, configuration).map_err(|err| format!("{}: {err}", file.display()))?;
        let mut daemon = Daemon::start("nginx", Path::new("nginx"), state, |command| {
            command.arg("-c").arg(&file).arg("-p").arg(state);
        })?;
        daemon.wait_for(|| answers(&address, "/", Duration::from_secs(5)))?;
        Ok(Self { _daemon: daemon, address, address_without_sendfile })
    }
}

/// A server of `casement-bench`, which ends when this is dropped.
pub(super) struct Bare {
    _daemon: Daemon,
    pub(super) address: String,
}

impl Bare {
    /// Throws away what it is sent.
    pub(super) fn drain(bench: &Bench, logs: &Path) -> Result<Self> {
        Self::start(bench, logs, "drain", None)
    }

    /// Answers every request with the same file.
    pub(super) fn answer(bench: &Bench, logs: &Path, file: &Path) -> Result<Self> {
        Self::start(bench, logs, "answer", Some(file))
    }

    fn start(bench: &Bench, logs: &Path, what: &'static str, file: Option<&Path>) -> Result<Self> {
        let [port] = free_ports()?;
        let mut daemon = Daemon::start(what, bench.program(), logs, |command| {
            command.args(["serve", &port.to_string(), what]).args(file);
        })?;
        let address = format!("127.0.0.1:{port}");
        daemon.wait_for(|| TcpStream::connect(&address).is_ok())?;
        Ok(Self { _daemon: daemon, address })
    }
}
