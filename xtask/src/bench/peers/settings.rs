//! Settings of the system that weigh on the figures, and are others while a benchmark runs.

use std::{fs, path::Path};

struct Setting {
    file: &'static str,
    /// As the system calls it.
    name: &'static str,
    value: &'static str,
}

const SETTINGS: [Setting; 2] = [
    // What sockets that are opened from then on have (Linux, "IP Sysctl"). CUBIC is Linux's own default, and sends as much as
    // its window holds; BBR, the default of some systems, sends at the pace that it believes the network has, also over loopback.
    Setting { file: "/proc/sys/net/ipv4/tcp_congestion_control", name: "tcp_congestion_control", value: "cubic" },
    // It divides the processor among sessions, for desktops, and not among threads (sched(7), "The autogroup feature"). Each
    // server has a session here, so the load's one thread would have as much as all those of a server.
    Setting { file: "/proc/sys/kernel/sched_autogroup_enabled", name: "sched_autogroup_enabled", value: "0" },
];

/// A setting and what it was before, which it is again when this is dropped.
struct Exchanged(&'static Setting, String);

/// All settings, where the user may set them.
pub(super) fn exchange_all() -> impl Sized {
    let exchanged: Vec<_> = SETTINGS.iter().filter_map(Setting::exchange).collect();
    for Exchanged(Setting { name, value, .. }, before) in &exchanged {
        println!("The machine's {name} is {value} until the end of this, in place of {before}");
    }
    exchanged
}

/// What they are now.
pub(super) fn describe() -> String {
    let values = SETTINGS.map(|Setting { file, name, .. }| match read(Path::new(file)) {
        Some(value) => format!("{name} {value}"),
        None => format!("{name} unknown"),
    });
    values.join(", ")
}

impl Setting {
    fn exchange(&'static self) -> Option<Exchanged> {
        exchange(Path::new(self.file), self.value).map(|before| Exchanged(self, before))
    }
}

impl Drop for Exchanged {
    fn drop(&mut self) {
        exchange(Path::new(self.0.file), &self.1);
    }
}

/// Tells what was there, if it is another now.
fn exchange(file: &Path, new: &str) -> Option<String> {
    let before = read(file).filter(|before| before != new)?;
    fs::write(file, new).ok()?;
    Some(before)
}

fn read(file: &Path) -> Option<String> {
    fs::read_to_string(file).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_set_before_is_told_where_it_is_another_now() {
        let folder = tempfile::tempdir().unwrap();
        let setting = folder.path().join("setting");
        assert_eq!(exchange(&setting, "cubic"), None, "there is none");
        fs::write(&setting, "bbr\n").unwrap();
        assert_eq!(exchange(&setting, "cubic").as_deref(), Some("bbr"));
        assert_eq!(exchange(&setting, "cubic"), None, "it is set");
        assert_eq!(fs::read_to_string(setting).unwrap(), "cubic");
    }
}
