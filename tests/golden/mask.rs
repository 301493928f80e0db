//! What differs from run to run: ids, times, folders. As `record/record.py` masks it.

use serde_json::Value;

/// Values by the labels that stand for them, `<name>`.
#[derive(Default)]
pub(crate) struct Masks(Vec<(String, String)>);

impl Masks {
    pub(crate) fn keep(&mut self, name: &str, value: &str) {
        self.0.retain(|(_, known)| known != name);
        self.0.push((value.to_owned(), name.to_owned()));
    }

    /// The text with the kept values where `${name}` stands.
    pub(crate) fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (value, name)| text.replace(&format!("${{{name}}}"), value))
    }

    pub(crate) fn mask(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(list) => Value::Array(list.into_iter().map(|one| self.mask(one)).collect()),
            Value::Object(object) => {
                Value::Object(object.into_iter().map(|(key, one)| (self.text(&key), self.mask(one))).collect())
            }
            other => other,
        }
    }

    fn text(&self, text: &str) -> String {
        let known = |text: String, (value, name): &(String, String)| text.replace(value, &format!("<{name}>"));
        let text = self.0.iter().fold(text.to_owned(), known);
        let mut masked = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(next) = rest.chars().next() {
            let (label, len) = if is_like(rest, UUID) {
                ("<uuid>", UUID.len())
            } else if is_like(rest, TIME) {
                ("<time>", time_len(rest))
            } else {
                masked.push(next);
                rest = &rest[next.len_utf8()..];
                continue;
            };
            masked += label;
            rest = &rest[len..];
        }
        masked
    }
}

/// `x` is a hexadecimal digit, `9` a decimal one, all else itself.
const UUID: &str = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
const TIME: &str = "9999-99-99T99:99:99";

fn is_like(text: &str, pattern: &str) -> bool {
    let fits = |(byte, pattern): (u8, u8)| match pattern {
        b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        b'9' => byte.is_ascii_digit(),
        _ => byte == pattern,
    };
    text.len() >= pattern.len() && text.bytes().zip(pattern.bytes()).all(fits)
}

/// With the fraction of a second and the zone that may follow.
fn time_len(text: &str) -> usize {
    let rest = &text[TIME.len()..];
    let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = match rest.strip_prefix('.').map(digits) {
        Some(digits) if digits > 0 => 1 + digits,
        _ => 0,
    };
    TIME.len() + fraction + usize::from(rest[fraction..].starts_with('Z'))
}
