//! A real Keystone on this machine, filled and running, for the suites that ask for one.
//!
//! Making its tables takes half a minute. So that is done once and kept; each run works on a copy.

mod database;

use super::{
    cache,
    daemon::{Daemon, PATIENCE, free_ports},
    python,
    system::own,
};
use crate::{
    Result, answers,
    cargo::{root, succeed},
};
use database::Database;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const REQUIREMENTS: &str = "tests/keystone/requirements.txt";
const POPULATE: &str = "tests/keystone/populate.py";
const DESCRIPTION: &str = "keystone.json";
const POINT: &str = "tests/keystone/point.py";
pub(super) const REGION: &str = "RegionOne";
/// Of everybody; nobody but this machine can ask this Keystone.
pub(super) const PASSWORD: &str = "secret";

/// Ends when it is dropped.
pub(super) struct Keystone {
    // The order in which they end.
    _server: Daemon,
    _database: Database,
    port: u16,
    state: TempDir,
    programs: PathBuf,
}

impl Keystone {
    /// `logs` is where its programs write theirs.
    pub(super) fn provide(logs: &Path) -> Result<Self> {
        let programs = python::environment(REQUIREMENTS)?;
        fs::create_dir_all(logs).map_err(|err| format!("{}: {err}", logs.display()))?;
        let prepared = prepared(&programs, logs)?;
        let state = TempDir::with_prefix("casement-keystone-").map_err(|err| err.to_string())?;
        succeed(Command::new("cp").arg("--archive").arg(prepared.join(".")).arg(state.path()))?;
        let keystone = Self::start(programs, state, logs)?;
        keystone.describe()?;
        println!("A Keystone answers on {}", keystone.auth_url());
        Ok(keystone)
    }

    fn start(programs: PathBuf, state: TempDir, logs: &Path) -> Result<Self> {
        let database = Database::start(state.path(), logs)?;
        let [port] = free_ports()?;
        configure(state.path(), port)?;
        let mut server = Daemon::start("keystone", &programs.join("uwsgi"), logs, |command| {
            command
                .args(["--http-socket", &format!("127.0.0.1:{port}"), "--module", "keystone.wsgi.api:application"])
                // One request at a time in each process. With several threads Keystone once did not see a role that was there.
                .args(["--master", "--processes", "6", "--threads", "1", "--die-on-term", "--no-orphans"])
                .args(["--need-app", "--thunder-lock", "--buffer-size", "65535", "--disable-logging"])
                .args(["--add-header", "Connection: close"])
                .env("OS_KEYSTONE_CONFIG_DIR", state.path())
                .env("PYTHONWARNINGS", "ignore");
        })?;
        server.wait_for(|| answers(&format!("127.0.0.1:{port}"), "/v3", PATIENCE))?;
        Ok(Self { _server: server, _database: database, port, state, programs })
    }

    pub(super) fn auth_url(&self) -> String {
        format!("http://127.0.0.1:{}/v3", self.port)
    }

    /// Lets its catalog say where a service is.
    pub(super) fn point(&self, service: &str, url: &str) -> Result<()> {
        self.administrate(POINT, &[service, url])
    }

    /// Runs a script that talks to it as its administrator.
    fn administrate(&self, script: &str, arguments: &[&str]) -> Result<()> {
        succeed(
            Command::new(self.programs.join("python"))
                .arg(root().join(script))
                .args(arguments)
                .env("OS_AUTH_URL", self.auth_url())
                .env("OS_REGION_NAME", REGION)
                .env("OS_PASSWORD", PASSWORD),
        )
    }

    fn stop(self) -> TempDir {
        self.state
    }

    /// The file that tells a suite of it.
    pub(super) fn description(&self) -> PathBuf {
        self.state.path().join(DESCRIPTION)
    }

    fn describe(&self) -> Result<()> {
        let text = serde_json::json!({"auth_url": self.auth_url(), "region": REGION, "password": PASSWORD});
        fs::write(self.description(), text.to_string()).map_err(|err| format!("{DESCRIPTION}: {err}"))
    }
}

/// The state of a Keystone that has been filled and stopped.
fn prepared(programs: &Path, logs: &Path) -> Result<PathBuf> {
    let read = |file: &str| fs::read(root().join(file)).map_err(|err| format!("{file}: {err}"));
    let made_from = [read(REQUIREMENTS)?, read(POPULATE)?, Database::version()?];
    let made_from: Vec<_> = made_from.iter().map(Vec::as_slice).chain([include_bytes!("mod.rs").as_slice()]).collect();
    let folder = cache::folder("keystone", &made_from)?;
    cache::once(&folder, || {
        println!("Preparing a Keystone in {}", folder.display());
        let state = TempDir::with_prefix("casement-keystone-").map_err(|err| err.to_string())?;
        let state = prepare(programs, state, logs)?;
        succeed(Command::new("cp").arg("--archive").arg(state.path().join(".")).arg(&folder))
    })?;
    Ok(folder)
}

fn prepare(programs: &Path, state: TempDir, logs: &Path) -> Result<TempDir> {
    Database::create(state.path())?;
    {
        let _database = Database::start(state.path(), logs)?;
        let [port] = free_ports()?;
        configure(state.path(), port)?;
        let manage = |arguments: &[&str]| {
            let mut command = Command::new(programs.join("keystone-manage"));
            command.arg("--config-dir").arg(state.path()).args(arguments).env("PYTHONWARNINGS", "ignore");
            succeed(command.env("OS_BOOTSTRAP_PASSWORD", PASSWORD))
        };
        manage(&["db_sync"])?;
        let owner = ["--keystone-user", &own("--user")?, "--keystone-group", &own("--group")?];
        manage(&[&["fernet_setup"], owner.as_slice()].concat())?;
        manage(&[&["credential_setup"], owner.as_slice()].concat())?;
        // Each run has another port, which Keystone puts in by itself.
        let url = "$(public_endpoint)s/v3";
        let urls = ["--bootstrap-admin-url", url, "--bootstrap-internal-url", url, "--bootstrap-public-url", url];
        manage(&[&["bootstrap", "--bootstrap-region-id", REGION], urls.as_slice()].concat())?;
    }
    let keystone = Keystone::start(programs.to_owned(), state, logs)?;
    keystone.administrate(POPULATE, &[])?;
    Ok(keystone.stop())
}

fn configure(state: &Path, port: u16) -> Result<()> {
    let (database, folder) = (Database::url(state), state.display());
    let text = format!(
        "[DEFAULT]\npublic_endpoint = http://127.0.0.1:{port}\n\
         [database]\nconnection = {database}\n\
         [token]\nprovider = fernet\nexpiration = 86400\n\
         [fernet_tokens]\nkey_repository = {folder}/fernet-keys\n\
         [credential]\nkey_repository = {folder}/credential-keys\n\
         [identity]\npassword_hash_rounds = 4\n"
    );
    let file = state.join("keystone.conf");
    fs::write(&file, text).map_err(|err| format!("{}: {err}", file.display()))
}
