//! A build of the whole workspace for one system, and what the suites get of it.

use super::{BLACK_BOX, SERVER, windows::Toolchain};
use crate::{
    Result,
    cargo::{Package, cargo, succeed},
    deb,
    dist::{self, FileNames},
    msi,
};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

pub(super) struct Build {
    /// Where it is laid out for the black-box suites.
    folder: PathBuf,
    /// Where cargo puts it.
    built: PathBuf,
    names: FileNames,
    /// What builds for another system than this.
    toolchain: Option<Toolchain>,
}

impl Build {
    pub(super) fn native(target: &Path) -> Self {
        Self { folder: target.into(), built: target.join("debug"), names: FileNames::NATIVE, toolchain: None }
    }

    /// In a target folder of its own: another compiler would throw away what the first one made.
    pub(super) fn windows(folder: &Path, toolchain: Toolchain) -> Self {
        let built = folder.join(Toolchain::TARGET).join("debug");
        Self { folder: folder.into(), built, names: FileNames::WINDOWS, toolchain: Some(toolchain) }
    }

    fn cargo(&self, args: &[&str]) -> Command {
        match &self.toolchain {
            Some(toolchain) => toolchain.cargo(args, &self.folder),
            None => cargo(args),
        }
    }

    /// Builds everything, and lays out the gateway and the fixtures.
    pub(super) fn make(&self, packages: &[Package]) -> Result<()> {
        let [(_, dist), (_, fixtures)] = self.environment();
        succeed(&mut self.cargo(&["build", "--workspace", "--all-targets"]))?;
        dist::lay_out(packages, self.names, &self.built, &dist)?;
        dist::plugins(packages, "tests/fixtures/", self.names, &self.built, &fixtures)?;
        dist::plugins(packages, "sdk/examples/", self.names, &self.built, &fixtures)
    }

    /// A Debian package of what was laid out.
    pub(super) fn deb(&self) -> Result<PathBuf> {
        let [(_, dist), _] = self.environment();
        // It is unpacked at once.
        deb::build(&dist, &self.folder.join("debian-dev"), "-Znone")
    }

    /// Installers of what was built, as two versions: what was just built, and a later one.
    pub(super) fn msi(&self, packages: &[Package]) -> Result<[(&'static str, PathBuf); 2]> {
        let (folder, layout) = (self.folder.join("msi-dev"), self.folder.join("msi-dev/layout"));
        dist::lay_out(packages, self.names, &self.built, &layout)?;
        // Symbols are four fifths of it.
        msi::strip(&layout)?;
        let later = "99.0.0";
        Ok([
            ("CASEMENT_MSI", msi::build(&layout, &folder, msi::VERSION)?),
            ("CASEMENT_MSI_NEWER", msi::build(&layout, &folder, later)?),
        ])
    }

    /// The tests inside the rooms and beside them: all but the black-box suites, and those with real servers.
    pub(super) fn unit(&self, packages: &[Package]) -> Command {
        let mut command = self.cargo(&["test", "--workspace", "--no-fail-fast", "--lib", "--bins", "--examples"]);
        for package in packages.iter().filter(|package| package.name != BLACK_BOX) {
            for target in package.targets.iter().filter(|target| target.is("test") && target.name != SERVER) {
                command.args(["--test", &target.name]);
            }
        }
        command
    }

    /// Where the black-box suites find what was laid out.
    pub(super) fn environment(&self) -> [(&'static str, PathBuf); 2] {
        [("CASEMENT_DIST", self.folder.join("dist-dev")), ("CASEMENT_FIXTURES", self.folder.join("fixtures"))]
    }
}
