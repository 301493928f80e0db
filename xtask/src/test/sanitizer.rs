//! AddressSanitizer over the whole life of a plugin that is linked into the test itself: memory that crosses the contract
//! is freed once, by the side that made it. Sanitizers exist only in the nightly compiler.

use crate::{Result, cargo::Package};
use std::process::Command;

const PACKAGE: &str = "casement-sdk";
const TEST: &str = "in_process";
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The run, or the reason why there is none.
pub(super) fn command(packages: &[Package]) -> Result<Command> {
    let mut targets = packages.iter().filter(|package| package.name == PACKAGE).flat_map(|package| &package.targets);
    if !targets.any(|target| target.is("test") && target.name == TEST) {
        return Err(format!("{PACKAGE} has no test `{TEST}`"));
    }
    let nightly = Command::new("rustup").args(["run", "nightly", "rustc", "--version", "--verbose"]).output();
    let host = format!("host: {TARGET}");
    if !nightly.is_ok_and(|output| output.status.success() && String::from_utf8_lossy(&output.stdout).contains(&host)) {
        return Err(format!("no nightly compiler for {TARGET} is installed"));
    }
    let mut command = Command::new("rustup");
    command
        .args(["run", "nightly", "cargo", "test", "--package", PACKAGE, "--features", "host", "--test", TEST])
        .args(["--target", TARGET, "--target-dir", "target/sanitizer"])
        .env("RUSTFLAGS", "-Zsanitizer=address")
        // Ours is not nightly's.
        .env_remove("CARGO")
        .env_remove("RUSTC")
        .env_remove("RUSTUP_TOOLCHAIN");
    Ok(command)
}
