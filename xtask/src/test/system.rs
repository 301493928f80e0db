//! Programs of the system that the tests use.

use crate::Result;
use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    sync::Once,
};

struct Tool {
    program: &'static str,
    package: &'static str,
    why: &'static str,
}

const TOOLS: [Tool; 12] = [
    Tool { program: "qemu-img", package: "qemu-utils", why: "makes and reads disk images of every format" },
    Tool { program: "mkfs.ext4", package: "e2fsprogs", why: "makes a small file system that can run full" },
    Tool { program: "sfdisk", package: "fdisk", why: "partitions disks that the inspection must recognise" },
    Tool { program: "genisoimage", package: "genisoimage", why: "writes ISO images that it must recognise" },
    Tool { program: "gcc", package: "gcc libc6-dev", why: "builds the plugin written in C" },
    Tool {
        program: "mariadbd",
        package: "mariadb-server-core mariadb-client",
        why: "is the database of a real Keystone",
    },
    Tool { program: "memcached", package: "memcached", why: "keeps the tokens of a real Swift" },
    Tool { program: "smbd", package: "samba samba-vfs-modules smbclient", why: "serves a real SMB share" },
    Tool { program: "systemd-analyze", package: "systemd", why: "verifies the unit, and makes the package's user" },
    Tool { program: "dpkg-deb", package: "dpkg", why: "makes the Debian package" },
    Tool { program: "lintian", package: "lintian", why: "checks it by Debian's policy" },
    Tool { program: "curl", package: "curl", why: "is a client that everybody has" },
];

/// What it takes to build for Windows and to run that here.
const TOOLS_FOR_WINDOWS: [Tool; 5] = [
    Tool { program: "x86_64-w64-mingw32-gcc-win32", package: "gcc-mingw-w64-x86-64-win32", why: "links for Windows" },
    Tool { program: "wine", package: "wine wine64", why: "runs what was built for Windows" },
    Tool { program: "setarch", package: "util-linux", why: "runs Wine where it finds its addresses free" },
    Tool { program: "wixl", package: "wixl", why: "makes an installer for Windows" },
    Tool { program: "apt-get", package: "apt", why: "fetches a Rust that builds for Windows" },
];

/// What benchmarks need beside that.
const TOOLS_FOR_BENCHMARKS: [Tool; 3] = [
    Tool { program: "nginx", package: "nginx-light", why: "serves the same files as a gateway" },
    Tool { program: "sqlite3", package: "sqlite3", why: "fills a catalog with a million images" },
    Tool { program: "perf", package: "linux-perf", why: "sees what a gateway spends its time with" },
];

/// Looks once whether everything is there, and installs what is missing where that can be done (Debian, as root). Tests that still miss something skip themselves.
pub(super) fn provide() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(text) = install(&missing()) {
            println!("{text}: the tests that need them will be skipped.");
        }
    });
}

/// The same for what `cargo xtask test windows` needs.
pub(super) fn provide_for_windows() -> Result<()> {
    let missing: Vec<_> = TOOLS_FOR_WINDOWS.iter().filter(|tool| !have(tool.program)).collect();
    install(&missing)
}

/// The same with what benchmarks need; what misses something says so.
pub(crate) fn provide_for_benchmarks() {
    provide();
    let missing: Vec<_> = TOOLS_FOR_BENCHMARKS.iter().filter(|tool| !have(tool.program)).collect();
    if let Err(text) = install(&missing) {
        println!("{text}: what needs them will be left out.");
    }
}

fn missing() -> Vec<&'static Tool> {
    let mut missing: Vec<_> = TOOLS.iter().filter(|tool| !have(tool.program)).collect();
    const PYTHON: Tool = Tool {
        program: "python3 -m venv",
        package: "python3-venv",
        why: "holds OpenStack's clients, Keystone and Tempest",
    };
    if !quiet("python3", &["-c", "import ensurepip, venv"]) {
        missing.push(&PYTHON);
    }
    const HEADERS: Tool =
        Tool { program: "Python.h", package: "python3-dev", why: "is needed to build Keystone's server" };
    if !quiet("python3", &["-c", "import os, sysconfig; os.stat(sysconfig.get_path('include') + '/Python.h')"]) {
        missing.push(&HEADERS);
    }
    missing
}

/// # Errors
/// What is missing still, and why.
fn install(missing: &[&Tool]) -> Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    for tool in missing {
        println!("{} is missing (Debian: {}); it {}", tool.program, tool.package, tool.why);
    }
    let programs = missing.iter().map(|tool| tool.program).collect::<Vec<_>>().join(", ");
    if !have("apt-get") || !is_root() {
        return Err(format!("{programs}: not installed, because that takes Debian and root"));
    }
    let packages: Vec<_> = missing.iter().flat_map(|tool| tool.package.split(' ')).collect();
    println!("Installing {}", packages.join(" "));
    if apt(&["update"]) && apt(&[&["install", "--yes", "--no-install-recommends"], &*packages].concat()) {
        Ok(())
    } else {
        Err(format!("{programs}: could not be installed"))
    }
}

fn apt(args: &[&str]) -> bool {
    let mut command = Command::new("apt-get");
    command.arg("--quiet=2").args(args).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn have(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian keeps mkfs out of the path of ordinary users.
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.into_iter().any(|folder| Path::new(&folder).join(program).is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// The name of our user or group.
pub(super) fn own(which: &str) -> Result<String> {
    let output = Command::new("id").args(["--name", which]).output().map_err(|err| format!("id: {err}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn quiet(program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
