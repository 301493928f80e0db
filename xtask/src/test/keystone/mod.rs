//! A real Keystone on this machine, filled and running, for the suites that ask for one.
//!
//! Making its tables takes half a minute. So that is done once and kept; each run works on a copy.

use super::{
    cache,
    daemon::{Daemon, PATIENCE, free_ports},
    database::{Database, Durability},
    python,
    system::own,
};
use crate::{
    Result, answers,
    cargo::{root, succeed},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

const REQUIREMENTS: &str = "tests/keystone/requirements.txt";
const POPULATE: &str = "tests/keystone/populate.py";
const DATABASE: &str = "keystone";
const DESCRIPTION: &str = "keystone.json";
const POINT: &str = "tests/keystone/point.py";
pub(crate) const REGION: &str = "RegionOne";
/// Of everybody; nobody but this machine can ask this Keystone.
pub(crate) const PASSWORD: &str = "secret";

/// Ends when it is dropped.
pub(crate) struct Keystone {
    // The order in which they end.
    _server: Daemon,
    _database: Database,
    port: u16,
    state: TempDir,
    programs: PathBuf,
}

impl Keystone {
    /// `logs` is where its programs write theirs.
    pub(crate) fn provide(logs: &Path) -> Result<Self> {
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
        let database = start_database(state.path(), logs)?;
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

    pub(crate) fn auth_url(&self) -> String {
        format!("http://127.0.0.1:{}/v3", self.port)
    }

    /// A token for a user in a project.
    pub(crate) fn token(&self, user: &str, project: &str) -> Result<String> {
        let domain = serde_json::json!({"id": "default"});
        let user = serde_json::json!({"name": user, "domain": domain, "password": PASSWORD});
        let identity = serde_json::json!({"methods": ["password"], "password": {"user": user}});
        let scope = serde_json::json!({"project": {"name": project, "domain": domain}});
        let asked = serde_json::json!({"auth": {"identity": identity, "scope": scope}}).to_string();
        // Others may read a command line.
        let file = self.state.path().join("login.json");
        fs::write(&file, asked).map_err(|err| format!("{}: {err}", file.display()))?;
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", "--include", "--header", "Content-Type: application/json"]);
        command.args(["--data", &format!("@{}", file.display())]).arg(format!("{}/auth/tokens", self.auth_url()));
        let output = command.output().map_err(|err| format!("curl: {err}"))?;
        let head = String::from_utf8_lossy(&output.stdout);
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-subject-token").then(|| value.trim().to_owned())
        };
        let refused = || format!("Keystone gives no token: {}", String::from_utf8_lossy(&output.stderr));
        head.lines().find_map(header).ok_or_else(refused)
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

fn start_database(state: &Path, logs: &Path) -> Result<Database> {
    Database::start(DATABASE, Durability::Nothing, state, logs)
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
        let _database = start_database(state.path(), logs)?;
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
    let (database, folder) = (Database::url(DATABASE, state), state.display());
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
