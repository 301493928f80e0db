//! Which tests must pass.

use std::collections::BTreeMap;

const PASSES_WITH_GLANCE: &str = include_str!("passes-with-glance.txt");
const EXCLUDED: &str = include_str!("excluded.txt");

/// The names that contain one of `words`, or all.
pub(crate) fn wanted(words: &[String]) -> Vec<String> {
    let excluded = excluded();
    let mut wanted: Vec<_> = PASSES_WITH_GLANCE.lines().map(str::to_owned).collect();
    for name in excluded.keys() {
        assert!(
            wanted.iter().any(|wanted| wanted == name),
            "excluded.txt: {name} is no test of passes-with-glance.txt"
        );
    }
    wanted.retain(|name| !excluded.contains_key(name.as_str()));
    wanted.retain(|name| words.is_empty() || words.iter().any(|word| name.contains(word)));
    wanted
}

/// Names with what they need that is not there.
fn excluded() -> BTreeMap<&'static str, &'static str> {
    let lines = EXCLUDED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let excluded = lines.map(|line| {
        let mut parts = line.splitn(3, "  ");
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), Some("import" | "cache"), Some(reason)) if !reason.is_empty() => (name, reason),
            _ => panic!("excluded.txt: not `<name>  import|cache  <reason>`: {line}"),
        }
    });
    excluded.collect()
}
