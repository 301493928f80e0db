//! Plugins that misbehave on purpose, and the examples of the SDK: `target/fixtures`.

use crate::{
    Result,
    cargo::{Package, root, succeed},
    dist,
};
use std::{
    env::{self, consts::DLL_SUFFIX},
    fs,
    path::Path,
    process::Command,
};

/// File name and definition of each form of `misbehaving.c`.
const IN_C: [(&str, Option<&str>); 5] = [
    ("misbehaving", None),
    ("misbehaving_wrong_major", Some("FAULT_WRONG_MAJOR")),
    ("misbehaving_short_descriptor", Some("FAULT_SHORT_DESCRIPTOR")),
    ("misbehaving_no_descriptor", Some("FAULT_NO_DESCRIPTOR")),
    ("misbehaving_no_destroy", Some("FAULT_NO_DESTROY")),
];

/// Lays out what cargo has built, and compiles those in C. Without a C compiler the tests that need them skip themselves.
pub(super) fn provide(packages: &[Package], built: &Path, folder: &Path) -> Result<()> {
    dist::plugins(packages, "tests/fixtures/", built, folder)?;
    dist::plugins(packages, "sdk/examples/", built, folder)?;
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    if Command::new(&compiler).arg("--version").output().is_err() {
        println!("There is no C compiler `{compiler}`: the tests with plugins in C will be skipped.");
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|err| format!("{}: {err}", folder.display()))?;
    IN_C.iter().try_for_each(|(name, definition)| {
        let mut command = Command::new(&compiler);
        command.args(["-shared", "-fPIC", "-fvisibility=hidden", "-pthread", "-I", "sdk/include"]);
        command.args(definition.map(|definition| format!("-D{definition}")));
        command.arg("tests/fixtures/misbehaving.c").arg("-o").arg(folder.join(format!("{name}{DLL_SUFFIX}")));
        succeed(command.current_dir(root()))
    })
}
