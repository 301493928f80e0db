//! A script: requests in their order, as JSON, one a line; the first line says which gateway they go to.

use crate::folder;
use serde_json::Value;
use std::fs;

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

pub(crate) struct Script {
    pub(crate) name: String,
    /// How the gateway is configured.
    pub(crate) site: String,
    /// Calls that must be served for the script to make sense, as `METHOD path`.
    pub(crate) needs: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

pub(crate) struct Step(Value);

impl Script {
    #[track_caller]
    pub(crate) fn load(name: &str) -> Self {
        let mut lines = read("scripts", name).into_iter();
        let head = lines.next().unwrap();
        let site = head["site"].as_str().unwrap().to_owned();
        let needs =
            head["needs"].as_array().into_iter().flatten().map(|call| call.as_str().unwrap().to_owned()).collect();
        Self { name: name.to_owned(), site, needs, steps: lines.map(Step).collect() }
    }

    /// What Glance answered, step by step.
    #[track_caller]
    pub(crate) fn answers(&self) -> Vec<Value> {
        let mut answers = read("answers", &self.name);
        let recorded: Vec<_> =
            answers.iter_mut().map(|one| one.as_object_mut().unwrap().remove("at").unwrap()).collect();
        let asked: Vec<_> = self.steps.iter().map(|step| &step.0["at"]).collect();
        assert!(recorded.iter().eq(asked), "{} must be recorded anew", self.name);
        answers
    }
}

#[track_caller]
fn read(what: &str, name: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder().join(what).join(name).with_extension("json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

impl Step {
    /// Its name in the script.
    pub(crate) fn at(&self) -> &str {
        self.0["at"].as_str().unwrap()
    }

    pub(crate) fn method(&self) -> &'static str {
        METHODS.into_iter().find(|method| self.0.get(method).is_some()).unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.0[self.method()].as_str().unwrap()
    }

    pub(crate) fn caller(&self) -> &str {
        self.0["as"].as_str().unwrap_or("p1")
    }

    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.0["headers"].as_object().into_iter().flatten();
        headers.map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
    }

    pub(crate) fn json(&self) -> Option<&Value> {
        self.0.get("json")
    }

    /// `text:…`, `hex:…`, `zeros:LENGTH`, one after the other.
    pub(crate) fn data(&self) -> Option<Vec<u8>> {
        let parts = self.0["data"].as_array()?.iter().map(|part| part.as_str().unwrap().split_once(':').unwrap());
        let bytes = parts.map(|(kind, value)| match kind {
            "text" => value.as_bytes().to_vec(),
            "hex" => hex::decode(value).unwrap(),
            "zeros" => vec![0; value.parse().unwrap()],
            _ => panic!("{kind}: no such data"),
        });
        Some(bytes.collect::<Vec<_>>().concat())
    }

    /// What of the answer is remembered, by name.
    pub(crate) fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let kept = self.0["keep"].as_object().into_iter().flatten();
        kept.map(|(name, place)| (name.as_str(), place.as_str().unwrap()))
    }

    /// Whether what runs in the background has come as far as the step wants.
    pub(crate) fn is_awaited(&self, answer: &Value) -> bool {
        let mut wanted = self.0["until"].as_object().into_iter().flatten();
        wanted.all(|(place, value)| answer["body"].pointer(place) == Some(value))
    }

    /// An answer with those lists sorted whose order means nothing.
    pub(crate) fn in_order(&self, mut answer: Value) -> Value {
        for place in self.0["unordered"].as_array().into_iter().flatten() {
            let steps: Vec<&str> = place.as_str().unwrap().split('/').skip(1).collect();
            sort(&mut answer["body"], &steps);
        }
        answer
    }
}

fn sort(value: &mut Value, place: &[&str]) {
    match (place, value) {
        ([], Value::Array(list)) => list.sort_by_key(Value::to_string),
        (["*", rest @ ..], Value::Array(list)) => list.iter_mut().for_each(|one| sort(one, rest)),
        ([key, rest @ ..], Value::Object(object)) => {
            if let Some(inner) = object.get_mut(*key) {
                sort(inner, rest);
            }
        }
        _ => {}
    }
}
