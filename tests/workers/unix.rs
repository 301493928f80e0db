//! Processes, where the tests run on Linux; the gateway may run under Wine, whose processes are processes of Linux too.

use casement_tests::{Gateway, Runner};
use rustix::process::{Pid, Signal, kill_process};
use std::{fs, process::Command};

/// The workers of a gateway, by the numbers that they have here.
pub(crate) fn processes(gateway: &Gateway) -> Vec<u32> {
    let site = format!("CASEMENT_SITE={}", gateway.site().folder().display());
    let ids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let is_worker = |id: &u32| {
        is_there(*id)
            && strings(*id, "environ").contains(&site)
            && strings(*id, "cmdline").last().is_some_and(|argument| argument == "worker")
    };
    ids.filter(is_worker).collect()
}

/// Strings of a process, as proc(5) tells them: none where there is no such process.
fn strings(id: u32, file: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
    let strings = bytes.split(|byte| *byte == 0).filter(|string| !string.is_empty());
    strings.map(|string| String::from_utf8_lossy(string).into_owned()).collect()
}

pub(crate) fn is_there(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything; the state comes after it (proc_pid_stat(5)).
    stat.rsplit_once(')').is_some_and(|(_, fields)| !fields.trim_start().starts_with('Z'))
}

/// Ends a process of the gateway's system.
#[track_caller]
pub(crate) fn end_process(id: u32, system: Runner) {
    match system {
        Runner::Native => signal(id, Signal::KILL),
        Runner::Wine => {
            let run = Command::new("wine").args(["taskkill", "/F", "/PID", &id.to_string()]).output().unwrap();
            assert!(run.status.success(), "{run:?}");
        }
    }
}

#[track_caller]
pub(crate) fn signal(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(id.try_into().unwrap()).unwrap(), signal).unwrap();
}
