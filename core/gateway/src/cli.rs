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
    /// Look at the rules of who may do what.
    #[command(subcommand)]
    Policy(PolicyCommand),
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
pub(crate) enum PolicyCommand {
    /// Print every rule in force, and where it comes from, in the form of policy.yaml.
    List(ConfigArgs),
    /// Say for a caller and an action which rule answers, and why.
    Explain(Box<ExplainArgs>),
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The action: the name of a rule, as in get_image.
    pub action: String,
    /// The caller's roles, as its token has them: with those that they imply.
    #[arg(long, value_delimiter = ',')]
    pub roles: Vec<String>,
    /// The roles of the service that forwards the request.
    #[arg(long, value_delimiter = ',')]
    pub service_roles: Vec<String>,
    /// The project of the caller's token.
    #[arg(long)]
    pub project: Option<String>,
    /// The caller.
    #[arg(long)]
    pub user: Option<String>,
    /// The domain of a token that is for a domain.
    #[arg(long, conflicts_with = "project")]
    pub domain: Option<String>,
    /// The scope of a token that is for the system.
    #[arg(long, value_name = "all", conflicts_with_all = ["project", "domain"])]
    pub system: Option<String>,
    /// The project that owns the image. Not given: the caller's.
    #[arg(long)]
    pub owner: Option<String>,
    /// The image's visibility.
    #[arg(long, value_parser = ["private", "shared", "community", "public"])]
    pub visibility: Option<String>,
    /// The project that the image is shared with.
    #[arg(long)]
    pub member: Option<String>,
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
