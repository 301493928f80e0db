//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Casement, an image service that speaks OpenStack's Images API v2.
#[derive(Debug, Parser)]
#[command(name = "casement", version, after_help = crate::exit::HELP, subcommand_required = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service.
    #[command(after_help = crate::exit::HELP)]
    Serve(ConfigArgs),
    /// Do all that `serve` does short of listening, and say what is right and what is not.
    #[command(after_help = crate::exit::HELP)]
    Check(ConfigArgs),
    /// Look at plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Work on tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Print the version.
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "CASEMENT_CONFIG")]
    pub config: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Load a plugin file and print what it says of itself. Its code runs: only for files you trust.
    Inspect(InspectArgs),
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The plugin file.
    pub file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// Take a plugin without a recorded Rust layout.
    #[arg(long)]
    pub c_abi: bool,
    /// Take a plugin whose panics end the process.
    #[arg(long)]
    pub allow_abort: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Read a token from standard input and print the `sha256` that the configuration wants.
    Hash,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_token_is_never_an_argument() {
        assert!(Cli::try_parse_from(["casement", "token", "hash", "secret"]).is_err());
    }
}
