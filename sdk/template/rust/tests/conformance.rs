//! What every backend must do: the suite of the SDK, on a folder of its own.

use casement_conformance::{Selection, Target, run};
use casement_sdk::{Blocking, host::Plugin};
use casement_shelf::ShelfStore;
use serde_json::json;

#[test]
fn it_does_what_every_backend_must_do() {
    let folder = tempfile::tempdir().unwrap();
    let plugin = Plugin::from_static::<Blocking<ShelfStore>>().unwrap();
    let config = json!({ "root": folder.path() });
    let report = run(&Target::new(plugin).with_config(config.as_object().unwrap().clone()), &Selection::default());
    assert!(report.passed(), "{report}");
}
