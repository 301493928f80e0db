use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// The service's name where nobody gives another, and the source of its events.
const NAME: &str = "Casement";

#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Make this program a service that runs with a configuration. A service that is there already is changed: what is not
    /// given here stays as it is.
    #[command(after_help = crate::exit::HELP)]
    Install(Box<InstallArgs>),
    /// Stop the service and remove it. Configuration and data stay.
    #[command(after_help = crate::exit::HELP)]
    Uninstall(NameArgs),
    /// Start the service, and wait until it serves.
    #[command(after_help = crate::exit::HELP)]
    Start(NameArgs),
    /// Stop the service, and wait until it has ended: requests under way end first.
    #[command(after_help = crate::exit::HELP)]
    Stop(NameArgs),
    /// Say how the service is. Exit code 0: it serves; 75: it does not.
    #[command(after_help = crate::exit::HELP)]
    Status(NameArgs),
    /// What the Service Control Manager starts.
    #[command(hide = true)]
    Run(RunArgs),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct NameArgs {
    /// The service's name.
    #[arg(long, default_value = NAME)]
    pub name: String,
}

/// An empty value counts as not given: installers give what they were given.
#[derive(Debug, Args)]
pub(crate) struct InstallArgs {
    #[command(flatten)]
    pub service: NameArgs,
    #[command(flatten)]
    pub config: crate::cli::ConfigArgs,
    /// The account that it runs as: DOMAIN\user; DOMAIN\name$ for one that is managed by the domain (gMSA), which has no
    /// password; LocalService or NetworkService. Not given: an account of its own, `NT SERVICE\NAME`.
    #[arg(long)]
    pub account: Option<String>,
    /// A file with the account's password; `-` is standard input.
    #[arg(long, value_name = "FILE", requires = "account")]
    pub password_file: Option<String>,
    /// When it starts [default of a new service: delayed].
    #[arg(long, value_enum)]
    pub start: Option<Start>,
    /// A service that must run first; may be given several times, and replaces those that were given before.
    #[arg(long, value_name = "SERVICE")]
    pub depends_on: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Start {
    /// When the system starts.
    Auto,
    /// Soon after the other services have started with the system.
    Delayed,
    /// When somebody starts it.
    Manual,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub service: NameArgs,
    /// The configuration file, by its whole path.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}
