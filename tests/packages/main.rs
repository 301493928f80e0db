//! What is installed on Linux, and what runs it there: the Debian package, systemd's unit, its protocols.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

mod activation;
mod command_line;
mod commands;
mod install;
mod journal;
mod notify;
mod package;
mod unit;

use casement_tests::run_by;
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

/// Runs it to its end, and wants success.
#[track_caller]
fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{text}");
    text
}

/// The sources.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A command that is started by this script of a shell; its words are the script's `$@`.
fn wrapped(script: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).stdin(Stdio::null());
    run_by(shell, command)
}
