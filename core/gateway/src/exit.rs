//! How the program ends. The numbers are those of sysexits.h where it has one; operators build on them, so they stay.

use crate::config::ConfigError;
use serde::{Deserialize, Serialize};
use std::{fmt, process::ExitCode};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exit {
    /// Wrong command line.
    Usage = 64,
    /// A file that was given makes no sense.
    Data = 65,
    /// A required store, or its plugin, cannot be used.
    StoreUnavailable = 69,
    /// A defect of this program.
    Internal = 70,
    /// The metadata database cannot be opened.
    Catalog = 73,
    /// The address is in use, or another obstacle that may go away by itself.
    Temporary = 75,
    /// For administrators, or who runs the service.
    Permission = 77,
    /// The configuration is wrong.
    Config = 78,
    /// Told twice to stop.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// For `--help`, and word by word in docs/operators/exit-codes.md.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  64   wrong command line
  65   a file that was given makes no sense
  69   a required store, or its plugin, cannot be used
  70   a defect of casement
  73   the metadata database cannot be opened
  75   the address is in use, or another obstacle that may go away by itself
  77   only an administrator, or who runs the service, may do this
  78   the configuration is wrong
  130  told twice to stop";

/// Why the program cannot go on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// For `map_err`.
    pub(crate) fn of<E: fmt::Display>(exit: Exit, what: &str) -> impl FnOnce(E) -> Self {
        move |err| Self::new(exit, format!("{what}: {err}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<ConfigError> for Failure {
    fn from(err: ConfigError) -> Self {
        Self::new(Exit::Config, err)
    }
}

pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const ALL: [Exit; 9] = [
        Exit::Usage,
        Exit::Data,
        Exit::StoreUnavailable,
        Exit::Internal,
        Exit::Catalog,
        Exit::Temporary,
        Exit::Permission,
        Exit::Config,
        Exit::Interrupted,
    ];

    #[test]
    fn help_lists_every_code() {
        let listed: Vec<u8> = HELP.lines().skip(1).map(|line| first_number(line).unwrap()).collect();
        let known: Vec<u8> = ALL.iter().map(|exit| *exit as u8).collect();
        assert_eq!(listed[0], 0);
        assert_eq!(listed[1..], known);
    }

    #[test]
    fn docs_say_what_help_says() {
        let docs = include_str!("../../../docs/operators/exit-codes.md").replace("\r\n", "\n");
        for line in HELP.lines().skip(1) {
            let (code, text) = line.trim().split_once(' ').unwrap();
            assert!(docs.contains(&format!("| {code} | {} |", text.trim())), "{line}");
        }
    }

    fn first_number(line: &str) -> Option<u8> {
        line.split_whitespace().next()?.parse().ok()
    }
}
