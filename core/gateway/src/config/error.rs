//! What is wrong with a configuration: everything at once, each with its place.

use super::place::{KeyPath, Lines};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// A configuration that cannot be used.
#[derive(Debug)]
pub(crate) struct ConfigError {
    file: PathBuf,
    problems: Vec<Problem>,
}

#[derive(Debug)]
struct Problem {
    place: Place,
    text: String,
}

#[derive(Debug)]
enum Place {
    File,
    Line(usize),
    Variable(String),
}

impl ConfigError {
    /// A problem with the file as a whole.
    pub(super) fn of_file(file: &Path, text: impl Into<String>) -> Self {
        let problem = Problem { place: Place::File, text: text.into() };
        Self { file: file.into(), problems: vec![problem] }
    }

    /// What is no TOML. The parser's own report shows the line, which may hold a secret.
    pub(super) fn of_syntax(file: &Path, text: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map(|before| before.matches('\n').count());
        let hint = if line.is_some_and(|line| has_backslash(text, line)) { BACKSLASH_HINT } else { "" };
        let place = line.map_or(Place::File, |line| Place::Line(line + 1));
        let problem = Problem { place, text: format!("is not TOML: {}{hint}", error.message()) };
        Self { file: file.into(), problems: vec![problem] }
    }
}

/// For those who write a path of Windows as it is.
const BACKSLASH_HINT: &str =
    r": a backslash is taken as it is between single quotes alone: write 'C:\images' or '\\server\share'";

/// A quote that a backslash escaped is missed in the line after it, at the latest.
fn has_backslash(text: &str, line: usize) -> bool {
    text.lines().skip(line.saturating_sub(1)).take(2).any(|line| line.contains('\\'))
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        for (number, Problem { place, text }) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            match place {
                Place::File => write!(f, "{file}: {text}")?,
                Place::Line(line) => write!(f, "{file}:{line}: {text}")?,
                Place::Variable(name) => write!(f, "environment variable {name}: {text}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Gathers problems and finds their places.
#[derive(Debug)]
pub(super) struct Problems<'a> {
    lines: Lines<'a>,
    /// Keys that environment variables set.
    variables: Vec<String>,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(lines: Lines<'a>, variables: Vec<String>) -> Self {
        Self { lines, variables, found: Vec::new() }
    }

    pub(super) fn add(&mut self, path: &KeyPath, text: impl Into<String>) {
        let variable = path.variable();
        let place = if !path.is_root() && self.variables.contains(&variable) {
            Place::Variable(variable)
        } else {
            self.lines.of(path).map_or(Place::File, Place::Line)
        };
        self.found.push(Problem { place, text: text.into() });
    }

    /// Ends with what was found, in the order of the file.
    pub(super) fn settle(&mut self, file: &Path) -> Result<(), ConfigError> {
        if self.found.is_empty() {
            return Ok(());
        }
        let mut problems = std::mem::take(&mut self.found);
        problems.sort_by_key(|problem| match problem.place {
            Place::File => 0,
            Place::Line(line) => line,
            Place::Variable(_) => usize::MAX,
        });
        Err(ConfigError { file: file.into(), problems })
    }
}
