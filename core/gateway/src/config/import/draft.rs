//! The configuration that is being written, and what is to be said of it.

use super::{ini::Place, options::Found};
use std::fmt::{self, Write};
use toml::Value;

/// The tables of the file in their order; stores come after them.
const TABLES: [&str; 11] = [
    "",
    "server",
    "cors",
    "catalog",
    "identity",
    "identity.keystone",
    "images",
    "policy",
    "import_filtering",
    "log",
    "plugins",
];

/// Something that was not carried over, or not as it was.
#[derive(Debug)]
pub(crate) struct Remark {
    pub place: Option<Place>,
    /// The option, or the key that is meant.
    pub subject: String,
    pub text: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        write!(f, "{}: {}", self.subject, self.text)
    }
}

/// A secret that goes to a file of its own.
pub(crate) struct Secret {
    pub file: String,
    pub text: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("file", &self.file).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Line {
    table: String,
    key: String,
    value: Value,
    /// Where it comes from.
    comment: String,
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    lines: Vec<Line>,
    plugins: Vec<&'static str>,
    pub(super) remarks: Vec<Remark>,
    pub(super) secrets: Vec<Secret>,
}

impl Draft {
    /// Sets `key`, which came from an option or, as the comment tells, from elsewhere.
    pub(super) fn set(&mut self, key: &str, value: impl Into<Value>, comment: impl Into<String>) {
        let (table, key) = key.rsplit_once('.').unwrap_or(("", key));
        let line = Line { table: table.into(), key: key.into(), value: value.into(), comment: comment.into() };
        self.lines.retain(|other| (&other.table, &other.key) != (&line.table, &line.key));
        self.lines.push(line);
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        let (table, key) = key.rsplit_once('.').unwrap_or(("", key));
        self.lines.iter().find(|line| line.table == table && line.key == key).map(|line| &line.value)
    }

    /// Has the plugin in this file loaded.
    pub(super) fn plugin(&mut self, file: &'static str) {
        if !self.plugins.contains(&file) {
            self.plugins.push(file);
        }
    }

    /// Says that an option was not carried over.
    pub(super) fn drop(&mut self, found: &Found, why: impl Into<String>) {
        self.remarks.push(Remark { place: Some(found.place.clone()), subject: found.name(), text: why.into() });
    }

    /// Says what somebody has to see to.
    pub(super) fn say(&mut self, subject: &str, text: impl Into<String>) {
        self.remarks.push(Remark { place: None, subject: subject.into(), text: text.into() });
    }

    pub(super) fn to_toml(&self, sources: &str) -> String {
        let mut out = format!("# Made of {sources} by `casement config import`.\n");
        let mut tables: Vec<&str> = TABLES.to_vec();
        for line in &self.lines {
            if !tables.contains(&&*line.table) {
                tables.push(&line.table);
            }
        }
        for table in tables {
            if table == "plugins" {
                for file in &self.plugins {
                    push(&mut out, format_args!("\n[[plugins]]\npath = \"{file}\"\n"));
                }
                continue;
            }
            let mut lines = self.lines.iter().filter(|line| line.table == table).peekable();
            if lines.peek().is_some() && !table.is_empty() {
                push(&mut out, format_args!("\n[{table}]\n"));
            }
            for Line { key, value, comment, .. } in lines {
                push(&mut out, format_args!("# {comment}\n{key} = {value}\n"));
            }
        }
        if !self.remarks.is_empty() {
            out.push_str("\n# Not carried over, or not as it was:\n");
        }
        for remark in &self.remarks {
            push(&mut out, format_args!("# - {remark}\n"));
        }
        out
    }
}

fn push(out: &mut String, text: fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    out.write_fmt(text).ok();
}
