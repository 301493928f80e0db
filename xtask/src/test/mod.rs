//! `cargo xtask test`: everything that must hold, with its own set-up.
//!
//! Two cores must do. So there is one build, of the dev profile, for the unit tests and for the gateway that the black-box
//! suites start, and every call of cargo names the whole workspace: with the same packages come the same features, and
//! nothing is built twice. It also keeps overflow checks and debug assertions on under the black-box suites. What
//! would be slow without optimization, the digests, is optimized in the dev profile.

mod build;
mod cache;
mod daemon;
mod database;
mod keystone;
mod metadefs;
mod oldest;
mod peers;
mod python;
mod sanitizer;
mod system;
mod tally;
mod windows;

use crate::{
    Result,
    cargo::{Package, cargo, root, succeed, workspace},
};
use build::Build;
use std::{
    path::{Path, PathBuf},
    process::Command,
};
use tally::Tally;
use windows::Windows;

pub(crate) use daemon::{Daemon, free_ports};
pub(crate) use database::{Database, Durability};
pub(crate) use keystone::{Keystone, PASSWORD, REGION};
pub(crate) use peers::Peers;
pub(crate) use python::environment as python;
pub(crate) use system::provide_for_benchmarks;

/// The package whose test targets are the black-box suites.
const BLACK_BOX: &str = "casement-tests";

/// The suite about what only a gateway on Windows has; elsewhere it runs under Wine.
const WINDOWS: &str = "windows";

/// The suites that talk to a real Keystone, which takes some seconds to start.
const WITH_KEYSTONE: [&str; 3] = ["keystone", STORES, TEMPEST];

/// The suite about what stores keep their data on, with real servers of it.
const STORES: &str = "stores";

/// The suite about the API; it is run with several processes too.
const API: &str = "api";
const TWO_WORKERS: (&str, &str) = ("CASEMENT__SERVER__WORKERS", "2");

/// The servers on which its tests of data are run too, and those tests.
const DEFAULT_STORES: [&str; 2] = ["s3", "swift"];
const OF_DATA: [&str; 6] = ["actions::", "data::", "delete::", "locations::", "quotas::", "ranges::"];

/// The test targets of plugins that talk to the same servers. They belong to that suite.
const SERVER: &str = "server";

/// The suite that loads plugins of every compiler there is.
const PLUGINS: &str = "plugins";

/// The suite about what is installed on Linux.
const PACKAGES: &str = "packages";

/// The suite about several processes that are one service.
const WORKERS: &str = "workers";

/// The suite that is Tempest's.
const TEMPEST: &str = "tempest";

pub(crate) fn all() -> Result<()> {
    let mut session = Session::new()?;
    session.check("fmt", &mut fmt());
    session.check("clippy", &mut clippy());
    if session.build() {
        session.unit();
        session.doc();
        for suite in session.black_box_suites() {
            session.black_box(&suite);
        }
        session.sanitizer();
        session.windows();
    }
    session.tally.close()
}

/// One suite; a `long` run tries more of what is random, or takes long.
pub(crate) fn one(suite: &str, long: bool) -> Result<()> {
    let mut session = Session { long, ..Session::new()? };
    match suite {
        "fmt" => session.check(suite, &mut fmt()),
        "clippy" => session.check(suite, &mut clippy()),
        "unit" => session.unit(),
        "doc" => session.doc(),
        "sanitizer" => session.sanitizer(),
        WINDOWS if !on_windows() => {
            if session.build() {
                session.windows();
            }
        }
        _ if session.black_box_suites().iter().any(|known| known == suite) => {
            if session.build() {
                session.black_box(suite);
            }
        }
        _ => {
            let known = session.black_box_suites().join(", ");
            return Err(format!("no suite `{suite}`; there are fmt, clippy, unit, doc, sanitizer, windows, {known}"));
        }
    }
    session.tally.close()
}

/// The Keystone alone, until somebody presses Enter.
pub(crate) fn keystone() -> Result<()> {
    system::provide();
    let (_, target) = workspace()?;
    let keystone = Keystone::provide(&target.join("keystone"))?;
    println!("CASEMENT_KEYSTONE={}\nEnter stops it.", keystone.description().display());
    std::io::stdin().read_line(&mut String::new()).map(drop).map_err(|err| err.to_string())
}

/// The servers alone, until somebody presses Enter.
pub(crate) fn peers() -> Result<()> {
    system::provide();
    let (_, target) = workspace()?;
    let keystone = Keystone::provide(&target.join("keystone")).inspect_err(|text| println!("No Keystone: {text}")).ok();
    let peers = Peers::provide(&target.join("peers"), keystone.as_ref())?;
    if let Some(keystone) = &keystone {
        println!("CASEMENT_KEYSTONE={}", keystone.description().display());
    }
    println!("CASEMENT_PEERS={}\nEnter stops them.", peers.description().display());
    std::io::stdin().read_line(&mut String::new()).map(drop).map_err(|err| err.to_string())
}

/// Builds a release for Windows where this is none; where it is then.
pub(crate) fn release_for_windows(target: &Path) -> Result<PathBuf> {
    system::provide_for_windows()?;
    windows::release(target)
}

fn fmt() -> Command {
    cargo(&["fmt", "--all", "--check"])
}

fn clippy() -> Command {
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])
}

/// A black-box suite, without what it needs to find.
fn black_box(suite: &str, long: bool) -> Command {
    let mut command = cargo(&["test", "--workspace", "--no-fail-fast", "--test", suite]);
    if long {
        command.env("CASEMENT_LONG", "1");
    }
    command
}

fn on_windows() -> bool {
    std::env::consts::OS == "windows"
}

struct Session {
    packages: Vec<Package>,
    target: PathBuf,
    native: Build,
    /// Made when the first suite asks for it.
    environment: Option<Vec<(&'static str, PathBuf)>>,
    /// The same, and nothing if they could not be started. The Keystone ends after those who ask it.
    peers: Option<Option<Peers>>,
    keystone: Option<Option<Keystone>>,
    long: bool,
    tally: Tally,
}

impl Session {
    fn new() -> Result<Self> {
        let (packages, target) = workspace()?;
        let tally = Tally::new(target.join("skips.txt"))?;
        let native = Build::native(&target);
        Ok(Self { packages, target, native, environment: None, peers: None, keystone: None, long: false, tally })
    }

    fn check(&mut self, name: &str, command: &mut Command) {
        let done = succeed(command);
        self.tally.step(name, done);
    }

    /// Builds everything, and lays out the gateway and the fixtures for the black-box suites.
    fn build(&mut self) -> bool {
        system::provide();
        let done = self.native.make(&self.packages);
        self.tally.step("build", done)
    }

    /// The tests inside the rooms and beside them: all but the black-box suites.
    fn unit(&mut self) {
        system::provide();
        self.tally.tests("unit", &mut self.native.unit(&self.packages));
    }

    fn doc(&mut self) {
        self.tally.tests("doc", &mut cargo(&["test", "--workspace", "--no-fail-fast", "--doc"]));
    }

    fn black_box_suites(&self) -> Vec<String> {
        let own = self.packages.iter().filter(|package| package.name == BLACK_BOX);
        let targets = own.flat_map(|package| &package.targets);
        let suites = targets.filter(|target| target.is("test")).map(|target| target.name.clone());
        suites.filter(|suite| suite != WINDOWS || on_windows()).collect()
    }

    fn black_box(&mut self, suite: &str) {
        if suite == PLUGINS {
            oldest::provide();
        }
        let mut command = black_box(suite, self.long);
        command.envs(self.environment().iter().map(|(name, value)| (*name, value)));
        if WITH_KEYSTONE.contains(&suite) {
            command.envs(self.keystone().map(|keystone| ("CASEMENT_KEYSTONE", keystone.description())));
        }
        if suite == STORES {
            command.envs(self.peers().map(|peers| ("CASEMENT_PEERS", peers.description())));
            if self.packages.iter().any(|package| package.has_test(SERVER)) {
                command.args(["--test", SERVER]);
            }
        }
        if suite == PACKAGES {
            match self.native.deb() {
                Ok(package) => _ = command.env("CASEMENT_DEB", package),
                Err(text) => println!("The tests of the Debian package will be skipped: {text}"),
            }
        }
        if suite == TEMPEST {
            match python::environment("tests/tempest/requirements.txt") {
                Ok(programs) => _ = command.env("CASEMENT_TEMPEST", programs),
                Err(text) => println!("Tempest will be skipped: {text}"),
            }
        }
        self.tally.tests(suite, &mut command);
        if suite == STORES {
            DEFAULT_STORES.into_iter().for_each(|store| self.api_on(store));
        }
        if suite == WORKERS && !on_windows() {
            self.api_with_workers();
        }
    }

    /// The whole API, where several processes serve it.
    fn api_with_workers(&mut self) {
        let mut command = black_box(API, self.long);
        command.envs(self.environment().iter().map(|(name, value)| (*name, value)));
        self.tally.tests("api with workers", command.envs([TWO_WORKERS]));
    }

    /// What the API says of data, where the default store is on one of the servers.
    fn api_on(&mut self, store: &str) {
        let name = format!("api on {store}");
        let Some(description) = self.peers().filter(|peers| peers.have(store)).map(Peers::description) else {
            return self.tally.skip(&name, "there is no such server");
        };
        let mut command = black_box(API, self.long);
        command.envs(self.environment().iter().map(|(name, value)| (*name, value)));
        command.env("CASEMENT_PEERS", description).env("CASEMENT_DEFAULT_STORE", store).arg("--").args(OF_DATA);
        self.tally.tests(&name, &mut command);
    }

    fn environment(&mut self) -> &[(&'static str, PathBuf)] {
        let native = &self.native;
        self.environment.get_or_insert_with(|| {
            let mut environment = native.environment().to_vec();
            match python::environment("tests/clients/requirements.txt") {
                Ok(programs) => environment.push(("CASEMENT_CLIENTS", programs)),
                Err(text) => println!("The tests with foreign clients will be skipped: {text}"),
            }
            match metadefs::folder() {
                Ok(folder) => environment.push(("CASEMENT_METADEFS", folder)),
                Err(text) => println!("The test with the namespaces that come with Glance will be skipped: {text}"),
            }
            environment
        })
    }

    /// Nothing if there can be none.
    fn keystone(&mut self) -> Option<&Keystone> {
        let logs = self.target.join("keystone");
        let keystone = self.keystone.get_or_insert_with(|| {
            let keystone = Keystone::provide(&logs);
            keystone.inspect_err(|text| println!("The tests with a real Keystone will be skipped: {text}")).ok()
        });
        keystone.as_ref()
    }

    fn peers(&mut self) -> Option<&Peers> {
        if self.peers.is_none() {
            let logs = self.target.join("peers");
            let peers = Peers::provide(&logs, self.keystone());
            let peers = peers.inspect_err(|text| println!("The tests with real servers will be skipped: {text}")).ok();
            self.peers = Some(peers);
        }
        self.peers.as_ref()?.as_ref()
    }

    fn sanitizer(&mut self) {
        match sanitizer::command(&self.packages) {
            Ok(mut command) => self.tally.tests("sanitizer", command.current_dir(root())),
            Err(reason) => self.tally.skip("sanitizer", &reason),
        }
    }

    /// Everything that is run of a build for Windows, where this is none.
    fn windows(&mut self) {
        if let Err(reason) = system::provide_for_windows() {
            return self.tally.skip(WINDOWS, &reason);
        }
        match Windows::provide(&self.target) {
            Ok(windows) => windows.run(&self.packages, self.long, &mut self.tally),
            Err(text) => _ = self.tally.step(WINDOWS, Err(text)),
        }
    }
}
