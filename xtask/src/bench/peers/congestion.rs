//! How fast the system's TCP sends.

use std::{fs, path::Path};

/// Linux, "IP Sysctl": what sockets that are opened from then on have.
const SETTING: &str = "/proc/sys/net/ipv4/tcp_congestion_control";
/// Linux's own default. It sends what the other side has room for; BBR, the default of some systems, sends at the pace that
/// it believes the network has, also where there is none.
const CUBIC: &str = "cubic";

/// Puts back what was there before.
#[derive(Debug)]
pub(super) struct Congestion {
    before: Option<String>,
}

impl Congestion {
    /// CUBIC for everybody as long as this lives, where the user may say so.
    pub(super) fn by_window() -> Self {
        Self { before: exchange(Path::new(SETTING), CUBIC) }
    }
}

impl Drop for Congestion {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
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
