//! What `/metrics` says, read by Prometheus's rules. The reader is our own: `prometheus-parse` takes a brace in a label's
//! value for the end of the labels, and passes over what it does not understand.

use casement_tests::{Gateway, eventually};
use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

/// One scrape: every sample by its name and its labels, in their order.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) values: BTreeMap<String, f64>,
    pub(crate) families: BTreeSet<String>,
}

impl Figures {
    #[track_caller]
    pub(crate) fn of(gateway: &Gateway) -> Self {
        let answer = gateway.watcher().get("/metrics").expect(200);
        assert_eq!(answer.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::read(&answer.text())
    }

    /// Holds the text to the format: each sample is understood and of a family that was declared before it with type and
    /// help, and none comes twice.
    #[track_caller]
    fn read(text: &str) -> Self {
        let (mut values, mut families, mut helped) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        assert!(text.ends_with('\n'), "the last line has no end");
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                let words: Vec<_> = comment.splitn(3, ' ').collect();
                match words[..] {
                    ["TYPE", name, kind] => {
                        assert_eq!(families.insert(name.to_owned(), kind.to_owned()), None, "{line}")
                    }
                    ["HELP", name, _] => assert!(helped.insert(name.to_owned()), "{line}"),
                    _ => panic!("no comment of the format: {line}"),
                }
                continue;
            }
            let (metric, labels, value) = sample(line).unwrap_or_else(|| panic!("not understood: {line}"));
            let family = family_of(metric, &families);
            assert!(family.is_some_and(|family| helped.contains(family)), "not declared: {line}");
            let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let name = format!("{metric}{{{}}}", labels.join(","));
            assert_eq!(values.insert(name, value), None, "twice: {line}");
        }
        Self { values, families: families.into_keys().collect() }
    }

    pub(crate) fn get(&self, name: &str) -> f64 {
        self.values.get(name).copied().unwrap_or_else(|| panic!("no {name} in {:#?}", self.values))
    }

    /// The samples of one metric.
    pub(crate) fn samples_of(&self, metric: &str) -> impl Iterator<Item = (&str, f64)> {
        let beginning = format!("{metric}{{");
        self.values.iter().filter(move |(name, _)| name.starts_with(&beginning)).map(|(name, value)| (&**name, *value))
    }
}

/// `metric{name="value",…} number`
fn sample(line: &str) -> Option<(&str, BTreeMap<&str, String>, f64)> {
    let (metric, mut rest) = line.split_at(line.find(['{', ' '])?);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (name, after) = rest.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            rest = after.strip_prefix(',').unwrap_or(after);
            if !is_name(name) || labels.insert(name, value).is_some() {
                return None;
            }
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ')?.parse().ok()?;
    is_name(metric).then_some((metric, labels, value))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// What stands before a quotation mark, its escapes undone, and what comes after it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.chars();
    let next = || match chars.next()? {
        '"' => None,
        '\\' => match chars.next()? {
            'n' => Some('\n'),
            escaped @ ('\\' | '"') => Some(escaped),
            _ => None,
        },
        plain => Some(plain),
    };
    let value: String = iter::from_fn(next).collect();
    let rest = chars.as_str();
    text[..text.len() - rest.len()].ends_with('"').then_some((value, rest))
}

fn family_of<'a>(sample: &'a str, families: &BTreeMap<String, String>) -> Option<&'a str> {
    if families.contains_key(sample) {
        return Some(sample);
    }
    let parts = ["_bucket", "_sum", "_count"].into_iter();
    parts
        .filter_map(|part| sample.strip_suffix(part))
        .find(|family| families.get(*family).is_some_and(|kind| kind == "histogram"))
}

/// Waits until all of these figures are as they must be: a request is counted when its answer is out, which is a moment
/// after its client has it.
#[track_caller]
pub(crate) fn assert_figures(gateway: &Gateway, wanted: &[(&str, f64)]) {
    eventually("the figures are right", || {
        let figures = Figures::of(gateway);
        let wrong: Vec<_> = wanted
            .iter()
            .filter(|(name, value)| figures.values.get(*name) != Some(value))
            .map(|(name, value)| format!("{name} is {:?}, not {value}", figures.values.get(*name)))
            .collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    });
}
