//! Processes, on Windows.

use casement_tests::{Gateway, Runner};
use std::process::Command;

/// The workers of a gateway.
pub(crate) fn processes(gateway: &Gateway) -> Vec<u32> {
    let filter = format!("ParentProcessId = {} AND Name = 'casement.exe'", gateway.id());
    let script = format!("Get-CimInstance Win32_Process -Filter \"{filter}\" | ForEach-Object ProcessId");
    let mut command = Command::new("powershell.exe");
    let run = command.args(["-NoProfile", "-NonInteractive", "-Command", &script]).output().unwrap();
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap().split_whitespace().map(|id| id.parse().unwrap()).collect()
}

pub(crate) fn is_there(id: u32) -> bool {
    let run = Command::new("tasklist").args(["/NH", "/FI", &format!("PID eq {id}")]).output().unwrap();
    String::from_utf8_lossy(&run.stdout).split_whitespace().any(|word| word == id.to_string())
}

/// Ends a process of the gateway's system.
#[track_caller]
pub(crate) fn end_process(id: u32, _system: Runner) {
    let run = Command::new("taskkill").args(["/F", "/PID", &id.to_string()]).output().unwrap();
    assert!(run.status.success(), "{run:?}");
}
