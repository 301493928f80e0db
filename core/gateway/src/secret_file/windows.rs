//! Access lists are set by Windows' own `icacls`: the calls for that are not to be had without unsafe code.

use std::{
    env,
    ffi::OsStr,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// It inherits the access list of its folder, which is the operator's to keep.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// Whoever made the folder owned it, and could change its access list again.
pub(super) fn protect_folder(path: &Path) -> io::Result<()> {
    icacls(path, &["/setowner", "*S-1-5-32-544"])?;
    let (system, administrators) = ("*S-1-5-18:(OI)(CI)F", "*S-1-5-32-544:(OI)(CI)F");
    icacls(path, &["/inheritance:r", "/grant:r", system, administrators])
}

/// What an account may do with a folder and all that is in it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Right {
    Read,
    Modify,
}

/// Adds to what an account may do.
pub(crate) fn grant(folder: &Path, account: &str, right: Right) -> io::Result<()> {
    let right = match right {
        Right::Read => "RX",
        Right::Modify => "M",
    };
    icacls(folder, &["/grant", &format!("{account}:(OI)(CI){right}")])
}

fn icacls(path: &Path, args: &[&str]) -> io::Result<()> {
    let windows = env::var_os("SystemRoot").map_or_else(|| r"C:\Windows".into(), PathBuf::from);
    let mut command = Command::new(windows.join(r"System32\icacls.exe"));
    command.arg(path).args(args).arg(OsStr::new("/Q")).stdin(Stdio::null());
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("icacls {}: {}", path.display(), said.trim())))
}
