//! Counts what passed, failed and was skipped, and says so at the end.

use crate::{Result, cargo::show};
use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
}

pub(super) struct Tally {
    /// Tests that skip themselves write a line into it: `SKIP <name>: <reason>`.
    skips: PathBuf,
    suites: Vec<Suite>,
    failures: Vec<String>,
    /// When the last of them had ended.
    since: Instant,
}

struct Suite {
    name: String,
    count: Count,
    took: Duration,
}

impl Tally {
    pub(super) fn new(skips: PathBuf) -> Result<Self> {
        let fresh = skips.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&skips, ""));
        fresh.map_err(|err| format!("{}: {err}", skips.display()))?;
        Ok(Self { skips, suites: Vec::new(), failures: Vec::new(), since: Instant::now() })
    }

    /// A step without tests of its own; it counts only when it fails. Tells whether it went well.
    pub(super) fn step(&mut self, name: &str, done: Result<()>) -> bool {
        self.ended(name, Count { failed: usize::from(done.is_err()), ..Count::default() });
        let Err(text) = done else { return true };
        eprintln!("{text}");
        self.failures.push(format!("{name}: {text}"));
        false
    }

    pub(super) fn skip(&mut self, name: &str, reason: &str) {
        let line = format!("SKIP {name}: {reason}");
        println!("{line}");
        let noted = OpenOptions::new().append(true).open(&self.skips).and_then(|mut file| writeln!(file, "{line}"));
        if let Err(err) = noted {
            self.failures.push(format!("{}: {err}", self.skips.display()));
        }
        self.ended(name, Count { skipped: 1, ..Count::default() });
    }

    /// Runs tests, shows what they print, and reads their results from it.
    pub(super) fn tests(&mut self, name: &str, command: &mut Command) {
        let before = self.skip_lines().len();
        println!("$ {}", show(command));
        let (mut count, ended) = match run(command.env("CASEMENT_SKIPS", &self.skips)) {
            Ok(done) => done,
            Err(text) => (Count::default(), Err(text)),
        };
        // A test that skips itself counts as passed with the test runner.
        let skipped = self.skip_lines().len() - before;
        count.passed = count.passed.saturating_sub(skipped);
        count.skipped += skipped;
        if let Err(text) = ended {
            // A crash, or code that does not compile, leaves no result line.
            count.failed = count.failed.max(1);
            self.failures.push(format!("{name}: {text}"));
        }
        self.ended(name, count);
    }

    /// With all that was done for it since the one before.
    fn ended(&mut self, name: &str, count: Count) {
        let took = self.since.elapsed();
        self.since = Instant::now();
        self.suites.push(Suite { name: name.into(), count, took });
    }

    fn skip_lines(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.skips).unwrap_or_default();
        text.lines().filter(|line| line.starts_with("SKIP ")).map(str::to_owned).collect()
    }

    /// The summary. Its last line is read by machines.
    pub(super) fn close(self) -> Result<()> {
        println!();
        let skips = self.skip_lines();
        for line in &skips {
            println!("{line}");
        }
        if !skips.is_empty() {
            println!("{} skipped, for the reasons above\n", skips.len());
        }
        let mut sum = Count::default();
        for Suite { name, count, took } in &self.suites {
            println!("{name:<26} {:>5} s  {}", took.as_secs(), line(*count));
            sum.passed += count.passed;
            sum.failed += count.failed;
            sum.skipped += count.skipped;
        }
        for failure in &self.failures {
            println!("FAILED {failure}");
        }
        println!("\n{}", line(sum));
        if sum.failed == 0 && self.failures.is_empty() { Ok(()) } else { Err("not everything holds".into()) }
    }
}

fn line(count: Count) -> String {
    format!("{} passed, {} failed, {} skipped", count.passed, count.failed, count.skipped)
}

/// The counts, and how the command ended.
fn run(command: &mut Command) -> Result<(Count, Result<()>)> {
    let shown = show(command);
    let cannot = |err: std::io::Error| format!("`{shown}` cannot be run: {err}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(cannot)?;
    let mut count = Count::default();
    for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let line = line.map_err(cannot)?;
        println!("{line}");
        if let Some(result) = parse(&line) {
            count.passed += result.passed;
            count.failed += result.failed;
            count.skipped += result.skipped;
        }
    }
    let status = child.wait().map_err(cannot)?;
    let ended = if status.success() { Ok(()) } else { Err(format!("`{shown}` failed ({status})")) };
    Ok((count, ended))
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`
fn parse(line: &str) -> Option<Count> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let number = |what: &str| {
        let part = counts.split("; ").find_map(|part| part.strip_suffix(what))?;
        part.trim().parse().ok()
    };
    Some(Count { passed: number("passed")?, failed: number("failed")?, skipped: number("ignored")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_lines_are_read() {
        let line = "test result: FAILED. 23 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.25s";
        assert_eq!(parse(line), Some(Count { passed: 23, failed: 1, skipped: 2 }));
        assert_eq!(parse("test result_lines ... ok"), None);
    }

    #[test]
    fn the_closing_line_has_the_form_that_machines_read() {
        assert_eq!(line(Count { passed: 3, failed: 0, skipped: 1 }), "3 passed, 0 failed, 1 skipped");
    }
}
