//! What came of a run, for a person.

use crate::case::Clause;
use casement_sdk::host::Plugin;
use std::{fmt, time::Duration};

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The plugin's own name.
    pub plugin: String,
    /// The plugin's own version.
    pub version: String,
    /// The compiler and SDK it was built with.
    pub built_with: String,
    /// Every case that was selected, in the order in which they were run.
    pub outcomes: Vec<Outcome>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// `group::what_holds`.
    pub name: &'static str,
    /// What the contract says.
    pub clause: Clause,
    /// Whether it held.
    pub verdict: Verdict,
    /// What could not be removed from the store afterwards, a line each.
    pub left: Vec<String>,
    /// What the backend logged meanwhile, a line each.
    pub log: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// Whether a case held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It did.
    Passed,
    /// It did not: what was seen instead.
    Failed(String),
    /// It says nothing of this store, for this reason.
    Skipped(String),
}

impl Report {
    pub(crate) fn new(plugin: &Plugin, outcomes: Vec<Outcome>) -> Self {
        Self {
            plugin: plugin.name().to_owned(),
            version: plugin.version().to_owned(),
            built_with: plugin.built_with().to_owned(),
            outcomes,
        }
    }

    /// Whether nothing failed.
    pub fn passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| matches!(outcome.verdict, Verdict::Failed(_)))
    }

    /// How many cases passed, failed and were skipped: one line.
    pub fn summary(&self) -> String {
        format!(
            "{} {}: {} passed, {} failed, {} skipped",
            self.plugin,
            self.version,
            self.count(|verdict| matches!(verdict, Verdict::Passed)),
            self.failures().count(),
            self.count(|verdict| matches!(verdict, Verdict::Skipped(_)))
        )
    }

    fn count(&self, wanted: impl Fn(&Verdict) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| wanted(&outcome.verdict)).count()
    }
}

impl fmt::Display for Report {
    /// The cases that failed, with all that helps to find out why, and the summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in self.failures() {
            writeln!(f, "{outcome}")?;
        }
        f.write_str(&self.summary())
    }
}

impl fmt::Display for Outcome {
    /// A line; of a failure, also what the contract says, where, and what was seen.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Of the backend's log, the end says most.
        const LINES: usize = 10;
        match &self.verdict {
            Verdict::Passed => write!(f, "ok    {} ({:.2} s)", self.name, self.took.as_secs_f64())?,
            Verdict::Skipped(reason) => write!(f, "skip  {}: {reason}", self.name)?,
            Verdict::Failed(seen) => {
                writeln!(f, "FAIL  {} ({:.2} s)", self.name, self.took.as_secs_f64())?;
                writeln!(f, "      contract  {}", self.clause.text)?;
                writeln!(f, "      where     Rust: {}   C: {}", self.clause.rust, self.clause.c)?;
                write!(f, "      seen      {seen}")?;
                let skipped = self.log.len().saturating_sub(LINES);
                for line in &self.log[skipped..] {
                    write!(f, "\n      log       {line}")?;
                }
            }
        }
        for left in &self.left {
            write!(f, "\n      left      {left}")?;
        }
        Ok(())
    }
}
