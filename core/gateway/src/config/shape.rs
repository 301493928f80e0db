//! Holds what was read against the JSON schema of [`Config`](super::Config): unknown keys, missing keys, wrong types.
//!
//! serde would stop at the first of them, and knows no lines.

use super::{error::Problems, place::KeyPath};
use ::config::{Value as Read, ValueKind};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The schema, with everything in its place: no references.
pub(super) fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<super::Config>().into()
}

/// What was read as JSON of the shape that the schema asks for; of use only when no problem was found.
pub(super) fn check(read: &Read, problems: &mut Problems<'_>) -> Value {
    Check { problems }.value(&schema(), read, &KeyPath::default())
}

struct Check<'p, 'a> {
    problems: &'p mut Problems<'a>,
}

impl Check<'_, '_> {
    fn value(&mut self, schema: &Value, read: &Read, path: &KeyPath) -> Value {
        let read = from_variable(schema, read);
        match &read.kind {
            ValueKind::Table(table) if allows(schema, "object") => self.table(schema, table, path),
            ValueKind::Array(array) if allows(schema, "array") => array
                .iter()
                .enumerate()
                .map(|(index, item)| self.value(&schema["items"], item, &path.index(index)))
                .collect(),
            _ => self.scalar(schema, to_json(&read), path),
        }
    }

    fn table(&mut self, schema: &Value, table: &::config::Map<String, Read>, path: &KeyPath) -> Value {
        let mut checked = Map::new();
        for (key, read) in table {
            let here = path.key(key);
            let others = &schema["additionalProperties"];
            let value = match schema["properties"].get(key) {
                Some(known) => self.value(known, read, &here),
                None if *others == Value::Bool(false) => {
                    self.problems.add(&here, unknown(key, &here, schema));
                    continue;
                }
                None => self.value(others, read, &here),
            };
            checked.insert(key.clone(), value);
        }
        for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(key) {
                self.problems.add(path, format!("the key `{}` is missing", path.key(key)));
            }
        }
        Value::Object(checked)
    }

    fn scalar(&mut self, schema: &Value, value: Value, path: &KeyPath) -> Value {
        if let Some(choices) = choices(schema) {
            if !choices.contains(&value) {
                let choices: Vec<_> = choices.iter().map(Value::to_string).collect();
                let found = found(&value);
                let text = format!("`{path}` must be one of {}, not {found}", choices.join(", "));
                self.problems.add(path, text);
            }
        } else if let Some(expected) = mismatch(schema, &value) {
            self.problems.add(path, format!("`{path}` must be {expected}, not {}", found(&value)));
        }
        value
    }
}

/// A variable holds text; a number, a list and so on are written in it as in the file. Where the key is a plugin's and
/// nothing is known of its type, text is what is no TOML value.
fn from_variable(schema: &Value, read: &Read) -> Read {
    let ValueKind::String(text) = &read.kind else {
        return read.clone();
    };
    let may_be_text = allows(schema, "string") && schema.get("type").is_some();
    let may_be_list = may_be_text && allows(schema, "array");
    if read.origin().is_none() || (may_be_text && !may_be_list) || choices(schema).is_some() {
        return read.clone();
    }
    let parsed = ::config::File::from_str(&format!("value = {text}"), ::config::FileFormat::Toml);
    match ::config::Source::collect(&parsed) {
        Ok(mut table) if table.len() == 1 => table.remove("value").filter(|value| !may_be_list || is_list(value)),
        _ => None,
    }
    .unwrap_or_else(|| read.clone())
}

fn is_list(read: &Read) -> bool {
    matches!(read.kind, ValueKind::Array(_))
}

fn unknown(key: &str, path: &KeyPath, schema: &Value) -> String {
    let known = schema["properties"].as_object().into_iter().flat_map(Map::keys);
    let nearest = known
        .map(|known| (strsim::jaro_winkler(&key.to_lowercase(), known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((_, known)) => format!("unknown key `{path}`; did you mean `{known}`?"),
        None => format!("unknown key `{path}`"),
    }
}

/// The values of an enumeration. schemars writes them as `enum`, or as one `const` each where they have docs.
fn choices(schema: &Value) -> Option<Vec<Value>> {
    if let Some(values) = schema["enum"].as_array() {
        return Some(values.clone());
    }
    let mut choices = Vec::new();
    for choice in schema["oneOf"].as_array()? {
        match choice.get("const") {
            Some(value) => choices.push(value.clone()),
            None => choices.extend(choice["enum"].as_array()?.iter().cloned()),
        }
    }
    Some(choices)
}

fn allows(schema: &Value, name: &str) -> bool {
    match &schema["type"] {
        Value::String(only) => only == name,
        Value::Array(several) => several.contains(&json!(name)),
        _ => choices(schema).is_none(),
    }
}

/// What the schema asks for, when the value is not that.
fn mismatch(schema: &Value, value: &Value) -> Option<String> {
    let fits = match value {
        Value::Null => allows(schema, "null"),
        Value::Bool(_) => allows(schema, "boolean"),
        Value::Number(number) if number.is_f64() => allows(schema, "number"),
        Value::Number(_) => allows(schema, "integer") || allows(schema, "number"),
        Value::String(_) => allows(schema, "string"),
        Value::Array(_) => allows(schema, "array"),
        Value::Object(_) => allows(schema, "object"),
    };
    let limit = |name: &str| schema[name].as_i64();
    let in_range = value.as_i64().is_none_or(|number| {
        limit("minimum").is_none_or(|least| number >= least) && limit("maximum").is_none_or(|most| number <= most)
    });
    (!fits || !in_range).then(|| expected(schema))
}

fn expected(schema: &Value) -> String {
    let kinds = [
        ("boolean", "true or false"),
        ("integer", "a whole number"),
        ("number", "a number"),
        ("string", "text"),
        ("array", "a list"),
        ("object", "a table"),
    ];
    let kinds: Vec<_> = kinds.iter().filter(|(name, _)| allows(schema, name)).map(|(_, text)| *text).collect();
    let kind = kinds.join(" or ");
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Null, Value::Null) => kind,
        (least, Value::Null) => format!("{kind} of at least {least}"),
        (Value::Null, most) => format!("{kind} of at most {most}"),
        (least, most) => format!("{kind} from {least} to {most}"),
    }
}

/// Never the value itself when it is text: it may be a secret that stands at the wrong key.
fn found(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(value) => format!("{value}"),
        Value::Number(number) => format!("{number}"),
        Value::String(_) => "this text".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "a table".into(),
    }
}

fn to_json(read: &Read) -> Value {
    match &read.kind {
        ValueKind::Nil => Value::Null,
        ValueKind::Boolean(value) => json!(value),
        ValueKind::I64(value) => json!(value),
        ValueKind::I128(value) => json!(value),
        ValueKind::U64(value) => json!(value),
        ValueKind::U128(value) => json!(value),
        ValueKind::Float(value) => json!(value),
        ValueKind::String(value) => json!(value),
        ValueKind::Table(table) => table.iter().map(|(key, value)| (key.clone(), to_json(value))).collect(),
        ValueKind::Array(array) => array.iter().map(to_json).collect(),
    }
}
