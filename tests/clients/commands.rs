//! Starting a client, and what both clients are put through.

use crate::disk::{Disk, assert_sound};
use casement_tests::{Gateway, MEMBER, client_tools, have_tool, md5_hex, skip};
use std::{
    env,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

/// A client program that talks to one gateway.
pub(crate) struct Tool {
    program: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Tool {
    pub(crate) fn new(folder: &Path, name: &str, settings: Vec<(&'static str, String)>) -> Self {
        Self { program: folder.join(name), settings }
    }

    /// Standard output of a run that must succeed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{} {arguments:?}\n{text}\n{errors}", self.program.display());
        text.trim().to_owned()
    }

    /// Standard error of a run that must fail.
    #[track_caller]
    pub(crate) fn fail(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(!output.status.success(), "{} {arguments:?} did not fail", self.program.display());
        String::from_utf8_lossy(&output.stderr).trim().to_owned()
    }

    fn output(&self, arguments: &[&str]) -> std::process::Output {
        // Glance uploads what it reads when its standard input is open, even when that is nothing.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$0\" \"$@\" <&-"]).arg(&self.program);
        for (key, _) in env::vars().filter(|(key, _)| key.starts_with("OS_")) {
            command.env_remove(key);
        }
        command.args(arguments).envs(self.settings.iter().cloned()).output().unwrap()
    }
}

/// The folder of the clients, when everything that these tests need is there.
pub(crate) fn tools(test: &str) -> Option<PathBuf> {
    for tool in ["qemu-img", "mkfs.ext4"] {
        if !have_tool(tool) {
            skip(test, &format!("{tool} is not installed"));
            return None;
        }
    }
    let tools = client_tools();
    if tools.is_none() {
        skip(test, "CASEMENT_CLIENTS names no folder with the clients of tests/clients/requirements.txt");
    }
    tools
}

pub(crate) fn token() -> String {
    MEMBER.token.to_owned()
}

/// Runs `round` with the disk in each format: it uploads the file, saves it to the second path, and gives the
/// image's id, which must be gone after it.
pub(crate) fn with_every_format(gateway: &Gateway, round: impl Fn(&str, &Path, &Path, &dyn Fn(&str))) {
    let folder = gateway.site().folder();
    let disk = Disk::make(folder);
    for (format, file) in [("raw", &disk.raw), ("qcow2", &disk.qcow2)] {
        let saved = folder.join(format!("saved.{format}"));
        let digest = md5_hex(File::open(file).unwrap());
        let assert_stored = |id: &str| {
            let image = gateway.member().show(id);
            assert_eq!((&image["status"], &image["checksum"]), (&"active".into(), &digest.as_str().into()));
            gateway.assert_settled();
        };
        round(format, file, &saved, &assert_stored);
        assert_eq!(md5_hex(File::open(&saved).unwrap()), digest, "{format}");
        assert_sound(&saved, format);
        assert!(gateway.images().is_empty());
        gateway.assert_settled();
    }
}
