//! The names of the failpoints, from where they stand in the code.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Every failpoint of the gateway and of the plugins that these tests load.
pub(crate) fn all() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders = ["core", "plugins"].map(|name| root.join(name)).to_vec();
    let mut points = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                read(&fs::read_to_string(&path).unwrap(), &mut points);
            }
        }
    }
    assert!(points.len() > 20, "the failpoints are not where this test looks: {points:?}");
    points
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn read(code: &str, points: &mut BTreeSet<String>) {
    points.extend(first_arguments(code, "failpoint").map(str::to_owned));
    let around = first_arguments(code, "around");
    points.extend(around.flat_map(|name| [format!("{name}.before"), format!("{name}.after")]));
}

/// The literals that stand first in calls of this function, on whatever line.
fn first_arguments<'a>(code: &'a str, function: &str) -> impl Iterator<Item = &'a str> {
    let call = format!("{function}(");
    let calls: Vec<_> = code.match_indices(&call).map(|(at, _)| &code[at + call.len()..]).collect();
    calls.into_iter().filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}
