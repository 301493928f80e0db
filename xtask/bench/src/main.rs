//! What of a benchmark must itself be fast, and is built like a release: the load, bare servers to compare with, and the
//! limits of the machine. `cargo xtask bench` starts it; it prints what it measured as JSON.

mod limits;
mod load;
mod serve;

use clap::{Parser, Subcommand};
use serde::Serialize;
use std::{io, process::ExitCode};

type Result<T, E = String> = std::result::Result<T, E>;

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Carry out the job that stands on standard input
    Load,
    /// Serve on a port of the loopback interface until killed
    Serve {
        port: u16,
        #[command(subcommand)]
        what: serve::What,
    },
    /// Measure what the machine gives
    Limit {
        #[command(subcommand)]
        what: limits::What,
    },
}

fn main() -> ExitCode {
    let done = match Args::parse().command {
        Command::Load => load::run(io::stdin()).and_then(|outcome| print(&outcome)),
        Command::Serve { port, what } => serve::run(port, what),
        Command::Limit { what } => limits::run(what).and_then(|figure| print(&figure)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn print(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value).map_err(|err| err.to_string())?;
    println!("{text}");
    Ok(())
}
