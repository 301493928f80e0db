//! The misbehaving plugins, by the names they are built under.

use casement_tests::{Builder, Gateway, fixtures, skip};
use std::{env::consts::DLL_SUFFIX, path::PathBuf};

/// Short enough for a test, long enough for a busy machine.
const LIMITS: &str =
    "open_seconds = 2\ncall_seconds = 2\nchunk_seconds = 2\ncommit_seconds = 2\ntries = 1\nbreaker_pause_seconds = 1";

/// A plugin file and how its entry is written.
#[derive(Clone, Copy)]
pub(crate) struct Fixture {
    file: &'static str,
    /// The name that the plugin gives itself.
    name: &'static str,
    entry: &'static str,
}

/// In Rust: `panic_in` names the method that panics.
pub(crate) const PANICKING: Fixture = Fixture { file: "casement_panicking", name: "panicking", entry: "" };
/// In C: `fault` says what goes wrong, `at` in which function.
pub(crate) const MISBEHAVING: Fixture = Fixture { file: "misbehaving", name: "misbehaving", entry: "abi = \"c\"" };
pub(crate) const CHANGED_LAYOUT: Fixture = Fixture { file: "changed_layout", name: "changed_layout", entry: "" };

impl Fixture {
    /// The plugin in C with a descriptor that is wrong.
    pub(crate) const fn with_bad_descriptor(file: &'static str) -> Self {
        Self { file, name: "misbehaving", entry: "abi = \"c\"" }
    }

    fn path(self) -> Option<PathBuf> {
        let folder = fixtures()?;
        let names = [format!("{}{DLL_SUFFIX}", self.file), format!("lib{}{DLL_SUFFIX}", self.file)];
        names.iter().map(|name| folder.join(name)).find(|path| path.is_file())
    }

    /// A gateway to be with the store `good`, and the store `bad` on this plugin; `None` when it was not built.
    pub(crate) fn builder(self, test: &str, config: &str) -> Option<Builder> {
        let Some(path) = self.path() else {
            skip(test, &format!("CASEMENT_FIXTURES has no {}{DLL_SUFFIX}", self.file));
            return None;
        };
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let builder = Gateway::builder()
            .filesystem("good", None, "default = true")
            .install(&path)
            .plugin(&format!("path = \"{file}\"\n{}", self.entry))
            .store("bad", &format!("plugin = \"{}\"\n{config}\n[stores.bad.limits]\n{LIMITS}", self.name));
        Some(builder)
    }
}
