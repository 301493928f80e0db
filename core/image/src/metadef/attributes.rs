//! The typed attributes of definitions. What the schema lets pass can still be of another type than the attribute:
//! Glance fails there (500), we refuse.

use crate::{Error, Result, python::repr};
use serde_json::{Map, Number, Value};

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Texts,
    Integer,
    Boolean,
    /// A value of any simple type, kept as its text. Lists and objects become null, as in Glance.
    Default,
    /// `{"type": …, "enum": […]}`
    Items,
}

const ITEMS: [(&str, Kind); 2] = [("type", Kind::Text), ("enum", Kind::Texts)];

/// The attributes of `known` that `given` has, in the order of `known`. Others are refused.
pub(super) fn parse(
    given: &Map<String, Value>,
    known: &[(&str, Kind)],
    mandatory: &[&str],
) -> Result<Map<String, Value>> {
    if let Some(name) = given.keys().find(|name| known.iter().all(|(known, _)| known != name)) {
        return Err(Error::invalid(format!("Unknown attribute: {name}.")));
    }
    if let Some(name) = mandatory.iter().find(|name| !given.contains_key(**name)) {
        return Err(Error::invalid(format!("Mandatory attribute missing: {name}.")));
    }
    let mut parsed = Map::new();
    for (name, kind) in known {
        if let Some(value) = given.get(*name) {
            let converted = convert(value, *kind).ok_or_else(|| wrong(name, value))?;
            parsed.insert((*name).to_owned(), converted);
        }
    }
    Ok(parsed)
}

/// What can be read of a definition that Glance, or a file, put into the database.
pub(super) fn read(stored: &Map<String, Value>, known: &[(&str, Kind)]) -> Map<String, Value> {
    let readable = |(name, kind): &(&str, Kind)| Some(((*name).to_owned(), convert(stored.get(*name)?, *kind)?));
    known.iter().filter_map(readable).collect()
}

fn wrong(name: &str, value: &Value) -> Error {
    Error::invalid(format!("Invalid input for attribute {name}: {}.", repr(value)))
}

fn convert(value: &Value, kind: Kind) -> Option<Value> {
    match (kind, value) {
        (Kind::Default, Value::Null | Value::Array(_) | Value::Object(_)) => Some(Value::Null),
        (Kind::Default, Value::String(_)) | (Kind::Text, Value::String(_)) | (Kind::Boolean, Value::Bool(_)) => {
            Some(value.clone())
        }
        (Kind::Default, Value::Bool(_) | Value::Number(_)) => Some(Value::String(repr(value))),
        (Kind::Texts, Value::Array(items)) => items.iter().all(Value::is_string).then(|| value.clone()),
        (Kind::Integer, Value::Number(number)) => integer(number).map(Value::Number),
        (Kind::Items, Value::Object(items)) => parse(items, &ITEMS, &["type"]).ok().map(Value::Object),
        _ => None,
    }
}

/// Without its fraction; `None` beyond 64 bits.
fn integer(number: &Number) -> Option<Number> {
    if number.is_i64() || number.is_u64() {
        return Some(number.clone());
    }
    let whole = number.as_f64()?.trunc();
    // The text of a whole number has no exponent, and what does not fit does not parse.
    format!("{whole:.0}").parse::<i64>().ok().map(Number::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_what_glance_makes_of_them() {
        for (kind, value, wanted) in [
            (Kind::Default, json!(true), json!("True")),
            (Kind::Default, json!(5), json!("5")),
            (Kind::Default, json!(1.5), json!("1.5")),
            (Kind::Default, json!("ü"), json!("ü")),
            (Kind::Default, json!(["a"]), json!(null)),
            (Kind::Default, json!({}), json!(null)),
            (Kind::Integer, json!(-1.9), json!(-1)),
            (Kind::Integer, json!(u64::MAX), json!(u64::MAX)),
            (Kind::Items, json!({"enum": ["a"], "type": "string"}), json!({"type": "string", "enum": ["a"]})),
        ] {
            assert_eq!(convert(&value, kind), Some(wanted), "{value}");
        }
        for (kind, value) in [
            (Kind::Integer, json!(1e30)),
            (Kind::Integer, json!("1")),
            (Kind::Texts, json!(["a", 1])),
            (Kind::Items, json!({})),
            (Kind::Items, json!({"type": "string", "foo": 1})),
            (Kind::Text, json!(null)),
        ] {
            assert_eq!(convert(&value, kind), None, "{value}");
        }
    }
}
