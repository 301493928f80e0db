//! Where a key stands: its path in the configuration, and the line of the file or the variable that set it.

use std::{fmt, ops::Range};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The way to a key, as in `identity.tokens[0].sha256`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KeyPath(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

impl KeyPath {
    pub(super) fn key(&self, key: &str) -> Self {
        self.then(Step::Key(key.into()))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.then(Step::Index(index))
    }

    fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The environment variable that sets this key.
    pub(super) fn variable(&self) -> String {
        let mut name = String::from(super::load::PREFIX);
        for step in &self.0 {
            name.push_str(super::load::SEPARATOR);
            match step {
                Step::Key(key) => name.push_str(&key.to_uppercase()),
                Step::Index(index) => name.push_str(&index.to_string()),
            }
        }
        name
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Finds the line of a key. The `config` crate merges sources and forgets lines, so the file is read for them apart.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    table: Spanned<DeTable<'a>>,
}

impl<'a> Lines<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, toml::de::Error> {
        Ok(Self { text, table: DeTable::parse(text)? })
    }

    /// The line of the key, or of the nearest thing around it that the file has.
    pub(super) fn of(&self, path: &KeyPath) -> Option<usize> {
        let mut steps = path.0.iter();
        let Some(Step::Key(first)) = steps.next() else {
            return None;
        };
        let (mut span, mut value) = entry(self.table.get_ref(), first)?;
        for step in steps {
            let found = match (step, value.get_ref()) {
                (Step::Key(key), DeValue::Table(table)) => entry(table, key),
                (Step::Index(index), DeValue::Array(array)) => array.get(*index).map(|value| (value.span(), value)),
                _ => None,
            };
            let Some(found) = found else { break };
            (span, value) = found;
        }
        Some(self.text[..span.start].matches('\n').count() + 1)
    }
}

fn entry<'t, 'a>(table: &'t DeTable<'a>, key: &str) -> Option<(Range<usize>, &'t Spanned<DeValue<'a>>)> {
    table.iter().find(|(name, _)| name.get_ref() == key).map(|(name, value)| (name.span(), value))
}
