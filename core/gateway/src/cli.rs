//! The command line.

use crate::service::ServiceCommand;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
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
    /// Serve for a supervisor, which starts this (`server.workers`).
    #[command(hide = true)]
    Worker,
    /// Run as a service of Windows.
    #[command(subcommand)]
    Service(ServiceCommand),
    /// Do all that `serve` does short of listening, and say what is right and what is not.
    #[command(after_help = crate::exit::HELP)]
    Check(CheckArgs),
    /// Ask the running service whether it is well.
    #[command(after_help = crate::exit::HELP)]
    Health(ConfigArgs),
    /// Look at the stores, and try them out.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Look at the metadata database, back it up, bring it to this version.
    #[command(subcommand)]
    Db(DbCommand),
    /// Work on configurations.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at plugins, and replace them in a running service.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Have the running service read its configuration again, and the files that it names, and go on by them. What can only
    /// change at a restart is named. A configuration that cannot be used changes nothing.
    #[command(after_help = crate::exit::HELP)]
    Reload(ConfigArgs),
    /// Look at the rules of who may do what.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Work on tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Bring namespaces of metadata definitions into the database, out of it, or into files.
    ///
    /// The database belongs to one process at a time: stop the service first.
    #[command(subcommand)]
    Metadefs(MetadefsCommand),
    /// Print what makes a shell complete this program's arguments.
    Completions(CompletionsArgs),
    /// Write the manual pages, one for each command.
    Man(ManArgs),
    /// Print the version.
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "CASEMENT_CONFIG")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Only warn of what may go away by itself: a Keystone that does not answer, a database that a running service has
    /// open. For service managers, before a start and before a reload.
    #[arg(long)]
    pub tolerate_temporary: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Print every store: whether it can be opened, what it can do, how much is free.
    #[command(after_help = crate::exit::HELP)]
    List(StoreListArgs),
    /// Write a small object to a store, read it again, and remove it.
    #[command(after_help = crate::exit::HELP)]
    Check(StoreCheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct StoreListArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Print one JSON object in each line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StoreCheckArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The stores, as the configuration names them [default: all].
    #[arg(value_name = "STORE")]
    pub stores: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Print the version of the tables, and the one that this program serves. A service may run meanwhile.
    #[command(after_help = crate::exit::HELP)]
    Version(ConfigArgs),
    /// Read the whole file, and say what is damaged. A service may run meanwhile.
    #[command(after_help = crate::exit::HELP)]
    Check(ConfigArgs),
    /// Write a copy of all that is committed. A service may run meanwhile; a copy of the file alone would lack what is still
    /// in its write-ahead log.
    #[command(after_help = crate::exit::HELP)]
    Backup(BackupArgs),
    /// Bring the tables to the version of this program, as a start of the service does. Stop the service first.
    #[command(after_help = crate::exit::HELP)]
    Upgrade(ConfigArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The file to write; it must not exist yet.
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder; it is made when it is not there.
    pub folder: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print what is in force: the file, the environment over it, and the defaults. Secrets are hidden.
    #[command(after_help = crate::exit::HELP)]
    Show(ConfigArgs),
    /// Print a file with every key, its meaning and its default.
    Reference,
    /// Print the JSON schema of the file, for editors.
    Schema,
    /// Read Glance's configuration, and write this service's. What could not be carried over is listed on standard error,
    /// and at the end of the file.
    Import(ImportArgs),
    /// Write a first configuration and make the folders that it names: images in a folder or on a share, one administrator
    /// with a token. A file that is there already stays as it is.
    #[command(after_help = crate::exit::HELP)]
    Init(InitArgs),
}

/// An empty value counts as not given: installers give what they were given.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The file to write; folders that are missing above it are made.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Address and port to listen on, or several with commas between them [default: 127.0.0.1:9292].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// A PEM file with the certificate of this server: addresses without `http://` before them speak TLS then.
    #[arg(long, value_name = "FILE")]
    pub tls_certificate: Option<String>,
    /// A PEM file with that certificate's key.
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,
    /// The folder or share for images [default: data/images, beside the file].
    #[arg(long, value_name = "FOLDER")]
    pub root: Option<String>,
    /// Let nobody into the file's folder but its owner; on Windows, but administrators and the system.
    #[arg(long)]
    pub protect: bool,
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

/// What somebody has given, unless that is nothing.
pub(crate) fn given(value: Option<&str>) -> Option<&str> {
    value.filter(|value| !value.is_empty())
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Load a plugin file and print what it says of itself. Its code runs: only for files you trust.
    ///
    /// Whether it does what every backend must do, `casement-conformance` tells.
    Inspect(InspectArgs),
    /// Make the project of a new backend: one that builds, and does what every backend must do.
    #[command(after_help = crate::exit::HELP)]
    New(NewArgs),
    /// Have the running service look at its plugin files again, and take new versions into use. Transfers under way end in
    /// the version that they began in.
    #[command(after_help = crate::exit::HELP)]
    Reload(ConfigArgs),
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

#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// What the backend is called: lower-case letters, digits and hyphens. Stores name it so: `plugin = "NAME"`.
    pub name: String,
    /// The language.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub language: Language,
    /// The folder to make; it must not exist yet [default: casement-NAME].
    #[arg(long, value_name = "FOLDER")]
    pub dir: Option<PathBuf>,
    /// For Rust: where the SDK is, as a folder or as the URL of a git repository, until it is on crates.io.
    #[arg(long, value_name = "FOLDER_OR_URL")]
    pub sdk: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Any compiler from 1.94 on.
    Rust,
    /// C11, with any compiler.
    C,
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

#[derive(Debug, Subcommand)]
pub(crate) enum MetadefsCommand {
    /// Load namespaces from files, as `glance-manage db_load_metadefs` does. A namespace that is there already stays as
    /// it is, unless `--merge` says otherwise.
    #[command(after_help = crate::exit::HELP)]
    Load(LoadArgs),
    /// Remove all namespaces, all that is in them, and all resource types.
    #[command(after_help = crate::exit::HELP)]
    Unload(ConfigArgs),
    /// Save each namespace in a file that `load` and Glance can read.
    #[command(after_help = crate::exit::HELP)]
    Export(ExportArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Files, and folders whose files end in `.json` [default: /etc/glance/metadefs].
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Add to a namespace that is there already what it does not have.
    #[arg(long)]
    pub merge: bool,
    /// With `--merge`: change what it has to what the file says.
    #[arg(long, alias = "prefer_new", requires = "merge", conflicts_with = "overwrite")]
    pub prefer_new: bool,
    /// With `--merge`: remove it first, with all that is in it.
    #[arg(long, requires = "merge")]
    pub overwrite: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub config: ConfigArgs,
    /// The folder, which must exist [default: /etc/glance/metadefs].
    pub folder: Option<PathBuf>,
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
    fn how_to_merge_is_said_only_of_a_merge_and_once() {
        let parse = |flags: &[&str]| {
            Cli::try_parse_from([&["casement", "metadefs", "load", "--config", "c.toml"], flags].concat()).is_ok()
        };
        for right in [&[][..], &["--merge", "a", "b"], &["--merge", "--prefer_new"], &["--merge", "--overwrite"]] {
            assert!(parse(right), "{right:?}");
        }
        for wrong in [&["--prefer-new"][..], &["--overwrite"], &["--merge", "--overwrite", "--prefer-new"]] {
            assert!(!parse(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn a_token_is_never_an_argument() {
        assert!(Cli::try_parse_from(["casement", "token", "hash", "secret"]).is_err());
    }
}
