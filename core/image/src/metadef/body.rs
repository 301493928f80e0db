//! What all bodies have in common.

use crate::{Error, Result, schema};
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// Attributes that only the service gives.
pub(super) const OWN: [&str; 4] = ["self", "schema", "created_at", "updated_at"];
pub(super) const TIMES: [&str; 2] = ["created_at", "updated_at"];

/// The body as an object without what clients may not set, after `document`.
pub(super) fn check<'a>(
    body: &'a Value,
    read_only: &[&str],
    document: &'static Value,
) -> Result<&'a Map<String, Value>> {
    let Value::Object(entries) = body else {
        return Err(Error::invalid("The request body must be a JSON object."));
    };
    if let Some(name) = read_only.iter().find(|name| entries.contains_key(**name)) {
        return Err(Error::forbidden(format!("Attribute '{name}' is read-only.")));
    }
    schema::validate(body, document)?;
    Ok(entries)
}

/// The document served under `/v2/schemas/metadefs/{name}`.
pub(super) fn document(name: &str) -> &'static Value {
    schema::metadefs(name)
}

/// The list that sets the tags of a namespace. It is not served.
pub(super) static TAG_LIST: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../schemas/metadefs_tag_list.json")).expect("an embedded schema is JSON")
});

/// A property that has its name from the key it stands under. It is not served.
pub(super) static NAMELESS_PROPERTY: LazyLock<Value> = LazyLock::new(|| {
    let mut document = document("property").clone();
    if let Some(Value::Array(names)) = document.get_mut("required") {
        names.retain(|name| name != "name");
    }
    document
});

pub(super) fn text(entries: &Map<String, Value>, name: &str) -> Option<String> {
    entries.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// Puts what is there.
pub(super) fn put(view: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        view.insert(name.to_owned(), value.into());
    }
}

pub(super) fn list<T>(items: &[T], view: impl Fn(&T) -> Map<String, Value>) -> Value {
    items.iter().map(view).collect()
}
