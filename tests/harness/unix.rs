//! What Linux tells of a process, and the signals it takes.

use crate::Runner;
use rustix::process::{Pid, Signal, kill_process};
use std::{fs, process::Command};

/// The allocators give back what chunks of data have taken, as the systemd unit has them do (docs/benchmarks.md).
pub(crate) fn prepare(command: &mut Command) {
    command.envs([
        ("MALLOC_MMAP_THRESHOLD_", "524288"),
        ("MALLOC_TRIM_THRESHOLD_", "2097152"),
        ("MIMALLOC_ARENA_EAGER_COMMIT", "0"),
    ]);
}

/// Sends what tells a gateway to stop.
pub(crate) fn order_to_stop(pid: u32, runner: Runner) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    // Wine makes the interrupt a Ctrl-C. By the other signal it would end at once.
    let signal = if runner == Runner::Wine { Signal::INT } else { Signal::TERM };
    kill_process(pid, signal).unwrap();
}

/// Peak resident memory since the start or the last reset, in bytes.
pub(crate) fn peak_memory(pid: u32) -> u64 {
    memory_field(pid, "VmHWM")
}

/// Resident memory now, in bytes.
pub(crate) fn memory(pid: u32) -> u64 {
    memory_field(pid, "VmRSS")
}

/// Starts the peak anew (proc(5), /proc/pid/clear_refs).
pub(crate) fn reset_peak_memory(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}

/// A field of /proc/<pid>/status that is told in kB.
fn memory_field(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kib: u64 = line.unwrap().trim().trim_end_matches(" kB").parse().unwrap();
    kib * 1024
}
