//! One file per command.

#[cfg(any())] // until wiring.rs is in
mod check;
#[cfg(any())] // until wiring.rs is in
mod inspect;
#[cfg(any())] // until wiring.rs is in
mod serve;
#[cfg(any())] // until wiring.rs is in
mod token;

use crate::{
    cli::{Command, PluginCommand, TokenCommand},
    exit::{Exit, Failure, Result},
};
use std::{fmt, io::Write};

pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        #[cfg(any())] // until wiring.rs is in
        Command::Serve(args) => serve::run(&args.config),
        #[cfg(any())] // until wiring.rs is in
        Command::Check(args) => check::run(&args.config),
        #[cfg(any())] // until wiring.rs is in
        Command::Plugin(PluginCommand::Inspect(args)) => inspect::run(&args),
        #[cfg(any())] // until wiring.rs is in
        Command::Token(TokenCommand::Hash) => token::hash(),
        Command::Version => say(format_args!("casement {}", env!("CARGO_PKG_VERSION"))),
        _ => Err(Failure::new(Exit::Internal, "not wired")), // until wiring.rs is in
    }
}

/// One line on standard output.
fn say(line: impl fmt::Display) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(Failure::of(Exit::Temporary, "standard output"))
}
