//! The operators' `policy.yaml`, or `policy.json`, which is YAML too: names of rules and their texts.
//!
//! Read as events and not as a tree, for their lines, and because a policy file needs little of YAML. What it does not
//! need is refused: an alias may unfold without end, and a bare `!` is a tag that makes the rule empty, which lets
//! everybody pass.

use crate::{Error, Result};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use std::{collections::BTreeMap, fmt};

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) text: Text,
}

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Text {
    Words(String),
    /// The old way: any of the lists, all of the checks in it.
    Lists(Vec<Vec<String>>),
}

/// The rules of a file, in its order. A file of comments alone has none.
pub(crate) fn read(text: &str) -> Result<Vec<Entry>> {
    let mut file = File { events: Parser::new_from_str(text.trim_start_matches('\u{feff}')), line: 1 };
    file.expect(&Event::StreamStart)?;
    let mut entries = Vec::new();
    match file.next()? {
        Event::StreamEnd => return Ok(entries),
        Event::DocumentStart(_) => {}
        _ => return Err(file.error("is no YAML document")),
    }
    match file.next()? {
        Event::MappingStart(_, None) => entries = file.rules()?,
        Event::Scalar(text, ScalarStyle::Plain, _, None) if text.is_empty() => {}
        _ => {
            return Err(
                file.error("the file must hold names of rules and their texts, as in get_image: \"role:reader\"")
            );
        }
    }
    file.expect(&Event::DocumentEnd)?;
    match file.next()? {
        Event::StreamEnd => Ok(entries),
        _ => Err(file.error("a second document starts here; all rules belong into one")),
    }
}

struct File<'a> {
    events: Parser<'a, StrInput<'a>>,
    /// Of the last event.
    line: usize,
}

impl<'a> File<'a> {
    fn next(&mut self) -> Result<Event<'a>> {
        let event: Option<Result<(Event<'a>, Span), ScanError>> = self.events.next_event();
        match event {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            Some(Err(error)) => Err(Error::at(
                error.marker().line(),
                format!("is not YAML: {}; a rule is best written in quotes", error.info()),
            )),
            None => Err(self.error("the file ends too early")),
        }
    }

    fn expect(&mut self, wanted: &Event<'_>) -> Result<()> {
        if self.next()? == *wanted { Ok(()) } else { Err(self.error("is no YAML document with rules")) }
    }

    fn error(&self, message: &str) -> Error {
        Error::at(self.line, message)
    }

    fn rules(&mut self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let mut lines = BTreeMap::new();
        loop {
            let name = match self.next()? {
                Event::MappingEnd => return Ok(entries),
                Event::Scalar(name, _, _, None) if !name.is_empty() => name.into_owned(),
                _ => return Err(self.error("here the name of a rule is expected")),
            };
            let line = self.line;
            if let Some(first) = lines.insert(name.clone(), line) {
                return Err(Error::of(
                    Some(line),
                    &name,
                    format!("stands already in line {first}; remove one of them"),
                ));
            }
            let text = self.rule().map_err(|message| Error::of(Some(self.line), &name, message))?;
            entries.push(Entry { name, line, text });
        }
    }

    fn rule(&mut self) -> Result<Text, String> {
        match self.next().map_err(|error| error.message)? {
            Event::SequenceStart(_, None) => self.lists().map(Text::Lists),
            event => scalar(event).map(Text::Words),
        }
    }

    fn lists(&mut self) -> Result<Vec<Vec<String>>, String> {
        let mut lists = Vec::new();
        loop {
            match self.next().map_err(|error| error.message)? {
                Event::SequenceEnd => return Ok(lists),
                Event::SequenceStart(_, None) => lists.push(self.list()?),
                event => lists.push(vec![scalar(event)?]),
            }
        }
    }

    fn list(&mut self) -> Result<Vec<String>, String> {
        let mut checks = Vec::new();
        loop {
            match self.next().map_err(|error| error.message)? {
                Event::SequenceEnd => return Ok(checks),
                event => checks.push(scalar(event)?),
            }
        }
    }
}

fn scalar(event: Event<'_>) -> Result<String, String> {
    match event {
        Event::Scalar(text, style, _, None) if style != ScalarStyle::Plain || !text.is_empty() => Ok(text.into_owned()),
        Event::Scalar(_, _, _, None) => Err("the rule is missing; \"\" lets everybody pass, \"!\" nobody".to_owned()),
        Event::Scalar(..) => Err("a YAML tag stands here; write the rule in quotes, as in \"!\"".to_owned()),
        Event::Alias(_) => Err("aliases are not supported; write the rule itself, or rule:NAME".to_owned()),
        _ => Err("the rule must be text, or a list of lists of checks".to_owned()),
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Words(words) => f.write_str(&quoted(words)),
            Self::Lists(lists) => {
                let lists: Vec<String> =
                    lists.iter().map(|list| bracketed(list.iter().map(|check| quoted(check)))).collect();
                f.write_str(&bracketed(lists.into_iter()))
            }
        }
    }
}

fn bracketed(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// As YAML and JSON both read it.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\t', "\\t");
    format!("\"{text}\"")
}
