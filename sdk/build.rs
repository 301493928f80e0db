//! Records the compiler, which a plugin shows beside its version.

use std::{env, process::Command};

fn main() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().ok().and_then(|out| String::from_utf8(out.stdout).ok());
    println!("cargo::rustc-env=CASEMENT_RUSTC={}", version.as_deref().unwrap_or("an unknown rustc").trim());
    println!("cargo::rerun-if-changed=build.rs");
}
