//! The kit for third parties: `casement plugin new` makes a backend that builds and passes the suite at once, in Rust and
//! in C, with every compiler on this machine.

use casement_tests::{Runner, dist, have_tool, skip};
use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

const NAME: &str = "my-store";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
    text(&output)
}

/// A new backend in a folder of its own, which goes with the first value.
fn made(arguments: &[&str]) -> (TempDir, PathBuf) {
    let above = tempfile::tempdir().unwrap();
    let (folder, runner) = (above.path().join("new"), Runner::chosen());
    let mut command = runner.tool("casement");
    succeed(command.args(["plugin", "new", NAME, "--dir", &runner.path(&folder)]).args(arguments));
    (above, folder)
}

fn made_in_rust() -> (TempDir, PathBuf) {
    let (above, folder) = made(&["--sdk", &Runner::chosen().path(&root().join("sdk"))]);
    // The versions that this machine has; nothing is asked of a registry.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    (above, folder)
}

/// A command of cargo on a new backend, kept apart from the cargo that runs us.
fn cargo(mut command: Command, folder: &Path, verb: &str, compiler: &str) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kit").join(compiler.replace([' ', '(', ')'], "-"));
    command.args([verb, "--offline", "--quiet"]).current_dir(folder).env("CARGO_TARGET_DIR", &target);
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTFLAGS"] {
        command.env_remove(variable);
    }
    command
}

/// Builds a new backend, and gives its file.
fn built(command: Command, folder: &Path, compiler: &str) -> PathBuf {
    let mut command = cargo(command, folder, "build", compiler);
    succeed(&mut command);
    let target = command.get_envs().find(|(name, _)| *name == "CARGO_TARGET_DIR").and_then(|(_, value)| value).unwrap();
    let file = format!("{}casement_my_store{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    Path::new(target).join("debug").join(file)
}

/// Runs the whole suite, and gives its last line.
#[track_caller]
fn conforms(plugin: &Path, config: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (runner, file) = (Runner::chosen(), folder.path().join("store.toml"));
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(&file, config.replace("ROOT", &runner.path(&root))).unwrap();
    let mut command = runner.tool("casement-conformance");
    command.arg(runner.path(plugin)).args(["--config", &runner.path(&file)]).args(arguments);
    let told = succeed(&mut command);
    told.lines().last().unwrap_or_default().to_owned()
}

/// Whether there is something to build a backend in Rust with, for the system that the gateway runs on.
fn can_build(test: &str) -> bool {
    let can = Runner::chosen() == Runner::Native;
    if !can {
        skip(test, "cargo does not run under Wine");
    }
    can
}

fn rustc(toolchain: &str) -> Option<String> {
    let run = Command::new("rustup").args(["run", toolchain, "rustc", "--version"]).output().ok()?;
    run.status.success().then(|| String::from_utf8_lossy(&run.stdout).trim().to_owned())
}

/// The toolchains of this machine, by what their compilers call themselves: two names may stand for one.
fn toolchains() -> BTreeMap<String, String> {
    let Ok(listed) = Command::new("rustup").args(["toolchain", "list"]).output() else { return BTreeMap::new() };
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let names = listed.lines().filter_map(|line| line.split_whitespace().next());
    names.filter_map(|name| Some((rustc(name)?, name.to_owned()))).collect()
}

#[test]
fn a_new_backend_in_rust_builds_and_passes() {
    if !can_build("plugins::kit::a_new_backend_in_rust_builds_and_passes") {
        return;
    }
    let (_above, folder) = made_in_rust();
    let plugin = built(Command::new(env!("CARGO")), &folder, "ours");
    let last = conforms(&plugin, "root = 'ROOT'", &[]);
    assert!(last.starts_with("my-store 0.1.0: ") && last.contains(" 0 failed"), "{last}");
    if env::var_os("CASEMENT_LONG").is_some() {
        succeed(&mut cargo(Command::new(env!("CARGO")), &folder, "test", "ours"));
    }
}

#[test]
fn backends_of_every_other_compiler_pass() {
    let test = "plugins::kit::backends_of_every_other_compiler_pass";
    if !can_build(test) {
        return;
    }
    let ours = succeed(Command::new("rustc").arg("--version")).trim().to_owned();
    let others: Vec<_> = toolchains().into_iter().filter(|(compiler, _)| *compiler != ours).collect();
    if others.is_empty() {
        return skip(test, &format!("there is no compiler beside {ours}"));
    }
    let (_above, folder) = made_in_rust();
    for (compiler, toolchain) in others {
        let mut rustup = Command::new("rustup");
        rustup.args(["run", &toolchain, "cargo"]);
        let plugin = built(rustup, &folder, &toolchain);
        let mut inspect = Runner::chosen().tool("casement");
        let told = succeed(inspect.args(["plugin", "inspect"]).arg(&plugin));
        assert!(told.contains(&compiler) && told.contains("layout      checked"), "{told}");
        let last = conforms(&plugin, "root = 'ROOT'", &[]);
        assert!(last.contains(" 0 failed"), "{compiler}: {last}");
    }
}

#[test]
fn a_new_backend_in_c_builds_and_passes() {
    let test = "plugins::kit::a_new_backend_in_c_builds_and_passes";
    let runner = Runner::chosen();
    let (_above, folder) = made(&["--language", "c"]);
    let mut compiler = runner.c_library_compiler();
    if !have_tool(&compiler.get_program().to_string_lossy()) {
        return skip(test, &format!("{compiler:?} is not installed"));
    }
    let plugin = folder.join(format!("casement_my_store{}", runner.dll_suffix()));
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror"]).arg(folder.join("backend.c")).arg("-o").arg(&plugin);
    succeed(&mut compiler);
    let last = conforms(&plugin, "", &["--c-abi"]);
    assert!(last.starts_with("my-store 0.1.0: ") && last.contains(" 0 failed"), "{last}");
}

#[test]
fn the_filesystem_backend_passes_as_a_file() {
    let plugin = dist().join("plugins").join(format!("casement_filesystem{}", Runner::chosen().dll_suffix()));
    let last = conforms(&plugin, "root = 'ROOT'", &[]);
    assert!(last.contains(" 0 failed"), "{last}");
}

#[test]
fn nobodys_work_is_overwritten_and_no_name_is_guessed() {
    let runner = Runner::chosen();
    let (_above, folder) = made(&["--language", "c"]);
    fs::write(folder.join("backend.c"), "mine").unwrap();
    let path = runner.path(&folder);
    for (arguments, says) in [
        (vec!["plugin", "new", NAME, "--language", "c", "--dir", &path], "cannot be made"),
        (vec!["plugin", "new", "My Store", "--language", "c"], "cannot be a backend's name"),
        (vec!["plugin", "new", NAME], "--sdk"),
    ] {
        let output = runner.tool("casement").args(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", text(&output));
        assert!(text(&output).contains(says), "{arguments:?}: {}", text(&output));
    }
    assert_eq!(fs::read_to_string(folder.join("backend.c")).unwrap(), "mine");
}
