//! Tempest's tests of the image service and glance-tempest-plugin, unchanged, against a gateway with a real Keystone.
//!
//! passes-with-glance.txt lists the tests that pass with Glance 33; all of them must pass here, but for those in
//! excluded.txt. Words on the command line choose the tests whose names contain one of them.
#![allow(clippy::unwrap_used)]

mod cloud;
mod lists;
mod origin;
mod run;

use casement_tests::{Keystone, skip};
use cloud::{Cloud, Mode};
use run::{Outcome, State, Tempest};
use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
    process::ExitCode,
};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if env::args().any(|word| word == "--list") {
        // Tempest's tests are no tests of this program's own.
        return ExitCode::SUCCESS;
    }
    let tests = lists::wanted(&words);
    println!("\nrunning {} tests", tests.len());
    let (Some(keystone), Some(programs)) = (Keystone::get(), env::var_os("CASEMENT_TEMPEST").map(PathBuf::from)) else {
        skip("tempest", "CASEMENT_KEYSTONE or CASEMENT_TEMPEST names nothing");
        return close(0, 0);
    };
    let outcomes = run_all(keystone, &programs, &tests);
    let (passed, not): (Vec<_>, Vec<_>) = outcomes.iter().partition(|(_, outcome)| outcome.state == State::Passed);
    for (name, outcome) in &not {
        println!("\n---- {name} {}\n{}", outcome.state, outcome.text);
    }
    close(passed.len(), not.len())
}

/// Runs the tests under one mode after the other: what skips itself under the first may run under the second.
fn run_all(keystone: &'static Keystone, programs: &Path, tests: &[String]) -> BTreeMap<String, Outcome> {
    let mut outcomes: BTreeMap<_, _> =
        tests.iter().map(|name| (name.clone(), Outcome::of(State::Skipped, "was not run"))).collect();
    for mode in Mode::ALL {
        let left = outcomes.iter().filter(|(_, outcome)| outcome.state == State::Skipped);
        let left: Vec<_> = left.map(|(name, _)| name.clone()).collect();
        if left.is_empty() {
            break;
        }
        println!("\n{} tests {mode}", left.len());
        let cloud = Cloud::start(keystone, mode);
        Tempest::new(programs, &cloud).run(&left, |name, outcome| {
            println!("test {name} ... {}", outcome.state);
            note(&mut outcomes, name, outcome);
        });
        if outcomes.values().any(|outcome| outcome.state == State::Failed) {
            println!("\n--- warnings of the gateway\n{}", cloud.warnings());
        }
    }
    outcomes
}

fn note(outcomes: &mut BTreeMap<String, Outcome>, name: &str, outcome: Outcome) {
    // Where the set-up of a class fails, or skips it, nothing is said of its tests.
    let class = name.strip_prefix("setUpClass (").and_then(|name| name.strip_suffix(')'));
    let meant =
        |known: &str| class.map_or(known == name, |class| known.rsplit_once('.').is_some_and(|(own, _)| own == class));
    let mut known = outcomes.iter_mut().filter(|(known, _)| meant(known)).peekable();
    if known.peek().is_some() {
        known.for_each(|(_, known)| *known = outcome.clone());
    } else if outcome.state == State::Failed {
        // What is cleared away after a class is no test, and may fail too.
        outcomes.insert(name.to_owned(), outcome);
    }
}

/// Says it as Rust's own tests do.
fn close(passed: usize, failed: usize) -> ExitCode {
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {word}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
