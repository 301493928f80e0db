//! A store's keys in the configuration.

use casement_share::{Class, Credentials, Error, Options, Result, RootOptions};
use std::{path::PathBuf, time::Duration};

/// The configuration of one store.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The directory that holds the images: an absolute path, on Windows also a share (`'\\server\share\images'`, in
    /// single quotes). It must exist and is never created.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub root: Option<String>,
    /// Several directories in place of `root`, as a list of `{ path = "…", weight = 1 }`.
    #[serde(default)]
    pub roots: Vec<Root>,
    /// Refuses to start unless `root` lies on a file system that is mounted somewhere below `/`. For a root
    /// that is itself a mount point. On Windows: unless it lies on another volume than the system.
    #[serde(default)]
    pub require_mount: bool,
    /// Stores blocks of 4 KiB that hold only zeros as holes, which take no space. Turns `preallocate` off.
    #[serde(default)]
    pub sparse: bool,
    /// Claims the space of an image before its first byte, where its size is known.
    #[serde(default = "default_preallocate")]
    pub preallocate: bool,
    /// How many bytes are read or written at once: 65536 (64 KiB) to 16777216 (16 MiB). By default 1048576 (1 MiB) on a
    /// disk and 4194304 (4 MiB) on a share. A transfer holds a few of them in memory.
    #[serde(default)]
    pub chunk_size: Option<u64>,
    /// How many writes, each of a part of a chunk, are on their way at once: 1 to 16. By default 1 on a disk and 4 on a
    /// share.
    #[serde(default)]
    pub writes_in_flight: Option<u32>,
    /// Permissions of the image files as an octal string, "0640" for example. By default 0666 less the umask. Linux only.
    #[serde(default)]
    pub file_mode: Option<String>,
    /// Access control of the image files in the security descriptor definition language, "D:P(A;;FA;;;BA)(A;;FA;;;SY)"
    /// for example. By default they inherit that of the directory. Windows only.
    #[serde(default)]
    pub sddl: Option<String>,
    /// How many bytes to leave free on the file system.
    #[serde(default)]
    pub reserve: u64,
    /// How long to wait for a share that is lost before a client is told to come back later, in seconds. Less than the
    /// store's `limits.call_seconds`.
    #[serde(default = "default_ride_out")]
    pub ride_out_seconds: u64,
    /// The account that the file server is to know, `DOMAIN\user`. By default the gateway's own. Windows only.
    #[serde(default)]
    pub username: Option<String>,
    /// A file that holds the account's password.
    #[serde(default)]
    #[schemars(extend("format" = "path"))]
    pub password_file: Option<PathBuf>,
    /// The environment variable that holds the account's password.
    #[serde(default)]
    pub password_env: Option<String>,
}

/// One of several roots.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// As `root`.
    #[schemars(extend("format" = "path"))]
    pub path: String,
    /// New images go to the roots of the highest weight that have room, and among them to the one with most.
    #[serde(default)]
    pub weight: i64,
}

fn default_preallocate() -> bool {
    true
}

fn default_ride_out() -> u64 {
    Options::RIDE_OUT.as_secs()
}

impl Config {
    /// What the store is made from.
    pub(crate) fn options(self) -> Result<Options> {
        let credentials =
            Credentials::read(self.username, self.password_file.as_deref(), self.password_env.as_deref())?;
        Ok(Options {
            roots: roots(self.root, self.roots)?,
            require_mount: self.require_mount,
            sparse: self.sparse,
            preallocate: self.preallocate,
            chunk_size: self.chunk_size,
            writes_in_flight: self.writes_in_flight,
            file_mode: self.file_mode,
            sddl: self.sddl,
            reserve: self.reserve,
            ride_out: Duration::from_secs(self.ride_out_seconds),
            credentials,
        })
    }
}

fn roots(one: Option<String>, several: Vec<Root>) -> Result<Vec<RootOptions>> {
    match (one, &*several) {
        (Some(_), [_, ..]) => Err(Error::new(Class::Config, "both root and roots are set: write one of them")),
        (Some(path), []) => Ok(vec![RootOptions { path, weight: 0 }]),
        (None, _) => Ok(several.into_iter().map(|Root { path, weight }| RootOptions { path, weight }).collect()),
    }
}
