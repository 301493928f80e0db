//! What the files say, as oslo.config understands it: which of several values counts, and what stands for a variable.

use super::ini::{self, Broken, Entry, Place};
use std::collections::HashSet;

/// Variables in values of variables, in values, …
const DEEPEST: u32 = 16;

/// All options of all files. What was asked for counts as seen to; the rest is left at the end.
#[derive(Debug)]
pub(super) struct Options {
    entries: Vec<Entry>,
    seen: HashSet<(String, String)>,
}

/// Why a secret can't be read. The reasons of other values name the variable, and here that is a part of the secret.
pub(super) const SECRET_UNREADABLE: &str =
    "a `$` in it begins the name of an option, which these files do not set; a plain one is written `$$`";

/// A value with its variables filled in.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub section: String,
    pub key: String,
    pub value: Result<String, String>,
    pub place: Place,
}

impl Found {
    /// The option as a person writes it.
    pub(super) fn name(&self) -> String {
        format!("[{}] {}", self.section, self.key)
    }
}

impl Options {
    /// The files, by name and text, in the order in which the service read them.
    pub(super) fn read(files: &[(String, String)]) -> Result<Self, Broken> {
        let parsed: Result<Vec<_>, _> = files.iter().map(|(name, text)| ini::parse(name, text)).collect();
        Ok(Self { entries: parsed?.concat(), seen: HashSet::new() })
    }

    /// The value of an option that is set once: the last file wins, and the last line in it.
    pub(super) fn last(&mut self, section: &str, key: &str) -> Option<Found> {
        self.all(section, key).pop()
    }

    /// The values of an option that may be repeated.
    pub(super) fn all(&mut self, section: &str, key: &str) -> Vec<Found> {
        self.seen.insert((section.to_owned(), key.to_owned()));
        self.at(section, key).map(|entry| self.found(entry)).collect()
    }

    pub(super) fn is_set(&self, section: &str, key: &str) -> bool {
        self.at(section, key).next().is_some()
    }

    /// The options that nobody asked for, each once, in the order of the files.
    pub(super) fn rest(&mut self) -> Vec<Found> {
        self.rest_where(|_| true)
    }

    /// The same in one section.
    pub(super) fn rest_of(&mut self, section: &str) -> Vec<Found> {
        self.rest_where(|entry| entry.section == section)
    }

    fn rest_where(&mut self, is_wanted: impl Fn(&Entry) -> bool) -> Vec<Found> {
        let seen = &mut self.seen;
        let mut rest: Vec<_> = self.entries.iter().filter(|entry| is_wanted(entry)).cloned().collect();
        rest.retain(|entry| seen.insert((entry.section.clone(), entry.key.clone())));
        rest.iter().map(|entry| self.found(entry)).collect()
    }

    fn at(&self, section: &str, key: &str) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.section == section && entry.key == key)
    }

    fn found(&self, entry: &Entry) -> Found {
        Found {
            section: entry.section.clone(),
            key: entry.key.clone(),
            value: self.substitute(&entry.value, &entry.section, 0),
            place: entry.place.clone(),
        }
    }

    /// Fills in `$name`, `${name}` and `${section.name}`; `$$` and `\$` are a dollar sign, and so is one before anything
    /// else.
    fn substitute(&self, value: &str, section: &str, depth: u32) -> Result<String, String> {
        if depth > DEEPEST {
            return Err("it refers to itself".to_owned());
        }
        let mut filled = String::new();
        let value = value.replace("\\$", "$$");
        let mut rest = &*value;
        while let Some((before, after)) = rest.split_once('$') {
            filled.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                filled.push('$');
                rest = after;
            } else if let Some((name, after)) = variable(after) {
                filled.push_str(&self.variable(name, section, depth)?);
                rest = after;
            } else {
                filled.push('$');
                rest = after;
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn variable(&self, name: &str, section: &str, depth: u32) -> Result<String, String> {
        let there = match name.split_once('.') {
            Some((section, key)) => self.at(section, key).last(),
            None => self.at(section, name).last().or_else(|| self.at("DEFAULT", name).last()),
        };
        let entry = there.ok_or_else(|| format!("it refers to `${name}`, which these files do not set"))?;
        self.substitute(&entry.value, &entry.section, depth + 1)
    }
}

/// A variable's name at the beginning of a text, and what comes after it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let (name, rest) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => text.split_at(text.find(|c| !is_inside(c)).unwrap_or(text.len())),
    };
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (begins && name.chars().all(is_inside)).then_some((name, rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn options(texts: &[&str]) -> Options {
        let file = |(number, text): (usize, &&str)| (format!("f{number}"), (*text).to_owned());
        Options::read(&texts.iter().enumerate().map(file).collect::<Vec<_>>()).unwrap()
    }

    fn value(text: &str) -> Result<String, String> {
        options(&[text]).last("x", "a").unwrap().value
    }

    #[test]
    fn the_last_value_counts_and_repeated_ones_add_up() {
        let mut options = options(&["[x]\na = 1\na = 2\nb = 7\n", "[X]\na = 3\n"]);
        assert_eq!(options.last("x", "a").unwrap().value.unwrap(), "3");
        let all: Vec<_> = options.all("x", "a").into_iter().map(|found| found.place.to_string()).collect();
        assert_eq!(all, ["f0:2", "f0:3", "f1:2"]);
        let rest: Vec<_> = options.rest().iter().map(Found::name).collect();
        assert_eq!(rest, ["[x] b"]);
    }

    #[test]
    fn variables_are_filled_in() {
        let text = "[DEFAULT]\nroot = /srv\nhere = $root/y\n[y]\nb = B\n[x]\nc = C\na = ";
        let with = |a: &str| value(&format!("{text}{a}"));
        assert_eq!(with("$c/${root}z/$here").unwrap(), "C//srvz//srv/y");
        assert_eq!(with("${y.b}$y.b").unwrap(), "BB");
        assert_eq!(with("$$c \\$c 5$ $1").unwrap(), "$c $c 5$ $1");
        assert_eq!(with("$nothing").unwrap_err(), "it refers to `$nothing`, which these files do not set");
        assert_eq!(with("$a").unwrap_err(), "it refers to itself");
    }
}
