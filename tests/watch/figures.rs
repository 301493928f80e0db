//! What `/metrics` says, read by Prometheus's rules.

use casement_tests::{Gateway, eventually};
use prometheus_parse::{Scrape, Value};
use std::collections::{BTreeMap, BTreeSet};

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
                    ["TYPE", name, kind] => assert_eq!(families.insert(name.to_owned(), kind.to_owned()), None, "{line}"),
                    ["HELP", name, _] => assert!(helped.insert(name.to_owned()), "{line}"),
                    _ => panic!("no comment of the format: {line}"),
                }
                continue;
            }
            let scrape = Scrape::parse([Ok(line.to_owned())].into_iter()).unwrap();
            let [sample] = &scrape.samples[..] else { panic!("not understood: {line}") };
            let Value::Untyped(value) = sample.value else { panic!("not understood: {line}") };
            let family = family_of(&sample.metric, &families);
            assert!(family.is_some_and(|family| helped.contains(family)), "not declared: {line}");
            let labels: BTreeMap<_, _> = sample.labels.iter().collect();
            let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let name = format!("{}{{{}}}", sample.metric, labels.join(","));
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

fn family_of<'a>(sample: &'a str, families: &BTreeMap<String, String>) -> Option<&'a str> {
    if families.contains_key(sample) {
        return Some(sample);
    }
    let parts = ["_bucket", "_sum", "_count"].into_iter();
    parts.filter_map(|part| sample.strip_suffix(part)).find(|family| families.get(*family).is_some_and(|kind| kind == "histogram"))
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
