//! The figures of several processes as one text for Prometheus: each sample says by a label whose it is.

use std::collections::HashMap;

#[derive(Default)]
struct Family {
    /// Its help and its type.
    comments: Vec<String>,
    samples: Vec<String>,
}

/// Of texts in Prometheus's format, and the name of whoever each of them is from.
pub(super) fn join(texts: &[(String, String)]) -> String {
    let (mut families, mut places) = (Vec::<Family>::new(), HashMap::<&str, usize>::new());
    for (worker, text) in texts {
        let mut family = None;
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix("# ").and_then(|comment| comment.split(' ').nth(1)) {
                Some(name) => {
                    let place = *places.entry(name).or_insert_with(|| {
                        families.push(Family::default());
                        families.len() - 1
                    });
                    let comments = &mut families[place].comments;
                    if !comments.iter().any(|known| known == line) {
                        comments.push(line.to_owned());
                    }
                    family = Some(place);
                }
                None => {
                    if let Some(place) = family {
                        families[place].samples.push(labelled(line, worker));
                    }
                }
            }
        }
    }
    let lines = families.iter().flat_map(|family| family.comments.iter().chain(&family.samples));
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// `x{a="b"} 1` becomes `x{worker="2",a="b"} 1`.
fn labelled(sample: &str, worker: &str) -> String {
    match sample.find(['{', ' ']) {
        Some(at) if sample[at..].starts_with('{') => {
            format!("{}{{worker=\"{worker}\",{}", &sample[..at], &sample[at + 1..])
        }
        Some(at) => format!("{}{{worker=\"{worker}\"}}{}", &sample[..at], &sample[at..]),
        None => sample.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_stands_once_with_the_samples_of_all() {
        let one = "# HELP a Things.\n# TYPE a counter\na{x=\"1 {2}\"} 3\n\n# TYPE b gauge\nb 1\n";
        let two = "# TYPE b gauge\nb 2\n\n# HELP a Things.\n# TYPE a counter\na{x=\"1\"} 4\n";
        let joined = join(&[("1".into(), one.into()), ("2".into(), two.into())]);
        let expected = "# HELP a Things.\n# TYPE a counter\na{worker=\"1\",x=\"1 {2}\"} 3\na{worker=\"2\",x=\"1\"} 4\n\
                        # TYPE b gauge\nb{worker=\"1\"} 1\nb{worker=\"2\"} 2\n";
        assert_eq!(joined, expected);
    }
}
