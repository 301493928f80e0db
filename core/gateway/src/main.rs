//! `casement`: command line, configuration, wiring.

mod allocator;
mod append;
mod cli;
mod commands;
mod config;
mod control;
mod exit;
mod identity;
mod journal;
mod manager;
mod policy;
mod reload;
mod runtime;
mod schemas;
mod secret_file;
mod service;
mod signals;
mod telemetry;
mod watch;
mod wiring;
mod workers;

use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(err) => {
            // `--help` and `--version` come this way too. A closed pipe is not worth another message.
            err.print().ok();
            return if err.use_stderr() { Exit::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    match commands::run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            telemetry::report(&failure);
            failure.exit.into()
        }
    }
}
