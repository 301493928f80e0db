//! A store's keys in the configuration.

use crate::platform;
use casement_sdk::{Error, Kind, Result};
use std::path::{Component, PathBuf};

/// Read sizes that are neither slower for their number nor a burden on memory.
const CHUNK_SIZES: std::ops::RangeInclusive<u64> = 64 << 10..=16 << 20;

/// The configuration of one store.
#[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The directory that holds the images: an absolute path. It must exist and is never created.
    #[schemars(extend("format" = "path"))]
    pub root: PathBuf,
    /// Refuses to start unless `root` lies on a file system that is mounted somewhere below `/`. For a root
    /// that is itself a mount point.
    #[serde(default)]
    pub require_mount: bool,
    /// Stores blocks of 4 KiB that hold only zeros as holes, which take no space. Turns `preallocate` off.
    #[serde(default)]
    pub sparse: bool,
    /// Claims the space of an image before its first byte, where its size is known.
    #[serde(default = "default_preallocate")]
    pub preallocate: bool,
    /// How many bytes are read at once: 65536 (64 KiB) to 16777216 (16 MiB).
    #[serde(default = "default_chunk_size")]
    pub chunk_size: u64,
    /// Permissions of the image files as an octal string, "0640" for example. By default 0666 less the umask.
    #[serde(default)]
    pub file_mode: Option<String>,
    /// How many bytes to leave free on the file system.
    #[serde(default)]
    pub reserve: u64,
}

fn default_preallocate() -> bool {
    true
}

fn default_chunk_size() -> u64 {
    1 << 20
}

impl Config {
    /// The same with a root in its simplest spelling, once every value was found good.
    pub(crate) fn checked(mut self) -> Result<Self> {
        let shown = self.root.display();
        if !self.root.is_absolute() {
            return bad(format!("root = `{shown}` is not absolute: write the whole path, such as `/srv/images`"));
        }
        if self.root.components().any(|part| part == Component::ParentDir) {
            return bad(format!("root = `{shown}` contains `..`: write the path without it"));
        }
        if !CHUNK_SIZES.contains(&self.chunk_size) {
            let (least, most) = (CHUNK_SIZES.start(), CHUNK_SIZES.end());
            return bad(format!("chunk_size = {}: write a number of bytes from {least} to {most}", self.chunk_size));
        }
        self.mode()?;
        platform::check_config(&self)?;
        self.root = self.root.components().collect();
        Ok(self)
    }

    /// `file_mode` as a number.
    pub(crate) fn mode(&self) -> Result<Option<u32>> {
        let Some(text) = &self.file_mode else {
            return Ok(None);
        };
        let digits = text.strip_prefix("0o").unwrap_or(text);
        match u32::from_str_radix(digits, 8) {
            Ok(mode) if mode > 0o777 => bad(format!("file_mode = \"{text}\" is above 0777: write \"0640\", say")),
            Ok(mode) if mode & 0o400 == 0 => bad(format!(
                "file_mode = \"{text}\" would keep the gateway from reading its images: write \"0640\", say"
            )),
            Ok(mode) => Ok(Some(mode)),
            Err(_) => bad(format!("file_mode = \"{text}\" is not an octal number: write \"0640\", say")),
        }
    }
}

fn bad<T>(message: String) -> Result<T> {
    Err(Error::new(Kind::Config, message))
}
