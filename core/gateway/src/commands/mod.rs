//! One file per command.

mod check;
mod import;
mod init;
mod inspect;
mod metadefs;
mod plugin_new;
mod policy;
mod reload;
mod serve;
mod token;

use crate::{
    cli::{Command, ConfigCommand, PluginCommand, PolicyCommand, TokenCommand},
    exit::{Exit, Failure, Result},
    manager::Manager,
    service,
};
pub(crate) use serve::run as serve;
use std::{fmt, io::Write};

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(args) => serve(&args.config, Manager::of_process()),
        Command::Service(command) => service::run(&command),
        Command::Check(args) => check::run(&args.config),
        Command::Config(ConfigCommand::Import(args)) => import::run(&args),
        Command::Config(ConfigCommand::Init(args)) => init::run(&args),
        Command::Plugin(PluginCommand::Inspect(args)) => inspect::run(&args),
        Command::Plugin(PluginCommand::New(args)) => plugin_new::run(&args),
        Command::Plugin(PluginCommand::Reload(args)) => reload::plugins(&args.config),
        Command::Reload(args) => reload::run(&args.config),
        Command::Policy(PolicyCommand::List(args)) => policy::list(&args.config),
        Command::Policy(PolicyCommand::Explain(args)) => policy::explain(&args),
        Command::Token(TokenCommand::Hash) => token::hash(),
        Command::Metadefs(command) => metadefs::run(&command),
        Command::Version => say(format_args!("casement {}", env!("CARGO_PKG_VERSION"))),
    }
}

/// One line on standard output.
pub(crate) fn say(line: impl fmt::Display) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(Failure::of(Exit::Temporary, "standard output"))
}
