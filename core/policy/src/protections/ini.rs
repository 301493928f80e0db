//! Python's ini files (`configparser`), as far as property protections need them, with lines.

use crate::{Error, Result};
use std::collections::BTreeMap;

#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) keys: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) line: usize,
    pub(super) text: String,
}

/// What every section has that does not say otherwise.
const DEFAULT: &str = "DEFAULT";

pub(super) fn read(text: &str) -> Result<Vec<Section>> {
    let mut reader = Reader::default();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        reader.line(number + 1, line)?;
    }
    let mut sections = reader.sections;
    let Some(at) = sections.iter().position(|section| section.name == DEFAULT) else { return Ok(sections) };
    let default = sections.remove(at);
    for section in &mut sections {
        for (key, value) in &default.keys {
            section.keys.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    Ok(sections)
}

#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    /// The key that indented lines go on with, and its own indentation.
    open: Option<(String, usize)>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) -> Result<()> {
        let content = line.trim();
        let indentation = line.len() - line.trim_start().len();
        if content.is_empty() || content.starts_with(['#', ';']) {
            return Ok(());
        }
        if let (Some((key, own)), Some(section)) = (&self.open, self.sections.last_mut())
            && indentation > *own
        {
            if let Some(value) = section.keys.get_mut(key) {
                value.text = format!("{}\n{content}", value.text);
            }
            return Ok(());
        }
        self.open = None;
        if let Some(header) = content.strip_prefix('[') {
            return self.section(number, header);
        }
        let Some(section) = self.sections.last_mut() else {
            return Err(Error::at(
                number,
                "a section is expected, as in [^x_.*]: the expression that names must match",
            ));
        };
        let Some((key, text)) = content.split_once(['=', ':']) else {
            return Err(Error::at(number, format!("[{}]: expected KEY = VALUE", section.name)));
        };
        let key = key.trim().to_lowercase();
        if section.keys.contains_key(&key) {
            return Err(Error::at(number, format!("[{}]: the key {key} stands here twice", section.name)));
        }
        section.keys.insert(key.clone(), Value { line: number, text: text.trim().to_owned() });
        self.open = Some((key, indentation));
        Ok(())
    }

    /// The name may have brackets in it: it ends at the last one.
    fn section(&mut self, number: usize, header: &str) -> Result<()> {
        let Some(name) = header.strip_suffix(']').filter(|name| !name.is_empty()) else {
            return Err(Error::at(number, "a section is written [EXPRESSION], with nothing behind it"));
        };
        if let Some(first) = self.sections.iter().find(|section| section.name == name) {
            let message = format!("the section [{name}] stands already in line {}; remove one of them", first.line);
            return Err(Error::at(number, message));
        }
        self.sections.push(Section { name: name.to_owned(), line: number, keys: BTreeMap::new() });
        Ok(())
    }
}
