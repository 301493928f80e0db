//! Images of every format, made by hand and by the real tools, and what is found in them.
#![allow(clippy::unwrap_used)]

mod corpus;
mod formats;
#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub)]
mod fuzz;
mod fuzzing;
mod hostile;
mod make;
mod rules;
mod tools;

use casement_inspect::{Format, Inspection, Inspector};

fn inspect(data: &[u8]) -> Inspection {
    inspect_in(data, 1 << 20)
}

fn inspect_in(data: &[u8], chunk: usize) -> Inspection {
    let mut inspector = Inspector::new();
    data.chunks(chunk).for_each(|chunk| inspector.feed(chunk));
    inspector.finish()
}

/// The rules that the data breaks.
fn broken(data: &[u8]) -> Vec<String> {
    inspect(data).findings().iter().map(casement_inspect::Finding::rule).collect()
}

fn format_of(data: &[u8]) -> Format {
    inspect(data).format()
}
