//! Records the compiler and the SDK's version, which a plugin shows, and the version under which the contract's
//! structs are compared.

use std::{env, process::Command};

fn main() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().ok().and_then(|out| String::from_utf8(out.stdout).ok());
    println!("cargo::rustc-env=CASEMENT_RUSTC={}", version.as_deref().unwrap_or("an unknown rustc").trim());
    println!("cargo::rustc-env=CASEMENT_SDK_VERSION={}", env!("CARGO_PKG_VERSION"));
    // abi_stable records the crate's version with each struct and refuses another major one. The structs belong to the
    // contract, which is frozen, and not to the SDK, whose version moves on: its 0.2 must take the plugins of its 0.1.
    println!("cargo::rustc-env=CARGO_PKG_VERSION=1.0.0");
    println!("cargo::rerun-if-changed=build.rs");
}
