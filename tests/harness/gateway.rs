use crate::{
    ADMIN, Builder, Caller, Client, Kept, Log, MEMBER, OTHER, READER, Raw, Runner, SERVICE, STRANGER, StoreFolder,
    eventually, system,
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::Duration,
};
use tempfile::TempDir;

const START: Duration = Duration::from_secs(30);

/// What outlives a gateway process: its configuration, catalog and stores.
#[derive(Debug)]
pub struct Site {
    pub(crate) folder: TempDir,
    pub(crate) config: PathBuf,
    pub(crate) dist: PathBuf,
    pub(crate) runner: Runner,
    pub(crate) with_tokens: bool,
    pub(crate) stores: Vec<(String, Box<dyn Kept>)>,
}

/// A command that ended by itself.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    /// Standard output and error, in this order.
    pub text: String,
}

impl Site {
    pub fn config(&self) -> &Path {
        &self.config
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    #[track_caller]
    pub fn store(&self, id: &str) -> &dyn Kept {
        self.stores.iter().find(|(name, _)| name == id).map(|(_, kept)| &**kept).unwrap()
    }

    fn command(&self) -> Command {
        let binary = self.runner.program(&self.dist);
        let hint = "build it with `cargo xtask dist`, or name another folder in CASEMENT_DIST";
        assert!(binary.is_file(), "{} is missing: {hint}", binary.display());
        let mut command = self.runner.command(&binary);
        command.stdin(Stdio::null()).env("CASEMENT_DIST", &self.dist);
        // Whoever looks for the processes of a gateway finds them by it.
        command.env("CASEMENT_SITE", self.folder());
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, verb: &str) -> Run {
        self.run_arguments(&[verb, "--config", &self.runner.path(&self.config)])
    }

    /// The binary with these arguments.
    #[track_caller]
    pub fn run_arguments(&self, arguments: &[&str]) -> Run {
        self.run_as(arguments, |command| command)
    }

    /// The same, in the hands of somebody else: `wrap` gets the command, and gives one that runs it.
    #[track_caller]
    pub fn run_as(&self, arguments: &[&str], wrap: impl FnOnce(Command) -> Command) -> Run {
        let mut command = self.command();
        command.args(arguments);
        let mut child = wrap(command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = Log::follow(child.stdout.take().unwrap());
        let errors = Log::follow(child.stderr.take().unwrap());
        let status = eventually(&format!("casement {arguments:?} ends"), || match child.try_wait().unwrap() {
            Some(status) => Ok(status),
            None => Err(errors.text()),
        });
        // Both streams end with the process; waiting for a line that never comes waits for the end.
        for log in [&output, &errors] {
            assert_eq!(log.wait_for("\0", Duration::from_secs(5)), None);
        }
        Run { code: status.code(), text: format!("{}\n{}", output.text(), errors.text()) }
    }
}

/// A running gateway. Killed when it goes out of scope; its log is shown when a test fails.
#[derive(Debug)]
pub struct Gateway {
    site: Arc<Site>,
    child: Child,
    log: Log,
    address: String,
}

impl Gateway {
    pub fn builder() -> Builder {
        Builder::new()
    }

    #[track_caller]
    pub fn start(site: Arc<Site>) -> Self {
        let mut gateway = Self::launch(site, "");
        assert!(gateway.listens(), "the gateway does not listen, its process: {:?}", gateway.child.try_wait());
        gateway
    }

    /// Starts it as somebody else would who runs services: `wrap` gets the command, and gives one that runs it.
    #[track_caller]
    pub fn start_as(site: Arc<Site>, wrap: impl FnOnce(Command) -> Command) -> Self {
        let mut gateway = Self::launch_as(site, "", wrap);
        assert!(gateway.listens(), "the gateway does not listen, its process: {:?}", gateway.child.try_wait());
        gateway
    }

    /// Starts it where its configuration has the log go to a file. What it says elsewhere comes with it.
    #[track_caller]
    pub fn start_with_log_file(site: Arc<Site>, file: &Path) -> (Self, Log) {
        let mut gateway = Self::launch(site, "");
        let errors = std::mem::take(&mut gateway.log);
        gateway.log = Log::follow_file(file, &errors);
        assert!(gateway.listens(), "the gateway does not listen: {errors:?}");
        (gateway, errors)
    }

    /// Starts it with orders to its failpoints (see `failpoints/`). What it wrote, when it died of them at once.
    #[track_caller]
    pub fn start_armed(site: Arc<Site>, failpoints: &str) -> Result<Self, Log> {
        let mut gateway = Self::launch(site, failpoints);
        if gateway.listens() {
            return Ok(gateway);
        }
        let log = gateway.log.clone();
        gateway.ended();
        Err(log)
    }

    /// Starts it, and ends it as a crash would after a while, whether it listens by then or not.
    pub fn start_and_kill(site: Arc<Site>, after: Duration) -> Arc<Site> {
        let gateway = Self::launch(site, "");
        // The moment is the caller's random input; nothing is waited for.
        thread::sleep(after);
        gateway.kill()
    }

    fn launch(site: Arc<Site>, failpoints: &str) -> Self {
        Self::launch_as(site, failpoints, |command| command)
    }

    fn launch_as(site: Arc<Site>, failpoints: &str, wrap: impl FnOnce(Command) -> Command) -> Self {
        let mut command = site.command();
        command.args(["serve", "--config", &site.runner.path(&site.config)]).env("CASEMENT_FAILPOINTS", failpoints);
        let mut command = wrap(command);
        system::prepare(&mut command);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::follow(child.stderr.take().unwrap());
        Self { site, child, log, address: String::new() }
    }

    /// Waits until it listens; `false` when it never will.
    fn listens(&mut self) -> bool {
        let line = self.log.wait_for("listening on ", START);
        let url = line.as_deref().and_then(url_in);
        let listens = url.is_some();
        self.address = url.and_then(|url| Some(url.split_once("://")?.1.to_owned())).unwrap_or_default();
        listens
    }

    /// The URLs of all addresses that it listens on, of which there must be so many.
    #[track_caller]
    pub fn urls<const N: usize>(&self) -> [String; N] {
        eventually("the gateway tells where it listens", || {
            let urls: Vec<_> = self.log.text().lines().filter_map(url_in).collect();
            <[String; N]>::try_from(urls).map_err(|urls| format!("{urls:?}"))
        })
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn log(&self) -> &Log {
        &self.log
    }

    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    #[track_caller]
    pub fn store(&self, id: &str) -> &dyn Kept {
        self.site.store(id)
    }

    /// Where a store on the filesystem plugin keeps its data.
    #[track_caller]
    pub fn folder(&self, id: &str) -> &StoreFolder {
        self.store(id).folder().unwrap()
    }

    /// Ends the process as a crash would.
    pub fn kill(mut self) -> Arc<Site> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.site.clone()
    }

    /// The same data under a new process.
    #[track_caller]
    pub fn crash_and_restart(self) -> Self {
        Self::start(self.kill())
    }

    /// Asks it to stop, and gives the exit code.
    #[track_caller]
    pub fn terminate(self) -> (Option<i32>, Arc<Site>) {
        self.order_to_stop();
        self.ended()
    }

    /// Asks it to stop, and comes back when it has heard.
    #[track_caller]
    pub fn order_to_stop(&self) {
        system::order_to_stop(self.child.id(), self.site.runner);
        assert!(self.log.wait_for("no new requests", START).is_some(), "{}", self.log.text());
    }

    /// Waits for its end, and gives the exit code.
    #[track_caller]
    pub fn ended(mut self) -> (Option<i32>, Arc<Site>) {
        let status = eventually("the gateway stops", || self.child.try_wait().unwrap().ok_or_else(|| self.log.text()));
        (status.code(), self.site.clone())
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Another command on its configuration, while it runs.
    #[track_caller]
    pub fn command(&self, arguments: &[&str]) -> Run {
        let config = self.site.runner.path(&self.site.config);
        self.site.run_arguments(&[arguments, &["--config", &config]].concat())
    }

    /// Peak resident memory since the start or, where the system can do that, the last reset; in bytes.
    pub fn peak_memory(&self) -> u64 {
        system::peak_memory(self.child.id())
    }

    /// Resident memory now, in bytes.
    pub fn memory(&self) -> u64 {
        system::memory(self.child.id())
    }

    pub fn reset_peak_memory(&self) {
        system::reset_peak_memory(self.child.id());
    }

    pub fn client(&self, caller: &Caller) -> Client {
        Client::new(format!("http://{}", self.address), self.site.with_tokens.then_some(caller.token))
    }

    /// Somebody with a token from elsewhere.
    pub fn bearer(&self, token: &str) -> Client {
        Client::new(format!("http://{}", self.address), Some(token))
    }

    /// Somebody without a token.
    pub fn nobody(&self) -> Client {
        Client::new(format!("http://{}", self.address), None)
    }

    pub fn member(&self) -> Client {
        self.client(&MEMBER)
    }

    pub fn other(&self) -> Client {
        self.client(&OTHER)
    }

    pub fn stranger(&self) -> Client {
        self.client(&STRANGER)
    }

    pub fn reader(&self) -> Client {
        self.client(&READER)
    }

    pub fn admin(&self) -> Client {
        self.client(&ADMIN)
    }

    pub fn service(&self) -> Client {
        self.client(&SERVICE)
    }

    /// Whoever looks at the admin address.
    #[track_caller]
    pub fn watcher(&self) -> Client {
        const BEFORE: &str = "the admin address is ";
        let line = self.log.wait_for(BEFORE, START).unwrap();
        let (_, base) = line.split_once(BEFORE).unwrap();
        Client::new(base.to_owned(), None)
    }

    /// A bare connection, with the member's token for the heads it makes.
    pub fn raw(&self) -> Raw {
        Raw::connect(&self.address, self.site.with_tokens.then_some(MEMBER.token))
    }

    /// Every image there is, by id.
    #[track_caller]
    pub fn images(&self) -> BTreeMap<String, Value> {
        let admin = self.admin();
        ["/v2/images?visibility=all&limit=1000", "/v2/images?visibility=all&limit=1000&os_hidden=true"]
            .iter()
            .flat_map(|path| admin.walk(path))
            .map(|image| (image["id"].as_str().unwrap().to_owned(), image))
            .collect()
    }

    /// Holds that no image is in between, that the stores have exactly the data of the images that say so, and
    /// that nothing is staged. Waits for what runs in the background to end.
    #[track_caller]
    pub fn assert_settled(&self) {
        eventually("every image is settled and no byte is orphaned", || match self.unsettled().as_slice() {
            [] => Ok(()),
            findings => Err(findings.join("\n")),
        });
    }

    /// What [`Gateway::assert_settled`] would complain about now.
    pub fn unsettled(&self) -> Vec<String> {
        let images = self.images();
        let mut findings = Vec::new();
        for (id, image) in &images {
            let status = image["status"].as_str().unwrap();
            if !matches!(status, "queued" | "active" | "deactivated") {
                findings.push(format!("image {id} is {status}"));
            }
        }
        for (store, kept) in &self.site.stores {
            let mut objects = kept.objects();
            for (id, image) in images.iter().filter(|(_, image)| is_in(image, store)) {
                match (objects.remove(id), image["size"].as_u64()) {
                    (Some(there), Some(size)) if there == size => {}
                    (there, size) => findings.push(format!("image {id} has size {size:?}, in store {store} {there:?}")),
                }
            }
            findings.extend(objects.into_keys().map(|name| format!("orphan {name} in store {store}")));
            findings.extend(kept.staged().into_iter().map(|name| format!("staged {name} in store {store}")));
        }
        findings
    }
}

/// Whether the image says of itself that `store` has its data.
fn is_in(image: &Value, store: &str) -> bool {
    image["stores"].as_str().is_some_and(|stores| stores.split(',').any(|id| id == store))
}

/// Where a gateway listens on every address of the machine, loopback is one of them.
pub(crate) fn url_in(line: &str) -> Option<String> {
    let (_, after) = line.split_once("listening on ")?;
    let url = after.split(|c: char| c.is_whitespace() || c == '"').next()?.trim_end_matches('/');
    Some(url.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:"))
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Some tests are about a gateway that has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("--- log of the gateway in {}\n{}", self.site.folder().display(), self.log.text());
        }
    }
}
