//! Where the gateway means to answer something else than Glance.

use crate::folder;
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// The table. Each entry has
///
/// - `at`: the steps, as `script: step`; a `*` at the end stands for any rest;
/// - `where`: the place in the answer, as a JSON pointer;
/// - `ours`: what we have there; without it there is nothing;
/// - `glance`: what Glance has there, where the entry is about this alone;
/// - `docs`: words of docs/glance-compatibility.md that give the reason.
pub(crate) struct Differences(Vec<Value>);

impl Differences {
    #[track_caller]
    pub(crate) fn load() -> Self {
        let text = fs::read_to_string(folder().join("differences.json")).unwrap();
        Self(serde_json::from_str(&text).unwrap())
    }

    /// Glance's answer as we mean to give it.
    pub(crate) fn applied(&self, at: &str, mut answer: Value) -> Value {
        for entry in self.0.iter().filter(|entry| concerns(entry, at)) {
            answer = changed(entry, answer);
        }
        answer
    }

    /// The entries that make a difference to this answer, by their number.
    pub(crate) fn that_change(&self, at: &str, answer: &Value) -> Vec<usize> {
        let changes = |entry: &Value| concerns(entry, at) && changed(entry, answer.clone()) != *answer;
        (0..self.0.len()).filter(|number| changes(&self.0[*number])).collect()
    }

    pub(crate) fn all_but(&self, used: &BTreeSet<usize>) -> Vec<String> {
        let unused = self.0.iter().enumerate().filter(|(number, _)| !used.contains(number));
        unused.map(|(_, entry)| format!("makes no difference: {entry}")).collect()
    }

    /// Entries whose reason does not stand in the documentation.
    pub(crate) fn unexplained(&self) -> Vec<String> {
        let docs = fs::read_to_string(folder().join("../../docs/glance-compatibility.md")).unwrap();
        let docs = docs.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_explained = |entry: &&Value| entry["docs"].as_str().is_some_and(|words| docs.contains(words));
        self.0.iter().filter(|entry| !is_explained(entry)).map(|entry| format!("not in the docs: {entry}")).collect()
    }
}

fn concerns(entry: &Value, at: &str) -> bool {
    let mut places = entry["at"].as_array().unwrap().iter().map(|place| place.as_str().unwrap());
    places.any(|place| match place.strip_suffix('*') {
        Some(beginning) => at.starts_with(beginning),
        None => at == place,
    })
}

/// The answer with one difference made.
fn changed(entry: &Value, mut answer: Value) -> Value {
    let place = entry["where"].as_str().unwrap();
    if entry.get("glance").is_none_or(|glance| answer.pointer(place) == Some(glance)) {
        put(&mut answer, place, entry.get("ours"));
    }
    answer
}

fn put(answer: &mut Value, place: &str, ours: Option<&Value>) {
    let (parent, key) = place.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    match (answer.pointer_mut(parent), ours) {
        (Some(Value::Object(object)), Some(ours)) => drop(object.insert(key, ours.clone())),
        (Some(Value::Object(object)), None) => drop(object.remove(&key)),
        (Some(Value::Array(list)), ours) => {
            let at = key.parse::<usize>().ok().filter(|at| *at < list.len());
            match (at, ours) {
                (Some(at), Some(ours)) => list[at] = ours.clone(),
                (Some(at), None) => drop(list.remove(at)),
                (None, Some(ours)) => list.push(ours.clone()),
                (None, None) => {}
            }
        }
        _ => {}
    }
}

/// What differs, each as a line that the table could take.
pub(crate) fn between(at: &str, expected: &Value, ours: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk("", Some(expected), Some(ours), &mut found);
    let line = |(place, expected, ours): (String, Option<Value>, Option<Value>)| {
        let mut entry = serde_json::json!({"at": [at], "where": place});
        let members = entry.as_object_mut().unwrap();
        members.extend(expected.map(|value| ("glance".to_owned(), value)));
        members.extend(ours.map(|value| ("ours".to_owned(), value)));
        entry.to_string()
    };
    found.into_iter().map(line).collect()
}

type Found = (String, Option<Value>, Option<Value>);

fn walk(place: &str, expected: Option<&Value>, ours: Option<&Value>, found: &mut Vec<Found>) {
    match (expected, ours) {
        (expected, ours) if expected == ours => {}
        (Some(Value::Object(expected)), Some(Value::Object(ours))) => {
            let keys: BTreeSet<&String> = expected.keys().chain(ours.keys()).collect();
            for key in keys {
                let inner = format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
                walk(&inner, expected.get(key), ours.get(key), found);
            }
        }
        (Some(Value::Array(expected)), Some(Value::Array(ours))) if expected.len() == ours.len() => {
            for (number, (expected, ours)) in expected.iter().zip(ours).enumerate() {
                walk(&format!("{place}/{number}"), Some(expected), Some(ours), found);
            }
        }
        (expected, ours) => found.push((place.to_owned(), expected.cloned(), ours.cloned())),
    }
}
