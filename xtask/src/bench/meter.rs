//! What the processes of a server take: processor time and memory, as proc(5) tells.

use crate::Result;
use std::{
    fs,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

/// Each look walks the page tables, and holds the memory of the process that long.
const INTERVAL: Duration = Duration::from_millis(250);
/// Linux counts processor time in hundredths of a second for programs, whatever its own clock.
const TICKS: f64 = 100.0;

/// Watches a process and all that descend from it.
pub(super) struct Meter {
    root: u32,
    cpu: f64,
    stop: Sender<()>,
    watch: JoinHandle<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// Seconds.
    pub(super) cpu: f64,
    /// The peak, in bytes, of the sum over all processes of their proportional set size.
    pub(super) memory: u64,
}

impl Meter {
    pub(super) fn start(root: u32) -> Self {
        let (stop, stopped) = mpsc::channel();
        let watch = thread::spawn(move || {
            let mut peak = memory(root);
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                peak = peak.max(memory(root));
            }
            peak.max(memory(root))
        });
        Self { root, cpu: cpu(root), stop, watch }
    }

    pub(super) fn stop(self) -> Result<Usage> {
        let cpu = cpu(self.root) - self.cpu;
        drop(self.stop);
        let memory = self.watch.join().map_err(|_| "the watch over the memory panicked")?;
        Ok(Usage { cpu, memory })
    }
}

fn memory(root: u32) -> u64 {
    tree(root).into_iter().filter_map(|process| proportional(&read(process, "smaps_rollup"))).sum()
}

fn cpu(root: u32) -> f64 {
    tree(root).into_iter().filter_map(|process| processor_ticks(&read(process, "stat"))).sum::<u64>() as f64 / TICKS
}

fn tree(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(process) = found.get(next) {
        let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let children = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        found.extend(children.flat_map(|line| numbers(&line)).collect::<Vec<_>>());
        next += 1;
    }
    found
}

fn numbers(line: &str) -> Vec<u32> {
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Of a process that is gone there is nothing to read.
fn read(process: u32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default()
}

fn proportional(rollup: &str) -> Option<u64> {
    kib(rollup, "Pss:")
}

/// User and system time of the process without its children.
fn processor_ticks(stat: &str) -> Option<u64> {
    // The name of the program is in brackets, and may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn kib(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib << 10)
}

/// Peak resident memory of one process since [`forget_peak`], in bytes.
pub(super) fn peak(process: u32) -> Result<u64> {
    kib(&read(process, "status"), "VmHWM:").ok_or_else(|| format!("/proc/{process}/status tells of no VmHWM"))
}

pub(super) fn forget_peak(process: u32) -> Result<()> {
    let file = format!("/proc/{process}/clear_refs");
    fs::write(&file, "5").map_err(|err| format!("{file}: {err}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proportional_set_size_is_read_in_bytes() {
        let rollup =
            "55d0-7ffd ---p 00000000 00:00 0  [rollup]\nRss:  9000 kB\nPss:                4242 kB\nPss_Dirty: 1 kB\n";
        assert_eq!(proportional(rollup), Some(4242 << 10));
        assert_eq!(proportional(""), None);
    }

    #[test]
    fn processor_time_is_read_whatever_the_program_is_called() {
        let stat = "42 (a ) (b) c) S 1 42 42 0 -1 4194304 100 0 0 0 70 5 1 2 20 0 4 0 1000 1 1";
        assert_eq!(processor_ticks(stat), Some(75));
        assert_eq!(processor_ticks("42 (gone"), None);
    }

    #[test]
    fn the_children_of_all_threads_are_numbers_in_a_line() {
        assert_eq!(numbers("12 345 \n"), [12, 345]);
        assert_eq!(numbers(""), [0; 0]);
    }
}
