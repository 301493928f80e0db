//! `cargo xtask test windows`: the workspace built for Windows, and run under Wine.
//!
//! Unit tests run under Wine as they stand. Of the black-box suites the tests run here, and the gateway that they start
//! and talk to is `casement.exe`. On Windows itself nothing of this is needed: there, those are the ordinary suites.

mod toolchain;
mod wine;

use super::{API, TWO_WORKERS, WINDOWS, WORKERS, black_box, build::Build, tally::Tally};
use crate::{
    Result,
    cargo::{Package, succeed},
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};
pub(super) use toolchain::Toolchain;
use wine::Wine;

/// The black-box suites that meet what is another thing on Windows: files, plugins, sockets, processes and their ends.
const SUITES: [&str; 7] = [WINDOWS, "bad_input", "plugins", "reload", "crash", WORKERS, API];

pub(super) struct Windows {
    build: Build,
    wine: Wine,
}

/// `cargo build --release` for Windows, into the folder that it gives.
pub(super) fn release(target: &Path) -> Result<PathBuf> {
    let folder = target.join("windows");
    let mut build = Toolchain::provide(&folder)?.cargo(&["build", "--release"], &folder);
    // The standard library that was built for it has no bitcode.
    succeed(build.env("CARGO_PROFILE_RELEASE_LTO", "false"))?;
    Ok(folder.join(Toolchain::TARGET).join("release"))
}

impl Windows {
    pub(super) fn provide(target: &Path) -> Result<Self> {
        let folder = target.join("windows");
        let toolchain = Toolchain::provide(&folder)?;
        let wine = Wine::start(&toolchain.prefix(), &folder.join("prefix"))?;
        Ok(Self { build: Build::windows(&folder, toolchain), wine })
    }

    pub(super) fn run(self, packages: &[Package], long: bool, tally: &mut Tally) {
        if !tally.step("windows build", self.build.make(packages)) {
            return;
        }
        let mut unit = self.build.unit(packages);
        unit.envs(self.build.environment());
        // These are about the sources, and ask cargo, which does not run under Wine.
        unit.args(["--", "--skip", "house::", "--skip", "the_installer_has_every_plugin"]);
        tally.tests("windows unit", &mut self.wine.runs(&mut unit));
        for suite in SUITES {
            let mut command = self.black_box(suite, long);
            if suite == WINDOWS {
                match self.build.msi(packages) {
                    Ok(msi) => _ = command.envs(msi),
                    Err(text) => println!("The tests of the installer will be skipped: {text}"),
                }
            }
            tally.tests(&format!("windows {suite}"), &mut command);
        }
        let mut with_workers = self.black_box(API, long);
        tally.tests("windows api with workers", with_workers.envs([TWO_WORKERS]));
    }

    fn black_box(&self, suite: &str, long: bool) -> Command {
        let mut command = black_box(suite, long);
        command.env("CASEMENT_RUNNER", "wine").envs(self.build.environment());
        self.wine.runs(&mut command)
    }
}
