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
    /// Work on configurations.
    #[command(subcommand)]
    Config(ConfigCommand),
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
pub(crate) enum ConfigCommand {
    /// Read Glance's configuration, and write this service's. What could not be carried over is listed on standard error,
    /// and at the end of the file.
    Import(ImportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// Glance's files, in the order in which Glance reads them: of several values the last one counts.
    #[arg(required = true, value_name = "GLANCE_API_CONF")]
    pub files: Vec<PathBuf>,
    /// The file to write; it must not exist yet. Not given: standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write passwords too, each to a file of its own in this folder, which only the owner may read. Not given: they are
    /// left out, and the configuration says where they are wanted.
    #[arg(long, value_name = "FOLDER")]
    pub secrets: Option<PathBuf>,
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
