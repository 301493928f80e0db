//! `casement-conformance FILE`: the suite, as a command.

use casement_conformance::{Listed, Selection, Target, list, run_and_tell};
use casement_sdk::host::OpenOptions;
use clap::Parser;
use serde_json::{Map, Value};
use std::{
    fs,
    io::{Write, stdout},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

const HELP: &str = "\
Exit codes:
  0   every case that was run passed
  1   a case failed
  2   nothing could be run: wrong command line, configuration or plugin file";

/// Runs every case of the contract that a plugin declares to be able to, on a store that may be written to.
///
/// The plugin's code runs in this process: only for files you trust. What the cases write has names of its own, and is
/// removed again.
#[derive(Debug, Parser)]
#[command(name = "casement-conformance", version, after_help = HELP)]
struct Args {
    /// The plugin file.
    #[arg(required_unless_present = "list")]
    file: Option<PathBuf>,
    /// The store's own keys in TOML: what stands in `[stores.<name>]`, without `plugin`.
    #[arg(long, value_name = "STORE_TOML")]
    config: Option<PathBuf>,
    /// Take a plugin that is not written in Rust.
    #[arg(long)]
    c_abi: bool,
    /// Take a Rust plugin whose panics end the process.
    #[arg(long)]
    allow_abort: bool,
    /// Run only the cases whose name contains this; may be given several times.
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Print the cases, and run nothing.
    #[arg(long)]
    list: bool,
    /// Run also what takes long: objects of a gibibyte, a thousand keys.
    #[arg(long)]
    long: bool,
    /// How long a case may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
    /// Leave in the store what a failed case left there.
    #[arg(long)]
    keep: bool,
    /// Write the report to this file, as JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Of a store that cannot be written to: the key of an object in it, and a file with the same bytes.
    #[arg(long, value_name = "KEY=FILE")]
    object: Option<String>,
    /// Certificates in PEM form that presigned URLs are fetched by, beside the system's.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match conform(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(text) => {
            eprintln!("casement-conformance: {text}");
            ExitCode::from(2)
        }
    }
}

/// Whether every case passed.
fn conform(args: &Args) -> Result<bool, String> {
    let selection = Selection {
        filters: args.filter.clone(),
        long: args.long,
        patience: Duration::from_secs(args.patience),
        keep: args.keep,
    };
    let cases = list(&selection);
    if cases.is_empty() {
        return Err(format!("no case has a name with `{}` in it; `--list` shows them all", args.filter.join("` or `")));
    }
    if args.list {
        return cases.iter().try_for_each(|case| say(&shown(case))).map(|()| true);
    }
    let target = target(args)?;
    let mut told = Ok(());
    let report = run_and_tell(&target, &selection, |outcome| {
        let line = say(&outcome.to_string());
        told = std::mem::replace(&mut told, Ok(())).and(line);
    });
    told?;
    say(&report.summary())?;
    if let Some(file) = &args.junit {
        write(file, &report.junit()?)?;
    }
    Ok(report.passed())
}

fn target(args: &Args) -> Result<Target, String> {
    let file = args.file.as_deref().ok_or("no plugin file")?;
    let file = std::path::absolute(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let options = OpenOptions { allow_c_abi: args.c_abi, allow_abort: args.allow_abort };
    let target = Target::load(&file, &options)
        .map_err(|error| format!("{} is not accepted: {}", file.display(), advice(error.message())))?;
    let mut target = match &args.config {
        Some(file) => target.with_config(config(file)?),
        None => target,
    };
    if let Some(object) = &args.object {
        let (key, file) = object.split_once('=').ok_or("--object wants KEY=FILE")?;
        target = target.with_object(key, read(Path::new(file))?);
    }
    if let Some(file) = &args.ca {
        target = target.with_ca(read(file)?);
    }
    Ok(target)
}

/// What the loader says of the gateway's configuration is a flag here.
fn advice(message: &str) -> String {
    message.replace("set `abi = \"c\"`", "give `--c-abi`").replace("set `allow_abort = true`", "give `--allow-abort`")
}

fn config(file: &Path) -> Result<Map<String, Value>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn shown(case: &Listed) -> String {
    let needs = case.needs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let needs = if needs.is_empty() { String::new() } else { format!(" (needs {needs})") };
    let long = if case.long { " (with --long)" } else { "" };
    format!("{}{needs}{long}\n      {}", case.name, case.clause.text)
}

fn say(line: &str) -> Result<(), String> {
    writeln!(stdout(), "{line}").map_err(|error| format!("standard output: {error}"))
}
