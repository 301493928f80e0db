//! How fast the system's TCP sends.

use std::{fs, path::Path};

/// Linux, "IP Sysctl": what sockets that are opened from then on have.
const SETTING: &str = "/proc/sys/net/ipv4/tcp_congestion_control";
/// Linux's own default. It sends as much as its window holds; BBR, the default of some systems, sends at the pace that it
/// believes the network has, also over loopback.
const CUBIC: &str = "cubic";

/// What was there before, which is put back when this is dropped.
#[derive(Debug)]
pub(super) struct Before(Option<String>);

/// CUBIC for all of the machine, where the user may say so.
pub(super) fn cubic() -> Before {
    let before = exchange(Path::new(SETTING), CUBIC);
    if let Some(before) = &before {
        println!("The machine's TCP has {CUBIC} until the end of this, in place of {before}");
    }
    Before(before)
}

impl Drop for Before {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            exchange(Path::new(SETTING), before);
        }
    }
}

/// What is there now.
pub(super) fn congestion_control() -> String {
    read(Path::new(SETTING)).unwrap_or_else(|| "unknown".into())
}

/// Tells what was there, if it is another now.
fn exchange(setting: &Path, new: &str) -> Option<String> {
    let before = read(setting).filter(|before| before != new)?;
    fs::write(setting, new).ok()?;
    Some(before)
}

fn read(setting: &Path) -> Option<String> {
    fs::read_to_string(setting).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_was_set_before_is_told_where_it_is_another_now() {
        let folder = tempfile::tempdir().unwrap();
        let setting = folder.path().join("setting");
        assert_eq!(exchange(&setting, CUBIC), None, "there is none");
        fs::write(&setting, "bbr\n").unwrap();
        assert_eq!(exchange(&setting, CUBIC).as_deref(), Some("bbr"));
        assert_eq!(exchange(&setting, CUBIC), None, "it is set");
        assert_eq!(fs::read_to_string(setting).unwrap(), CUBIC);
    }
}
