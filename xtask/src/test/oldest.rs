//! The oldest compiler that is supported: the suite of plugins loads what it builds, too.

use crate::cargo::succeed;
use std::process::Command;

/// Has rustup install it, where there is rustup and it is not there yet. Without it that test has fewer compilers.
pub(super) fn provide() {
    let oldest = format!("{}.0", env!("CARGO_PKG_RUST_VERSION"));
    let Ok(listed) = Command::new("rustup").args(["toolchain", "list"]).output() else { return };
    if String::from_utf8_lossy(&listed.stdout).lines().any(|line| line.starts_with(&oldest)) {
        return;
    }
    let mut install = Command::new("rustup");
    install.args(["toolchain", "install", &oldest, "--profile", "minimal", "--no-self-update"]);
    if let Err(text) = succeed(&mut install) {
        println!("No plugin will be built by the oldest compiler that is supported: {text}");
    }
}
