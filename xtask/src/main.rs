//! The project's own tasks. `.ci/run` and people call the same ones.

mod bench;
mod cargo;
mod deb;
mod dist;
#[cfg(test)]
mod house;
mod msi;
mod probe;
mod run;
mod test;

use probe::answers;
use std::{env, process::ExitCode};

const HELP: &str = "\
Tasks:
  cargo xtask run             build, and start the service with configs/quickstart.toml
  cargo xtask dist            build a release, and lay out what an operator installs in target/dist
  cargo xtask dist --deb      the same as a Debian package, in target/debian
  cargo xtask dist --msi      an installer for Windows, in target/msi
  cargo xtask test            everything that must hold: format, lints, unit tests, black-box suites
  cargo xtask test <suite>    one of them: fmt, clippy, unit, doc, sanitizer, windows, or a suite of tests/; with
                              --long, for as long as it can find something
  cargo xtask keystone        start the Keystone that these suites get, for work on them
  cargo xtask peers           start the servers of stores that they get: S3, Swift with and without Keystone, SMB
  cargo xtask bench stores    how fast a gateway moves data, beside the bare client of each store
  cargo xtask bench peers     how fast a gateway is, beside Glance, nginx and the limits of the machine; with --rounds N,
                              --only ROW,ROW, and --quick to see that all of it works
  cargo xtask bench profile <row>
                              a flame graph of what a gateway does in one of these rows, in target/profiles";

/// What every task ends with; the text is for a person.
pub(crate) type Result<T, E = String> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["run"] => run::run(),
        ["dist"] => dist::release().map(|folder| println!("{}", folder.display())),
        ["dist", "--deb"] => dist::deb().map(|package| println!("{}", package.display())),
        ["dist", "--msi"] => dist::msi().map(|package| println!("{}", package.display())),
        ["keystone"] => test::keystone(),
        ["peers"] => test::peers(),
        ["bench", "stores"] => bench::stores(),
        ["bench", "peers", options @ ..] => bench::peers(options),
        ["bench", "profile", row] => bench::profile(row),
        ["test"] => test::all(),
        ["test", suite] => test::one(suite, false),
        ["test", suite, "--long"] => test::one(suite, true),
        [] | ["help" | "--help" | "-h"] => {
            println!("{HELP}");
            Ok(())
        }
        _ => Err(format!("cannot do that\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("xtask: {text}");
            ExitCode::FAILURE
        }
    }
}
