//! A call that fails at any failpoint: once, and from then on.

use crate::{is_slow, life::Stage, long, points};
use casement_tests::{Gateway, Runner, eventually, skip};

/// EIO and ENOSPC, or ERROR_IO_DEVICE and ERROR_DISK_FULL.
fn codes() -> [i32; 2] {
    if Runner::chosen().is_windows() { [1117, 112] } else { [5, 28] }
}

#[test]
fn a_call_that_fails_anywhere_is_told_as_what_it_is_and_leaves_nothing() {
    if is_slow() {
        return skip("crash::errors", "it starts a gateway some hundred times, for which Wine needs `--long`");
    }
    let stage = Stage::set();
    for point in points::all() {
        for what in errors() {
            let order = format!("{point}={what}");
            let gateway = Gateway::start_armed(stage.site.clone(), &order).unwrap();
            let lived = stage.live(&gateway, |answer| {
                assert_ne!(answer.status, 500, "{order}: {answer:?}");
                if answer.status == 503 && order.ends_with("@1") {
                    assert_goes_on(&gateway, &order);
                }
            });
            assert!(lived.is_ok(), "{order}: {}", gateway.log().text());
            gateway.kill();
            stage.recover(&order);
        }
    }
}

/// Holds that one failure keeps nobody from uploading again until maintenance sees to it.
#[track_caller]
fn assert_goes_on(gateway: &Gateway, case: &str) {
    eventually("no upload that failed holds its image", || {
        let saving = gateway.images().into_values().find(|image| image["status"] == "saving");
        saving.map_or(Ok(()), |image| Err(format!("{case}: {image}")))
    });
    assert!(!gateway.log().text().contains("transfer recovered"), "{case}: it was left to maintenance");
}

fn errors() -> Vec<String> {
    let [broken, full] = codes();
    let mut errors = vec![format!("error({broken})@1"), format!("error({full})")];
    if long() {
        errors.extend([format!("error({broken})@2"), format!("error({full})@1"), format!("error({broken})")]);
    }
    errors
}
