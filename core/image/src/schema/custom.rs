//! The operator's own properties of images: Glance's file `schema-image.json`.

use super::{Patterns, base_properties};
use crate::{
    Error, Result,
    python::{repr, repr_str},
};
use regex::Regex;
use serde_json::{Map, Value};

/// What the file says, fit to become part of the schema of an image.
#[derive(Debug, Clone, Default)]
pub struct CustomProperties {
    pub(super) properties: Map<String, Value>,
    pub(super) required: Vec<Value>,
    pub(super) patterns: Patterns,
}

/// A catalog holds the values as text, so nothing that consists of parts.
const TYPES: [&str; 5] = ["string", "null", "boolean", "integer", "number"];
const CHECKS: [&str; 7] = ["type", "enum", "pattern", "minLength", "maxLength", "minimum", "maximum"];
/// Keywords that say something to people and programs, and refuse nothing.
const NOTES: [&str; 9] =
    ["title", "description", "default", "examples", "format", "readOnly", "deprecated", "is_base", "$comment"];

impl CustomProperties {
    /// Reads the text of the file, in either of its forms: `{"properties": {…}, "required": […]}`, or the properties
    /// alone.
    ///
    /// # Errors
    /// When it says something that could not be held.
    pub fn read(text: &str) -> Result<Self> {
        let file: Value = serde_json::from_str(text).map_err(|err| Error::invalid(format!("it is no JSON: {err}")))?;
        let Value::Object(mut file) = file else {
            return Err(Error::invalid("it must be a JSON object of properties"));
        };
        let Some(properties) = file.remove("properties") else {
            return Self::new(file, Vec::new());
        };
        let Value::Object(properties) = properties else {
            return Err(Error::invalid("`properties` must be an object"));
        };
        let required = match file.remove("required") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(names)) if names.iter().all(Value::is_string) => names,
            Some(_) => return Err(Error::invalid("`required` must be a list of names")),
        };
        match file.keys().next() {
            Some(other) => {
                Err(Error::invalid(format!("{} is not supported beside `properties` and `required`", repr_str(other))))
            }
            None => Self::new(properties, required),
        }
    }

    fn new(mut properties: Map<String, Value>, required: Vec<Value>) -> Result<Self> {
        let mut patterns = Patterns::new();
        for (name, definition) in &mut properties {
            let refused = |why: String| Error::invalid(format!("property {}: {why}", repr_str(name)));
            if base_properties().contains_key(name) {
                return Err(refused("every image has one of this name, which can't be defined anew".into()));
            }
            let Value::Object(definition) = definition else {
                return Err(refused("its definition must be an object".into()));
            };
            if !definition.contains_key("type") {
                return Err(refused(format!("it needs a `type`: {}", TYPES.join(", "))));
            }
            for (keyword, wanted) in definition.iter() {
                check_keyword(keyword, wanted).map_err(refused)?;
                if let ("pattern", Value::String(pattern)) = (keyword.as_str(), wanted) {
                    let regex = Regex::new(pattern).map_err(|err| refused(format!("`pattern`: {err}")))?;
                    patterns.push((pattern.clone(), regex));
                }
            }
            definition.insert("is_base".into(), false.into());
        }
        Ok(Self { properties, required, patterns })
    }
}

/// A check that is not made would be a promise broken in silence.
fn check_keyword(keyword: &str, wanted: &Value) -> Result<(), String> {
    let is_sound = match keyword {
        "type" => match wanted {
            Value::Array(names) => !names.is_empty() && names.iter().all(is_type),
            name => is_type(name),
        },
        "enum" => wanted.as_array().is_some_and(|values| !values.is_empty()),
        "pattern" => wanted.is_string(),
        "minLength" | "maxLength" => wanted.is_u64(),
        "minimum" | "maximum" => wanted.is_number(),
        note if NOTES.contains(&note) => true,
        _ => {
            return Err(format!(
                "{} is not supported; what is checked: {}; what is only shown: {}",
                repr_str(keyword),
                CHECKS.join(", "),
                NOTES.join(", ")
            ));
        }
    };
    match (is_sound, keyword) {
        (true, _) => Ok(()),
        (false, "type") => Err(format!("`type` can't be {}; there are {}", repr(wanted), TYPES.join(", "))),
        (false, _) => Err(format!("`{keyword}` can't be {}", repr(wanted))),
    }
}

fn is_type(name: &Value) -> bool {
    TYPES.iter().any(|known| name == known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_forms_of_the_file_say_the_same() {
        let flat = CustomProperties::read(r#"{"os": {"type": "string"}}"#).unwrap();
        let extended =
            CustomProperties::read(r#"{"properties": {"os": {"type": "string"}}, "required": ["os"]}"#).unwrap();
        assert_eq!(flat.properties, extended.properties);
        assert_eq!(flat.properties["os"]["is_base"], false);
        assert_eq!((flat.required.len(), extended.required), (0, vec!["os".into()]));
    }

    #[test]
    fn what_could_not_be_held_is_refused() {
        for (file, why) in [
            ("{", "it is no JSON: EOF while parsing an object at line 1 column 1"),
            ("[]", "it must be a JSON object of properties"),
            (r#"{"properties": []}"#, "`properties` must be an object"),
            (r#"{"properties": {}, "required": "os"}"#, "`required` must be a list of names"),
            (
                r#"{"properties": {}, "additionalProperties": false}"#,
                "'additionalProperties' is not supported beside `properties` and `required`",
            ),
            (
                r#"{"name": {"type": "string"}}"#,
                "property 'name': every image has one of this name, which can't be defined anew",
            ),
            (r#"{"a": "string"}"#, "property 'a': its definition must be an object"),
            (r#"{"a": {}}"#, "property 'a': it needs a `type`: string, null, boolean, integer, number"),
            (
                r#"{"a": {"type": ["string", "array"]}}"#,
                "property 'a': `type` can't be ['string', 'array']; there are string, null, boolean, integer, number",
            ),
            (r#"{"a": {"type": "string", "minLength": -1}}"#, "property 'a': `minLength` can't be -1"),
            (
                r#"{"a": {"type": "string", "oneOf": []}}"#,
                "property 'a': 'oneOf' is not supported; what is checked: type, enum, pattern,",
            ),
            (r#"{"a": {"type": "string", "pattern": "(?=x)"}}"#, "property 'a': `pattern`: regex parse error:"),
        ] {
            let refusal = CustomProperties::read(file).unwrap_err().message;
            assert!(refusal.starts_with(why), "{file}: {refusal}");
        }
    }
}
