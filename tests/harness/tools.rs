//! What the machine offers to a test: the built gateway, fixtures, foreign programs.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// The folder with `bin/` and `plugins/`, as `cargo xtask dist` lays it out.
pub fn dist() -> PathBuf {
    env::var_os("CASEMENT_DIST")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/dist"), PathBuf::from)
}

/// The folder with the misbehaving plugins, when they were built.
pub fn fixtures() -> Option<PathBuf> {
    env::var_os("CASEMENT_FIXTURES").map(PathBuf::from).filter(|folder| folder.is_dir())
}

/// The bin folder of the Python environment that holds `glance` and `openstack`.
pub fn client_tools() -> Option<PathBuf> {
    env::var_os("CASEMENT_CLIENTS").map(PathBuf::from).filter(|folder| folder.is_dir())
}

/// The folder with the namespaces of metadata definitions that come with Glance.
pub fn metadefs() -> Option<PathBuf> {
    env::var_os("CASEMENT_METADEFS").map(PathBuf::from).filter(|folder| folder.is_dir())
}

/// The Debian package of what was laid out.
pub fn deb() -> Option<PathBuf> {
    env::var_os("CASEMENT_DEB").map(PathBuf::from).filter(|file| file.is_file())
}

/// Whether `name` can be run from the search path.
pub fn have_tool(name: &str) -> bool {
    env::split_paths(&env::var_os("PATH").unwrap_or_default()).any(|folder| folder.join(name).is_file())
}

/// The same command, run by another one, which gets its words as the last of its own.
pub fn run_by(mut runner: Command, command: &Command) -> Command {
    runner.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => runner.env(name, value),
            None => runner.env_remove(name),
        };
    }
    runner
}

/// Says that a test was not run, and why; never silent. The file named by CASEMENT_SKIPS collects these
/// lines, so that whoever runs the suites sees what they did not hold.
pub fn skip(name: &str, reason: &str) {
    eprintln!("SKIP {name}: {reason}");
    if let Some(path) = env::var_os("CASEMENT_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        // In one piece: other tests write at the same time.
        file.write_all(format!("SKIP {name}: {reason}\n").as_bytes()).unwrap();
    }
}
