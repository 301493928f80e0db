//! What every backend must do, by the suite that third parties run too.
#![allow(clippy::unwrap_used)]

use casement_conformance::{Selection, Target, run};
use casement_filesystem::Store;
use casement_sdk::{Blocking, host::Plugin};
use serde_json::json;

#[test]
fn the_filesystem_backend_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = Plugin::from_static::<Blocking<Store>>().unwrap();
    let config = json!({ "root": folder.path() });
    let report = run(&Target::new(plugin).with_config(config.as_object().unwrap().clone()), &Selection::default());
    assert!(report.passed(), "{report}");
    assert!(report.outcomes.iter().all(|outcome| outcome.left.is_empty()), "{:?}", report.outcomes);
}
