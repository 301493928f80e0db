//! One file per command.

mod check;
mod db;
mod effective;
mod health;
mod import;
mod init;
mod inspect;
mod metadefs;
mod papers;
mod plugin_new;
mod policy;
mod reload;
mod serve;
mod store;
mod token;

use crate::{
    cli::{Command, ConfigCommand, PluginCommand, PolicyCommand, StoreCommand, TokenCommand},
    config,
    exit::{Exit, Failure, Result},
    manager::Manager,
    service, workers,
};
pub(crate) use serve::run as serve;
use std::{fmt, io::Write};

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::Serve(args) => serve(&args.config, Manager::of_process()),
        Command::Worker => workers::work(),
        Command::Service(command) => service::run(&command),
        Command::Check(args) => check::run(&args),
        Command::Health(args) => health::run(&args.config),
        Command::Store(StoreCommand::List(args)) => store::list(&args),
        Command::Store(StoreCommand::Check(args)) => store::check(&args),
        Command::Db(command) => db::run(&command),
        Command::Config(ConfigCommand::Show(args)) => effective::show(&args.config),
        Command::Config(ConfigCommand::Reference) => papers::print(config::REFERENCE),
        Command::Config(ConfigCommand::Schema) => papers::print(config::SCHEMA),
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
        Command::Completions(args) => papers::completions(args.shell),
        Command::Man(args) => papers::man(&args.folder),
        Command::Version => say(format_args!("casement {}", env!("CARGO_PKG_VERSION"))),
    }
}

/// One line on standard output.
pub(crate) fn say(line: impl fmt::Display) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(Failure::of(Exit::Temporary, "standard output"))
}
