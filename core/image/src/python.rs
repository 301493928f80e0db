//! Values as Python writes them: Glance's messages carry Python's `repr` and `pprint`, and clients read them.

use serde_json::{Map, Value};

/// `repr(value)` of the Python object that this JSON becomes.
pub(crate) fn repr(value: &Value) -> String {
    let mut out = String::new();
    write_repr(&mut out, value);
    out
}

/// `repr(text)`.
pub(crate) fn repr_str(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_repr_str(&mut out, text);
    out
}

/// `pprint.pformat(value, width=72, sort_dicts=False)`.
pub(crate) fn pretty(value: &Value) -> String {
    let mut printer = Printer { out: String::new() };
    printer.value(value, 0, 0, 0);
    printer.out
}

fn write_repr(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => out.push_str(&repr_float(float)),
            None => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_repr_str(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_repr(out, item);
            }
            out.push(']');
        }
        Value::Object(entries) => {
            out.push('{');
            for (at, (key, item)) in entries.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_repr_str(out, key);
                out.push_str(": ");
                write_repr(out, item);
            }
            out.push('}');
        }
    }
}

/// Rust and Python agree on the digits and on when to use an exponent; only its spelling differs (`1e-7`, `1e-07`).
fn repr_float(float: f64) -> String {
    let text = format!("{float:?}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
    format!("{digits}e{sign}{exponent:0>2}")
}

fn write_repr_str(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => match u32::from(c) {
                code @ 0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// `str.isprintable`. Rust's escape table is made from the same categories, except that it also escapes a
/// combining mark when it comes first, so that one is asked about behind a letter.
fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let probe = ['x', character].iter().collect::<String>();
    probe.escape_debug().eq(probe.chars())
}

const WIDTH: usize = 72;

/// Python's `pprint.PrettyPrinter`, for the types that JSON has. `indent` is the column, `allowance` the room
/// that closing brackets need, `level` the nesting depth.
struct Printer {
    out: String,
}

impl Printer {
    fn value(&mut self, value: &Value, indent: usize, allowance: usize, level: usize) {
        let repr = repr(value);
        if repr.chars().count() + indent + allowance <= WIDTH {
            return self.out.push_str(&repr);
        }
        match value {
            Value::Object(entries) => self.object(entries, indent, allowance, level),
            Value::Array(items) => self.array(items, indent, allowance, level),
            Value::String(text) if !text.is_empty() => self.string(text, &repr, indent, allowance, level),
            _ => self.out.push_str(&repr),
        }
    }

    fn object(&mut self, entries: &Map<String, Value>, indent: usize, allowance: usize, level: usize) {
        self.out.push('{');
        for (at, (key, value)) in entries.iter().enumerate() {
            let last = at + 1 == entries.len();
            let key = repr_str(key);
            let column = indent + 1 + key.chars().count() + 2;
            self.out.push_str(&key);
            self.out.push_str(": ");
            self.value(value, column, if last { allowance + 1 } else { 1 }, level + 1);
            if !last {
                self.out.push(',');
                self.new_line(indent + 1);
            }
        }
        self.out.push('}');
    }

    fn array(&mut self, items: &[Value], indent: usize, allowance: usize, level: usize) {
        self.out.push('[');
        for (at, item) in items.iter().enumerate() {
            let last = at + 1 == items.len();
            self.value(item, indent + 1, if last { allowance + 1 } else { 1 }, level + 1);
            if !last {
                self.out.push(',');
                self.new_line(indent + 1);
            }
        }
        self.out.push(']');
    }

    /// Adjacent string literals, one a line; in parentheses where nothing else brackets them.
    fn string(&mut self, text: &str, repr: &str, indent: usize, allowance: usize, level: usize) {
        let bare = usize::from(level == 0);
        let (indent, allowance) = (indent + bare, allowance + bare);
        let chunks = wrap(text, WIDTH.saturating_sub(indent), allowance);
        if chunks.len() == 1 {
            return self.out.push_str(repr);
        }
        if level == 0 {
            self.out.push('(');
        }
        for (at, chunk) in chunks.iter().enumerate() {
            if at > 0 {
                self.new_line(indent);
            }
            self.out.push_str(chunk);
        }
        if level == 0 {
            self.out.push(')');
        }
    }

    fn new_line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
    }
}

/// Breaks a string after its line ends, and lines that are still too wide after their spaces.
fn wrap(text: &str, width: usize, allowance: usize) -> Vec<String> {
    let lines = split_lines(text);
    let mut chunks = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let last_line = at + 1 == lines.len();
        let room = if last_line { width.saturating_sub(allowance) } else { width };
        let whole = repr_str(line);
        if whole.chars().count() <= room {
            chunks.push(whole);
            continue;
        }
        let words = split_words(line);
        let mut current = String::new();
        for (at, word) in words.iter().enumerate() {
            let room = if last_line && at + 1 == words.len() { width.saturating_sub(allowance) } else { width };
            let candidate = format!("{current}{word}");
            if repr_str(&candidate).chars().count() > room {
                if !current.is_empty() {
                    chunks.push(repr_str(&current));
                }
                current = (*word).to_owned();
            } else {
                current = candidate;
            }
        }
        if !current.is_empty() {
            chunks.push(repr_str(&current));
        }
    }
    chunks
}

/// `text.splitlines(True)`.
fn split_lines(text: &str) -> Vec<&str> {
    let ends_line =
        |c| matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut lines = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        if !ends_line(character) || (character == '\r' && characters.peek().is_some_and(|(_, next)| *next == '\n')) {
            continue;
        }
        let end = at + character.len_utf8();
        lines.push(&text[start..end]);
        start = end;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// Words with the blanks that follow them: `re.findall(r'\S*\s*', line)`.
fn split_words(line: &str) -> Vec<&str> {
    let is_blank = |c: char| c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}');
    let mut words = Vec::new();
    let mut start = 0;
    let mut after_blank = false;
    for (at, character) in line.char_indices() {
        let blank = is_blank(character);
        if after_blank && !blank {
            words.push(&line[start..at]);
            start = at;
        }
        after_blank = blank;
    }
    words.push(&line[start..]);
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_constants_are_spelled_as_in_python() {
        let value = json!([null, true, false, 1, -1, 1.0, 1e16, 1e-7, 0.0001, 1e300, 18446744073709551615_u64]);
        assert_eq!(repr(&value), "[None, True, False, 1, -1, 1.0, 1e+16, 1e-07, 0.0001, 1e+300, 18446744073709551615]");
    }

    #[test]
    fn strings_are_quoted_as_in_python() {
        assert_eq!(repr_str("it's"), "\"it's\"");
        assert_eq!(repr_str("it's \"it\""), "'it\\'s \"it\"'");
        assert_eq!(repr_str("a\u{0}\u{a0}\u{200b}e\u{301}\\\n"), "'a\\x00\\xa0\\u200be\u{301}\\\\\\n'");
    }
}
