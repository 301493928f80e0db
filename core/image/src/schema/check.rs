//! The check of a value against a schema, in the words of Glance's validator.

use crate::{
    Error, ImageId, Result,
    python::{pretty, repr, repr_str},
};
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Checks a whole body against the document that describes it.
pub(crate) fn validate(body: &Value, document: &Value) -> Result<()> {
    validate_with(body, document, &[])
}

/// Checks a whole body against a document that may ask for these patterns.
pub(super) fn validate_with(body: &Value, document: &Value, patterns: &[(String, Regex)]) -> Result<()> {
    let mut found = Worst::default();
    let mut place = Place { document, patterns, instance: Vec::new(), schema: Vec::new() };
    check(body, document, &mut place, &mut found);
    found.verdict()
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Step<K = String> {
    Key(K),
    Index(usize),
}

/// Where in the instance, and where in the schema.
#[derive(Debug, Clone)]
struct Place<'a> {
    /// The whole schema, where references lead.
    document: &'a Value,
    patterns: &'a [(String, Regex)],
    instance: Vec<Step>,
    schema: Vec<Step<&'a str>>,
}

impl<K: AsRef<str>> Step<K> {
    fn in_brackets(&self) -> String {
        match self {
            Self::Key(name) => format!("[{}]", repr_str(name.as_ref())),
            Self::Index(at) => format!("[{at}]"),
        }
    }
}

impl Place<'_> {
    /// All patterns are the operator's, but for that of an id.
    fn matches(&self, pattern: &Value, text: &str) -> bool {
        match self.patterns.iter().find(|(known, _)| pattern == known) {
            Some((_, regex)) => regex.is_match(text),
            None => ImageId::parse(text).is_some(),
        }
    }
}

#[derive(Debug)]
struct Violation<'a> {
    place: Place<'a>,
    keyword: &'a str,
    schema: &'a Map<String, Value>,
    instance: &'a Value,
    /// The name that `required` misses.
    missing: Option<&'a str>,
}

/// What a schema of the served documents can ask of a value, in the order it is written there.
fn check<'a>(value: &'a Value, schema: &'a Value, place: &mut Place<'a>, found: &mut Worst<'a>) {
    let Value::Object(schema) = schema else {
        return;
    };
    for (keyword, wanted) in schema {
        let holds = match (keyword.as_str(), value) {
            ("type", _) => is_of_type(value, wanted),
            ("enum", _) => wanted.as_array().is_none_or(|known| known.contains(value)),
            ("pattern", Value::String(text)) => place.matches(wanted, text),
            ("minLength", Value::String(text)) => wanted.as_u64().is_none_or(|least| length(text) >= least),
            ("maxLength", Value::String(text)) => wanted.as_u64().is_none_or(|most| length(text) <= most),
            ("minimum", Value::Number(number)) => at_least(number.as_f64(), wanted.as_f64()),
            ("maximum", Value::Number(number)) => at_least(wanted.as_f64(), number.as_f64()),
            ("minItems", Value::Array(items)) => at_least(Some(items.len() as f64), wanted.as_f64()),
            ("uniqueItems", Value::Array(items)) => wanted != &Value::Bool(true) || are_unique(items),
            ("dependentRequired", Value::Object(entries)) => lacking(entries, wanted).is_none(),
            ("$ref", _) => {
                if let Some(definition) = wanted.as_str().and_then(|to| place.document.pointer(to.strip_prefix('#')?)) {
                    check(value, definition, place, found);
                }
                true
            }
            ("allOf", _) => {
                for (at, part) in wanted.as_array().into_iter().flatten().enumerate() {
                    place.schema.extend([Step::Key("allOf"), Step::Index(at)]);
                    check(value, part, place, found);
                    place.schema.truncate(place.schema.len() - 2);
                }
                true
            }
            ("items", Value::Array(items)) => {
                place.schema.push(Step::Key("items"));
                for (at, item) in items.iter().enumerate() {
                    place.instance.push(Step::Index(at));
                    check(item, wanted, place, found);
                    place.instance.pop();
                }
                place.schema.pop();
                true
            }
            _ => true,
        };
        if !holds {
            found.add(Violation { place: place.clone(), keyword, schema, instance: value, missing: None });
        }
    }
    if let Value::Object(entries) = value {
        check_object(entries, value, schema, place, found);
    }
}

fn check_object<'a>(
    entries: &'a Map<String, Value>,
    whole: &'a Value,
    schema: &'a Map<String, Value>,
    place: &mut Place<'a>,
    found: &mut Worst<'a>,
) {
    let no_properties = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_known = |name: &str| properties.unwrap_or(&no_properties).contains_key(name);
    for (name, wanted) in properties.into_iter().flatten() {
        if let Some(value) = entries.get(name) {
            place.instance.push(Step::Key(name.clone()));
            place.schema.extend([Step::Key("properties"), Step::Key(name)]);
            check(value, wanted, place, found);
            place.schema.truncate(place.schema.len() - 2);
            place.instance.pop();
        }
    }
    match schema.get("additionalProperties") {
        Some(wanted @ Value::Object(_)) => {
            place.schema.push(Step::Key("additionalProperties"));
            for (name, value) in entries.iter().filter(|(name, _)| !is_known(name)) {
                place.instance.push(Step::Key(name.clone()));
                check(value, wanted, place, found);
                place.instance.pop();
            }
            place.schema.pop();
        }
        Some(Value::Bool(false)) if entries.keys().any(|name| !is_known(name)) => found.add(Violation {
            place: place.clone(),
            keyword: "additionalProperties",
            schema,
            instance: whole,
            missing: None,
        }),
        _ => {}
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !entries.contains_key(name) {
            found.add(Violation {
                place: place.clone(),
                keyword: "required",
                schema,
                instance: whole,
                missing: Some(name),
            });
        }
    }
}

fn at_least(number: Option<f64>, least: Option<f64>) -> bool {
    number.zip(least).is_none_or(|(number, least)| number >= least)
}

fn are_unique(items: &[Value]) -> bool {
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| seen.insert(item.to_string()))
}

fn length(text: &str) -> u64 {
    text.chars().count() as u64
}

fn is_of_type(value: &Value, wanted: &Value) -> bool {
    let is_a = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        // A float without a fraction is an integer to JSON schema.
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|float| float.fract() == 0.0),
        _ => true,
    };
    match wanted {
        Value::String(name) => is_a(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is_a),
        _ => true,
    }
}

/// The violation that Glance's validator would report: the shallowest, then the one whose path sorts last, then
/// one whose value has not even the right type, then the first. Only this one is kept: there can be as many as a body
/// has values.
#[derive(Debug, Default)]
struct Worst<'a>(Option<Violation<'a>>);

impl<'a> Worst<'a> {
    fn add(&mut self, violation: Violation<'a>) {
        if self.0.as_ref().is_none_or(|worst| violation.rank() > worst.rank()) {
            self.0 = Some(violation);
        }
    }

    fn verdict(self) -> Result<()> {
        self.0.map_or(Ok(()), |violation| Err(violation.into_error()))
    }
}

impl Violation<'_> {
    fn rank(&self) -> (std::cmp::Reverse<usize>, &[Step], bool) {
        let matches_type = self.schema.get("type").is_some_and(|wanted| is_of_type(self.instance, wanted));
        (std::cmp::Reverse(self.place.instance.len()), &self.place.instance, !matches_type)
    }

    fn into_error(self) -> Error {
        let name = self.place.document.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut text =
            format!("Provided object does not match schema '{name}': {}\n\nFailed validating ", self.sentence());
        text.push_str(&repr_str(self.keyword));
        text.push_str(" in schema");
        for step in &self.place.schema {
            text.push_str(&step.in_brackets());
        }
        text.push_str(":\n    ");
        text.push_str(&indented(&Value::Object(self.schema.clone())));
        text.push_str("\n\nOn instance");
        for step in &self.place.instance {
            text.push_str(&step.in_brackets());
        }
        text.push_str(":\n    ");
        text.push_str(&indented(self.instance));
        Error::invalid(text)
    }

    fn sentence(&self) -> String {
        let value = repr(self.instance);
        let wanted = self.schema.get(self.keyword).unwrap_or(&Value::Null);
        match self.keyword {
            "type" => {
                let names = match wanted {
                    Value::Array(names) => names.iter().map(repr).collect::<Vec<_>>().join(", "),
                    name => repr(name),
                };
                format!("{value} is not of type {names}")
            }
            "enum" => format!("{value} is not one of {}", repr(wanted)),
            "pattern" => format!("{value} does not match {}", repr(wanted)),
            "minLength" if wanted == 1 => format!("{value} should be non-empty"),
            "minLength" => format!("{value} is too short"),
            "maxLength" if wanted == 0 => format!("{value} is expected to be empty"),
            "maxLength" => format!("{value} is too long"),
            "minimum" => format!("{value} is less than the minimum of {}", repr(wanted)),
            "maximum" => format!("{value} is greater than the maximum of {}", repr(wanted)),
            "minItems" => format!("{value} should be non-empty"),
            "uniqueItems" => format!("{value} has non-unique elements"),
            "dependentRequired" => {
                let lacking = self.instance.as_object().and_then(|entries| lacking(entries, wanted));
                let (name, needed) = lacking.unwrap_or_default();
                format!("{} is a dependency of {}", repr_str(needed), repr_str(name))
            }
            "required" => format!("{} is a required property", repr_str(self.missing.unwrap_or_default())),
            _ => self.extras(),
        }
    }

    fn extras(&self) -> String {
        let known = self.schema.get("properties").and_then(Value::as_object);
        let entries = self.instance.as_object();
        let mut extras: Vec<&String> = entries
            .into_iter()
            .flat_map(Map::keys)
            .filter(|name| known.is_none_or(|known| !known.contains_key(*name)))
            .collect();
        extras.sort();
        let verb = if extras.len() == 1 { "was" } else { "were" };
        let names = extras.iter().map(|name| repr_str(name)).collect::<Vec<_>>().join(", ");
        format!("Additional properties are not allowed ({names} {verb} unexpected)")
    }
}

/// A name that is there, and the one that it needs and that is not.
fn lacking<'a>(entries: &Map<String, Value>, wanted: &'a Value) -> Option<(&'a str, &'a str)> {
    let there = wanted.as_object()?.iter().filter(|(name, _)| entries.contains_key(*name));
    there
        .flat_map(|(name, needs)| {
            needs.as_array().into_iter().flatten().filter_map(Value::as_str).map(move |needed| (name.as_str(), needed))
        })
        .find(|(_, needed)| !entries.contains_key(*needed))
}

fn indented(value: &Value) -> String {
    pretty(value).replace('\n', "\n    ")
}
