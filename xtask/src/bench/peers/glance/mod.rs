//! Glance 33 from the package index, under uWSGI as its documentation says, with MariaDB and Keystone.

use super::{api::Api, row::Who};
use crate::bench::load::Bench;
use crate::{
    Result, answers,
    cargo::succeed,
    test::{self, Daemon, Database, Durability, Keystone, PASSWORD, REGION, free_ports},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

const REQUIREMENTS: &str = "xtask/src/bench/peers/glance/requirements.txt";
const DATABASE: &str = "glance";
/// With how many workers it is measured.
const WORKERS: [u8; 2] = [2, 4];

/// One database and one folder of images, and a server for each number of workers.
pub(super) struct Glance {
    // The order in which they end.
    _servers: Vec<Daemon>,
    _database: Database,
    apis: Vec<Api>,
}

impl Glance {
    pub(super) fn start(state: &Path, keystone: &Keystone, token: &str, bench: &Bench) -> Result<Self> {
        let programs = test::python(REQUIREMENTS)?;
        Database::create(state)?;
        let database = Database::start(DATABASE, Durability::Commits, state, state)?;
        configure(state, &programs, keystone)?;
        let mut manage = Command::new(programs.join("glance-manage"));
        manage.arg("--config-dir").arg(state.join("conf")).arg("db_sync").env("PYTHONWARNINGS", "ignore");
        succeed(&mut manage)?;
        let (mut servers, mut apis) = (Vec::new(), Vec::new());
        for (workers, name) in WORKERS.into_iter().zip(["glance-2", "glance-4"]) {
            let [port] = free_ports()?;
            let server = serve(name, state, &programs, workers, port)?;
            apis.push(Api {
                who: Who::Glance(workers),
                address: format!("127.0.0.1:{port}"),
                token: Some(token.to_owned()),
                process: server.id(),
                bench: bench.clone(),
            });
            servers.push(server);
        }
        Ok(Self { _servers: servers, _database: database, apis })
    }

    pub(super) fn apis(&self) -> &[Api] {
        &self.apis
    }
}

/// The settings of `httpd/glance-api-uwsgi.ini` in Glance's source.
fn serve(name: &'static str, state: &Path, programs: &Path, workers: u8, port: u16) -> Result<Daemon> {
    let address = format!("127.0.0.1:{port}");
    let mut server = Daemon::start(name, &programs.join("uwsgi"), state, |command| {
        command
            .args(["--http-socket", &address, "--module", "glance.wsgi.api:application"])
            .args([
                "--master",
                "--processes",
                &workers.to_string(),
                "--thunder-lock",
                "--lazy-apps",
                "--enable-threads",
            ])
            .args(["--http-auto-chunked", "--http-chunked-input", "--http-raw-body", "--socket-timeout", "10"])
            .args(["--buffer-size", "65535", "--add-header", "Connection: close"])
            .args(["--die-on-term", "--exit-on-reload", "--disable-logging"])
            .env("OS_GLANCE_CONFIG_DIR", state.join("conf"))
            .env("PYTHONWARNINGS", "ignore");
    })?;
    server.wait_for(|| answers(&address, "/", Duration::from_secs(60)))?;
    Ok(server)
}

fn configure(state: &Path, programs: &Path, keystone: &Keystone) -> Result<()> {
    let folder = state.display();
    let conf = state.join("conf");
    for made in ["conf", "files", "staging", "tasks", "log"].map(|name| state.join(name)) {
        fs::create_dir_all(&made).map_err(|err| format!("{}: {err}", made.display()))?;
    }
    let (url, database) = (keystone.auth_url(), Database::url(DATABASE, state));
    let text = format!(
        "[DEFAULT]\nlog_dir = {folder}/log\nenabled_backends = files:file\n\
         [glance_store]\ndefault_backend = files\n\
         [files]\nfilesystem_store_datadir = {folder}/files\n\
         [os_glance_staging_store]\nfilesystem_store_datadir = {folder}/staging\n\
         [os_glance_tasks_store]\nfilesystem_store_datadir = {folder}/tasks\n\
         [database]\nconnection = {database}\n\
         [keystone_authtoken]\nwww_authenticate_uri = {url}\nauth_url = {url}\nauth_type = password\n\
         username = glance\npassword = {PASSWORD}\nproject_name = service\nuser_domain_id = default\n\
         project_domain_id = default\nregion_name = {REGION}\n\
         [paste_deploy]\nflavor = keystone\n\
         [oslo_concurrency]\nlock_path = {folder}/lock\n"
    );
    let file = conf.join("glance-api.conf");
    fs::write(&file, text).map_err(|err| format!("{}: {err}", file.display()))?;
    // It comes with the package.
    let paste: PathBuf = programs.join("../etc/glance/glance-api-paste.ini");
    fs::copy(&paste, conf.join("glance-api-paste.ini")).map(drop).map_err(|err| format!("{}: {err}", paste.display()))
}
