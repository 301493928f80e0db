//! What Windows tells of a process, and how it is told to stop. PowerShell asks: it is on every Windows, and
//! needs no foreign function here.

use crate::Runner;
use std::{
    os::windows::process::CommandExt,
    process::{Command, Stdio},
};

/// `CREATE_NEW_PROCESS_GROUP`: a Ctrl-Break can be sent to a group only, and must not reach the tests.
const NEW_PROCESS_GROUP: u32 = 0x200;

pub(crate) fn prepare(command: &mut Command) {
    command.creation_flags(NEW_PROCESS_GROUP);
}

/// Sends what tells a gateway to stop: Ctrl-Break, because a Ctrl-C can't be sent to another group.
pub(crate) fn order_to_stop(pid: u32, _runner: Runner) {
    let import = "[DllImport(\"kernel32.dll\")] public static extern bool GenerateConsoleCtrlEvent(uint e, uint g);";
    let script = format!(
        "$console = Add-Type -Name Console -Namespace Casement -PassThru -MemberDefinition '{import}'; \
         if (-not $console::GenerateConsoleCtrlEvent(1, {pid})) {{ exit 1 }}"
    );
    ask(&script);
}

/// Peak resident memory since the start, in bytes.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    ask(&format!("(Get-Process -Id {pid}).PeakWorkingSet64")).trim().parse().unwrap()
}

/// Resident memory now, in bytes.
pub(crate) fn memory(pid: u32) -> u64 {
    ask(&format!("(Get-Process -Id {pid}).WorkingSet64")).trim().parse().unwrap()
}

/// Windows counts from the start only: a bound then holds for more than was asked.
pub(crate) fn reset_peak_memory(_pid: u32) {}

fn ask(script: &str) -> String {
    let mut command = Command::new("powershell.exe");
    command.args(["-NoProfile", "-NonInteractive", "-Command", script]).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
