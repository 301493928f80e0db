//! The file format of oslo.config: sections, assignments, continuation lines. What it means is `options.rs`'s.

use std::fmt;

/// One assignment.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// `DEFAULT`, or a name in lower case.
    pub section: String,
    /// With `_` for `-`.
    pub key: String,
    /// Lines of one value are joined by line ends.
    pub value: String,
    pub place: Place,
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub file: String,
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A line that oslo.config would not read either.
#[derive(Debug)]
pub(crate) struct Broken {
    place: Place,
    reason: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

impl std::error::Error for Broken {}

pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Entry>, Broken> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut section: Option<String> = None;
    // Whether the last line was part of an assignment.
    let mut open = false;
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let place = Place { file: file.to_owned(), line: index + 1 };
        let broken = |reason| Broken { place: place.clone(), reason };
        let line = line.trim_end();
        if line.is_empty() {
            open = false;
        } else if line.starts_with([' ', '\t']) {
            let last =
                entries.last_mut().filter(|_| open).ok_or_else(|| broken("continues a value, and there is none"))?;
            last.value.push('\n');
            last.value.push_str(line.trim_start());
        } else if let Some(header) = line.strip_prefix('[') {
            open = false;
            let name = header.strip_suffix(']').ok_or_else(|| broken("a section must end with `]`"))?;
            if name.is_empty() {
                return Err(broken("the section has no name"));
            }
            section = Some(if name == "DEFAULT" { name.to_owned() } else { name.to_lowercase() });
        } else if line.starts_with(['#', ';']) {
            open = false;
        } else {
            let (key, value) = line.split_once(['=', ':']).ok_or_else(|| broken("there is no `=`"))?;
            let section = section.clone().ok_or_else(|| broken("an option stands before the first section"))?;
            let key = key.trim().replace('-', "_");
            if key.is_empty() {
                return Err(broken("the option has no name"));
            }
            entries.push(Entry { section, key, value: unquoted(value.trim()).to_owned(), place });
            open = true;
        }
    }
    Ok(entries)
}

fn unquoted(value: &str) -> &str {
    let inside = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String, usize)> {
        let flat = |entry: Entry| (entry.section, entry.key, entry.value, entry.place.line);
        parse("f", text).unwrap().into_iter().map(flat).collect()
    }

    fn entry(section: &str, key: &str, value: &str, line: usize) -> (String, String, String, usize) {
        (section.to_owned(), key.to_owned(), value.to_owned(), line)
    }

    #[test]
    fn assignments_are_read_as_oslo_config_reads_them() {
        let text = "\u{feff}# comment\r\n[DEFAULT]\r\na-b = 1\r\n; c = 2\nurl: http://x=y\nquoted = \"  two \"\nempty =\n\
            [Fast]\nlines = a,\n  b,\n\tc\n\nlast=x # no comment\n";
        assert_eq!(
            read(text),
            [
                entry("DEFAULT", "a_b", "1", 3),
                entry("DEFAULT", "url", "http://x=y", 5),
                entry("DEFAULT", "quoted", "  two ", 6),
                entry("DEFAULT", "empty", "", 7),
                entry("fast", "lines", "a,\nb,\nc", 9),
                entry("fast", "last", "x # no comment", 13),
            ]
        );
    }

    #[test]
    fn broken_lines_are_told_with_their_place() {
        for (text, message) in [
            ("[DEFAULT]\nno assignment", "f:2: there is no `=`"),
            ("a = 1", "f:1: an option stands before the first section"),
            ("[DEFAULT\n", "f:1: a section must end with `]`"),
            ("[]", "f:1: the section has no name"),
            ("[x]\n= 1", "f:2: the option has no name"),
            ("[x]\na = 1\n\n  2", "f:4: continues a value, and there is none"),
        ] {
            assert_eq!(parse("f", text).unwrap_err().to_string(), message);
        }
    }
}
