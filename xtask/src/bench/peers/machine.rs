//! The machine, as far as it explains the figures.

use super::settings;
use std::{fs, process::Command};

pub(super) fn describe() -> String {
    let processor = value_of(&read("/proc/cpuinfo"), "model name", ':').unwrap_or_else(|| "unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = value_of(&read("/proc/meminfo"), "MemTotal", ':').and_then(|text| gib(&text)).unwrap_or_default();
    let system = value_of(&read("/etc/os-release"), "PRETTY_NAME", '=').unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let today = said("date", &["--utc", "+%Y-%m-%d"]);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let disk = said("stat", &["--file-system", "--format", "%T", "."]);
    format!(
        "{cores} cores of {processor}, {memory} GiB of memory, {disk}, {}, Linux {}, {}, {}, {today}; load before the run {load}",
        system.trim_matches('"'),
        kernel.trim(),
        settings::describe(),
        said("rustc", &["--version"]),
    )
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

fn said(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
}

fn value_of(text: &str, key: &str, separator: char) -> Option<String> {
    let of = |line: &str| {
        let (name, value) = line.split_once(separator)?;
        (name.trim() == key).then(|| value.trim().to_owned())
    };
    text.lines().find_map(of)
}

fn gib(kib: &str) -> Option<u64> {
    Some(kib.trim_end_matches(" kB").parse::<u64>().ok()?.div_ceil(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_whole_name() {
        let text = "model : 49\nmodel name\t: AMD EPYC\nmodel name\t: other\n";
        assert_eq!(value_of(text, "model name", ':').as_deref(), Some("AMD EPYC"));
        assert_eq!(value_of(text, "cores", ':'), None);
    }

    #[test]
    fn memory_is_told_in_gibibytes() {
        assert_eq!(gib("24629848 kB"), Some(24));
        assert_eq!(gib("much"), None);
    }
}
