//! The misbehaving plugins: those in Rust as they were built, the one in C compiled here.

use casement_tests::{Builder, Gateway, Runner, fixtures, skip};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Short enough for a test, long enough for a busy machine.
const LIMITS: &str =
    "open_seconds = 2\ncall_seconds = 2\nchunk_seconds = 2\ncommit_seconds = 2\ntries = 1\nbreaker_pause_seconds = 1";

/// A plugin file, and the name that the plugin gives itself.
#[derive(Clone, Copy)]
pub(crate) struct Fixture {
    file: &'static str,
    name: &'static str,
    source: Source,
}

#[derive(Clone, Copy)]
enum Source {
    Rust,
    /// A file of this workspace, and what its preprocessor is told.
    C(&'static str, &'static str),
}

/// `panic_in` names the method that panics.
pub(crate) const PANICKING: Fixture =
    Fixture { file: "casement_fixture_panicking", name: "panicking", source: Source::Rust };
pub(crate) const CHANGED_LAYOUT: Fixture =
    Fixture { file: "casement_fixture_changed_layout", name: "changed_layout", source: Source::Rust };
/// The example that keeps its objects in memory.
pub(crate) const MEMORY: Fixture = Fixture { file: "casement_memory", name: "memory", source: Source::Rust };
/// `fault` says what goes wrong, `at` in which function; without them nothing does.
pub(crate) const MISBEHAVING: Fixture = Fixture::with_bad_descriptor("misbehaving", "FAULT_NONE");

impl Fixture {
    /// The plugin in C with a descriptor that is wrong.
    pub(crate) const fn with_bad_descriptor(file: &'static str, define: &'static str) -> Self {
        Self { file, name: "misbehaving", source: Source::C("tests/fixtures/misbehaving.c", define) }
    }

    fn path(self) -> Result<PathBuf, String> {
        match self.source {
            Source::Rust => {
                let folder = fixtures().ok_or("CASEMENT_FIXTURES names no folder")?;
                let path = folder.join(format!("{}{}", self.file, Runner::chosen().dll_suffix()));
                if path.is_file() { Ok(path) } else { Err(format!("{} is missing", path.display())) }
            }
            Source::C(source, define) => compiled(self.file, source, define),
        }
    }

    fn entry(self) -> String {
        let abi = match self.source {
            Source::Rust => "",
            Source::C(..) => "abi = \"c\"",
        };
        format!("path = \"{}\"\n{abi}", self.file)
    }

    /// A gateway to be with the store `good`, and the store `bad` on this plugin; `None` when there is none.
    pub(crate) fn builder(self, test: &str, config: &str) -> Option<Builder> {
        let path = match self.path() {
            Ok(path) => path,
            Err(reason) => {
                skip(test, &reason);
                return None;
            }
        };
        let store = format!("plugin = \"{}\"\n{config}\n[stores.bad.limits]\n{LIMITS}", self.name);
        let builder = Gateway::builder().filesystem("good", None, "default = true");
        Some(builder.install(&path).plugin(&self.entry()).store("bad", &store))
    }

    /// [`Fixture::builder`], started.
    pub(crate) fn start(self, test: &str, config: &str) -> Option<Gateway> {
        self.builder(test, config).map(Builder::start)
    }
}

/// Compiles a plugin in C, once in a run.
fn compiled(name: &'static str, source: &str, define: &str) -> Result<PathBuf, String> {
    static DONE: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let runner = Runner::chosen();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}{}", runner.dll_suffix()));
    let mut done = DONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !done.contains(name) {
        let mut compiler = runner.c_library_compiler();
        compiler
            .args([&format!("-D{define}"), "-I"])
            .arg(root.join("sdk/include"))
            .arg(root.join(source))
            .arg("-o")
            .arg(&file);
        let output = compiler.output().map_err(|error| format!("{compiler:?} can't be run: {error}"))?;
        assert!(output.status.success(), "{compiler:?}: {}", String::from_utf8_lossy(&output.stderr));
        done.insert(name);
    }
    Ok(file)
}
