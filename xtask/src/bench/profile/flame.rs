//! Draws a flame graph: a row for each depth of the stack, and a box for each function, as wide as it was seen often.
//!
//! The crate that does this, inferno, has a licence that the house does not take.

use std::{
    collections::BTreeMap,
    fmt::{Display, Write},
};

const WIDTH: f64 = 1600.0;
const ROW: usize = 17;
/// Boxes below this width show nothing.
const THINNEST: f64 = 0.5;
const LETTER: f64 = 6.5;

/// A function, how often it was seen, and what it called.
#[derive(Debug, Default, PartialEq)]
struct Frame {
    seen: usize,
    calls: BTreeMap<String, Frame>,
}

/// What `perf script` says, as an SVG.
pub(super) fn draw(title: &str, script: &str) -> String {
    let root = fold(script);
    let depth = root.depth();
    let height = (depth + 2) * ROW;
    let mut svg = String::new();
    let mut line = |text: &dyn Display| _ = writeln!(svg, "{text}");
    line(&format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="monospace" font-size="11">"#
    ));
    line(&format_args!(r#"<text x="4" y="13">{}, {} samples</text>"#, escaped(title), root.seen));
    root.boxes(0.0, WIDTH / root.seen.max(1) as f64, depth, &mut line);
    line(&"</svg>");
    svg
}

/// A sample is a line with the thread, and a line for each frame, the innermost first.
fn fold(script: &str) -> Frame {
    let mut root = Frame::default();
    for sample in script.split("\n\n") {
        let mut lines = sample.trim_start_matches('\n').lines();
        if let Some(head) = lines.next() {
            let thread = head.split_whitespace().next().unwrap_or_default();
            let stack: Vec<_> = lines.filter_map(function).collect();
            root.add(std::iter::once(thread).chain(stack.into_iter().rev()));
        }
    }
    root
}

/// `    55d0aa casement::serve+0x10`, without what only a linker needs.
fn function(line: &str) -> Option<&str> {
    let (_, symbol) = line.trim().split_once(' ')?;
    let symbol = symbol.split_once("+0x").map_or(symbol, |(name, _)| name);
    Some(match symbol.rsplit_once("::h") {
        Some((name, hash)) if hash.len() == 16 => name,
        _ => symbol,
    })
}

impl Frame {
    fn add<'a>(&mut self, stack: impl Iterator<Item = &'a str>) {
        self.seen += 1;
        let mut frame = self;
        for function in stack {
            frame = frame.calls.entry(function.to_owned()).or_default();
            frame.seen += 1;
        }
    }

    fn depth(&self) -> usize {
        self.calls.values().map(|call| call.depth() + 1).max().unwrap_or_default()
    }

    /// The boxes of what it called, above it.
    fn boxes(&self, mut left: f64, scale: f64, level: usize, line: &mut impl FnMut(&dyn Display)) {
        for (name, call) in &self.calls {
            let width = call.seen as f64 * scale;
            if width >= THINNEST {
                let (y, name) = (level * ROW, escaped(name));
                let red = 200 + name.len() % 50;
                line(&format_args!(
                    r#"<g><title>{name}: {}</title><rect x="{left:.1}" y="{y}" width="{width:.1}" height="{}" fill="rgb({red},150,60)" stroke="white"/><text x="{:.1}" y="{}">{}</text></g>"#,
                    call.seen,
                    ROW - 1,
                    left + 2.0,
                    y + 12,
                    cut(&name, width)
                ));
                call.boxes(left, scale, level.saturating_sub(1), line);
            }
            left += width;
        }
    }
}

/// As much of a name as a box has room for; an entity is not cut in two.
fn cut(name: &str, width: f64) -> &str {
    let letters = (width / LETTER) as usize;
    let end = name.char_indices().nth(letters).map_or(name.len(), |(end, _)| end);
    let shown = &name[..end];
    match (shown.rfind('&'), shown.rfind(';')) {
        (Some(start), end) if end.is_none_or(|end| end < start) => &shown[..start],
        _ => shown,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SCRIPT: &str = "\
tokio-worker  100/101  1.0: cpu-clock:\n\
\t55d0 casement::digest::h0123456789abcdef+0x1f\n\
\t55d1 casement::ingest\n\
\n\
tokio-worker  100/101  2.0: cpu-clock:\n\
\t55d2 casement::ingest\n\
\n";

    #[test]
    fn stacks_are_counted_from_the_thread_inwards() {
        let root = fold(SCRIPT);
        let thread = &root.calls["tokio-worker"];
        assert_eq!((root.seen, thread.seen), (2, 2));
        let ingest = &thread.calls["casement::ingest"];
        assert_eq!((ingest.seen, ingest.calls["casement::digest"].seen), (2, 1));
        assert_eq!(root.depth(), 3);
    }

    #[test]
    fn a_picture_names_what_was_seen() {
        let svg = draw("upload <1 GiB>", SCRIPT);
        for part in ["casement::digest: 1", "casement::ingest: 2", "upload &lt;1 GiB&gt;, 2 samples"] {
            assert!(svg.contains(part), "no {part} in {svg}");
        }
    }

    #[test]
    fn a_name_is_cut_to_its_box_and_stays_well_formed() {
        assert_eq!(cut("abcdef", 3.0 * LETTER), "abc");
        assert_eq!(cut("a&lt;b&gt;", 3.0 * LETTER), "a");
        assert_eq!(cut("a&lt;b", 600.0), "a&lt;b");
    }
}
