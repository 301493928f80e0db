//! Calls to cargo, and what it knows of the workspace.

use crate::Result;
use serde_json::Value;
use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// `cargo <args>` in the root of the workspace, with the cargo that runs us.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args).current_dir(root());
    // What cargo says of the package that it runs, us, has build scripts run again, as that of `ring` does.
    let of_us = |name: &str| ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|start| name.starts_with(start));
    for (name, _) in env::vars_os().filter(|(name, _)| of_us(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command
}

/// Runs a command to its end and wants success.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = show(command);
    println!("$ {shown}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` failed ({status})")),
        Err(err) => Err(format!("`{shown}` cannot be run: {err}")),
    }
}

pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A package of the workspace.
#[derive(Debug)]
pub(crate) struct Package {
    pub name: String,
    /// Its folder, relative to the root, with `/`.
    pub room: String,
    pub targets: Vec<Target>,
    /// Only the tests of this crate look at them.
    #[cfg_attr(not(test), expect(dead_code))]
    pub dependencies: Vec<Dependency>,
}

#[derive(Debug)]
pub(crate) struct Target {
    pub name: String,
    /// `lib`, `cdylib`, `bin`, `test`, `example`, …
    pub kinds: Vec<String>,
    pub crate_types: Vec<String>,
}

#[derive(Debug)]
#[cfg_attr(not(test), expect(dead_code))]
pub(crate) struct Dependency {
    pub name: String,
    /// Needed by tests only.
    pub dev: bool,
}

/// The packages of the workspace, and cargo's target folder.
pub(crate) fn workspace() -> Result<(Vec<Package>, PathBuf)> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|err| format!("cargo cannot be run: {err}"))?;
    let metadata: Value =
        serde_json::from_slice(&output.stdout).map_err(|err| format!("`cargo metadata` gave no JSON: {err}"))?;
    let packages = list(&metadata["packages"]).map(package).collect();
    Ok((packages, text(&metadata["target_directory"]).into()))
}

fn package(value: &Value) -> Package {
    let manifest = PathBuf::from(text(&value["manifest_path"]));
    let folder = manifest.parent().unwrap_or(&manifest);
    let room = folder.strip_prefix(root()).unwrap_or(folder);
    Package {
        name: text(&value["name"]),
        room: room.to_string_lossy().replace('\\', "/"),
        targets: list(&value["targets"]).map(target).collect(),
        dependencies: list(&value["dependencies"])
            .map(|value| Dependency { name: text(&value["name"]), dev: value["kind"] == "dev" })
            .collect(),
    }
}

fn target(value: &Value) -> Target {
    Target {
        name: text(&value["name"]),
        kinds: list(&value["kind"]).map(text).collect(),
        crate_types: list(&value["crate_types"]).map(text).collect(),
    }
}

impl Package {
    pub(crate) fn has_test(&self, name: &str) -> bool {
        self.targets.iter().any(|target| target.is("test") && target.name == name)
    }
}

impl Target {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kinds.iter().any(|own| own == kind)
    }

    /// Whether it makes a file that a gateway can load.
    pub(crate) fn is_plugin(&self) -> bool {
        self.crate_types.iter().any(|own| own == "cdylib")
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
