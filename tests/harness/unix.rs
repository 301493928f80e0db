//! What Linux tells of a process, and the signals it takes.

use rustix::process::{Pid, Signal, kill_process};
use std::fs;

pub(crate) fn terminate(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
}

/// A field of /proc/<pid>/status in bytes: `VmHWM`, `VmRSS`.
pub(crate) fn memory(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib: u64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024
}

/// Starts the peak of `VmHWM` anew (proc(5), /proc/pid/clear_refs).
pub(crate) fn reset_peak_memory(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}
