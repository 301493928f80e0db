//! A private MariaDB. Keystone and Glance on SQLite say "database is locked" as soon as two ask at once.

use crate::{
    Result,
    cargo::succeed,
    test::{Daemon, system::own},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const SERVER: &str = "/usr/sbin/mariadbd";

pub(crate) struct Database {
    _daemon: Daemon,
}

/// What outlives a power failure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// All that was committed, as an operator has it.
    Commits,
    /// Nothing: it is thrown away after the run.
    Nothing,
}

impl Database {
    /// The version, which decides over the form of the files.
    pub(super) fn version() -> Result<Vec<u8>> {
        let output = Command::new(SERVER).arg("--version").output();
        output.map(|output| output.stdout).map_err(|err| format!("{SERVER} cannot be run: {err}"))
    }

    /// Makes the system's tables in `state`.
    pub(crate) fn create(state: &Path) -> Result<()> {
        let mut command = Command::new("mariadb-install-db");
        command
            .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"])
            .args(["--innodb-log-file-size=8M", "--user", &own("--user")?])
            .arg(option("--datadir=", &files(state)));
        succeed(command.stdout(Stdio::null()))
    }

    /// Serves the database `name` in `state`.
    pub(crate) fn start(name: &str, durability: Durability, state: &Path, logs: &Path) -> Result<Self> {
        let socket = socket(state);
        let first = state.join("first.sql");
        fs::write(&first, format!("CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb3;\n"))
            .map_err(|err| format!("{}: {err}", first.display()))?;
        let flush = match durability {
            Durability::Commits => "--innodb-flush-log-at-trx-commit=1",
            Durability::Nothing => "--innodb-flush-log-at-trx-commit=0",
        };
        // It refuses to run as root unless it is told to.
        let user = own("--user")?;
        let mut daemon = Daemon::start("mariadb", Path::new(SERVER), logs, |command| {
            command
                .args(["--no-defaults", "--skip-networking", "--skip-name-resolve", "--performance-schema=off"])
                .args([flush, "--innodb-log-file-size=8M", "--user", &user])
                .arg(option("--datadir=", &files(state)))
                .arg(option("--init-file=", &first))
                .arg(option("--socket=", &socket));
        })?;
        daemon.wait_for(|| ping(&socket))?;
        Ok(Self { _daemon: daemon })
    }

    /// As SQLAlchemy wants it.
    pub(crate) fn url(name: &str, state: &Path) -> String {
        format!("mysql+pymysql://root@localhost/{name}?charset=utf8&unix_socket={}", socket(state).display())
    }
}

fn ping(socket: &Path) -> bool {
    let mut command = Command::new("mariadb-admin");
    command.args(["--no-defaults", "--user=root", "ping"]).arg(option("--socket=", socket));
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn files(state: &Path) -> PathBuf {
    state.join("database")
}

fn socket(state: &Path) -> PathBuf {
    state.join("mariadb.sock")
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}{}", path.display())
}
