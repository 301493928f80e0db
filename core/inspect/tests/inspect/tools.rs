//! The real tools, where the machine has them.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// Whether `name` can be run from the search path. If not, says that `test` was not run, also in the file that
/// collects such lines.
pub(crate) fn have(name: &str, test: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return true;
    }
    let line = format!("SKIP {test}: {name} is not installed\n");
    eprint!("{line}");
    if let Some(path) = env::var_os("CASEMENT_SKIPS") {
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        // In one piece: other tests write at the same time.
        file.write_all(line.as_bytes()).unwrap();
    }
    false
}

/// Runs a tool in a folder and returns what it prints.
pub(crate) fn run(folder: &Path, tool: &str, arguments: &[&str], input: &str) -> Vec<u8> {
    let mut command = Command::new(tool);
    command.args(arguments).current_dir(folder).env("LC_ALL", "C");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{tool} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}
