//! Every call that an upload, a delete, a download and a copy make fails once, each in each way.
#![allow(clippy::unwrap_used)]

use super::{Bare, Faulty, Script, faulty, get, options, put, store};
use crate::{Class, Platform, Store, testing::When};
use casement_sdk::{Kind, blocking::*};
use std::{path::Path, time::Duration};
use tempfile::TempDir;

const WAYS: [When; 2] = [When::Before, When::After];
const CHUNKS: [&[u8]; 3] = [b"first ", b"second ", b"third"];

type Tested = Store<Bare<Faulty<Platform>>>;

struct Scene {
    folder: TempDir,
    script: Script,
    store: Tested,
}

impl Scene {
    fn new(script: Script, ride_out: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = options(&[folder.path()]);
        options.ride_out = ride_out;
        let store = store(faulty(&script), options).unwrap();
        Self { folder, script, store }
    }

    fn local() -> Self {
        Self::new(Script::default(), Duration::ZERO)
    }

    fn on_a_share() -> Self {
        Self::new(Script::default().on_a_share(), Duration::from_secs(60))
    }

    fn on_a_share_with_an_image() -> Self {
        let scene = Self::on_a_share();
        put(&scene.store, "id", &CHUNKS).unwrap();
        scene
    }

    /// What a gateway's recovery does with what is left.
    fn recover(&self) {
        self.script.heal();
        for staged in self.store.list_staged().unwrap() {
            self.store.discard(&staged.token).unwrap();
        }
    }

    /// Names in the root and in the staging directory.
    fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for folder in [self.folder.path().to_owned(), self.folder.path().join(".casement-staging")] {
            names.extend(names_in(&folder));
        }
        names.sort();
        names
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    entries.filter(|name| !name.starts_with(".casement-")).collect()
}

/// Makes scenes, and lets another call of `act` fail in each, until every one has.
fn at_every_call<T>(
    class: Class,
    count: usize,
    scene: impl Fn() -> Scene,
    act: impl Fn(&Scene) -> casement_sdk::Result<T>,
    check: impl Fn(&Scene, casement_sdk::Result<T>, &str),
) {
    for when in WAYS {
        for skip in 0.. {
            let scene = scene();
            let before = scene.script.calls().len();
            scene.script.fail(class, when, skip, count);
            let result = act(&scene);
            let calls = scene.script.calls();
            let Some(name) = calls.get(before + skip) else {
                assert!(skip > 3, "hardly anything was called");
                break;
            };
            let context = format!("{name} (call {skip} of {:?}) answers {class:?}, {when:?}", &calls[before..]);
            scene.recover();
            check(&scene, result, &context);
        }
    }
}

#[test]
fn an_upload_that_meets_a_full_or_broken_disk_is_whole_or_gone() {
    for class in [Class::Full, Class::Other, Class::Denied] {
        at_every_call(
            class,
            1,
            Scene::local,
            |scene| put(&scene.store, "id", &CHUNKS),
            |scene, result, context| match result {
                Ok(stat) => {
                    assert_eq!(stat.size, 18, "{context}");
                    assert_eq!(get(&scene.store, "id").unwrap(), CHUNKS.concat(), "{context}");
                }
                Err(_) => assert_eq!(scene.names(), Vec::<String>::new(), "{context}"),
            },
        );
    }
}

#[test]
fn an_upload_into_a_root_that_vanishes_for_good_is_refused_and_leaves_nothing_that_is_not_staged() {
    for class in [Class::Absent, Class::Lost] {
        at_every_call(
            class,
            usize::MAX,
            Scene::local,
            |scene| put(&scene.store, "id", &CHUNKS),
            |scene, result, context| match result {
                // Whatever failed came after the end.
                Ok(_) => assert_eq!(get(&scene.store, "id").unwrap(), CHUNKS.concat(), "{context}"),
                Err(error) => {
                    assert_eq!(error.kind(), Kind::Unavailable, "{context}: {error}");
                    assert!(error.is_retryable(), "{context}");
                    // Published, and nobody could be told: the gateway's recovery finds it whole, or removes it.
                    if scene.names() != Vec::<String>::new() {
                        assert_eq!(get(&scene.store, "id").unwrap(), CHUNKS.concat(), "{context}");
                        scene.store.delete("id").unwrap();
                    }
                    assert_eq!(scene.names(), Vec::<String>::new(), "{context}");
                }
            },
        );
    }
}

#[test]
fn an_upload_rides_out_a_share_that_is_lost_at_any_call() {
    for class in [Class::Lost, Class::Paused] {
        at_every_call(
            class,
            1,
            Scene::on_a_share,
            |scene| put(&scene.store, "id", &CHUNKS),
            |scene, result, context| {
                assert_eq!(result.unwrap_or_else(|error| panic!("{context}: {error}")).size, 18, "{context}");
                assert_eq!(get(&scene.store, "id").unwrap(), CHUNKS.concat(), "{context}");
                assert_eq!(scene.names(), ["id"], "{context}");
            },
        );
    }
}

#[test]
fn a_delete_rides_out_a_share_that_is_lost_at_any_call() {
    at_every_call(
        Class::Lost,
        1,
        Scene::on_a_share_with_an_image,
        |scene| scene.store.delete("id"),
        |scene, result, context| {
            result.unwrap_or_else(|error| panic!("{context}: {error}"));
            assert_eq!(scene.names(), Vec::<String>::new(), "{context}");
        },
    );
}

#[test]
fn a_download_rides_out_a_share_that_is_lost_at_any_call() {
    at_every_call(
        Class::Lost,
        1,
        Scene::on_a_share_with_an_image,
        |scene| get(&scene.store, "id"),
        |_, result, context| {
            assert_eq!(result.unwrap_or_else(|error| panic!("{context}: {error}")), CHUNKS.concat(), "{context}");
        },
    );
}

#[test]
fn a_delete_of_what_somebody_holds_is_done_for_the_client_at_once_and_on_the_disk_later() {
    let scene = Scene::local();
    put(&scene.store, "id", &CHUNKS).unwrap();
    // Up to the removal itself: open the root, its marker, read it, look at the name.
    let removal = {
        let before = scene.script.calls().len();
        scene.store.delete("missing").unwrap_err();
        scene.script.calls().len() - before - 1
    };
    scene.script.fail(Class::Held, When::Before, removal, 1);
    scene.store.delete("id").unwrap();
    assert_eq!(names_in(scene.folder.path()), ["id"]);
    assert_eq!(scene.store.stat("id").unwrap_err().kind(), Kind::NotFound);
    assert_eq!(get(&scene.store, "id").unwrap_err().kind(), Kind::NotFound);
    assert!(scene.store.list("", None).unwrap().next_page().unwrap().is_empty());
    assert_eq!(scene.store.delete("id").unwrap_err().kind(), Kind::NotFound);
    assert_eq!(put(&scene.store, "id", &CHUNKS).unwrap_err().kind(), Kind::Unavailable);

    // Also for whoever opens the store after a crash.
    let again = store(faulty(&Script::default()), options(&[scene.folder.path()])).unwrap();
    assert_eq!(again.stat("id").unwrap_err().kind(), Kind::NotFound);
    again.sweep().unwrap();
    assert_eq!(scene.names(), Vec::<String>::new());
    put(&again, "id", &CHUNKS).unwrap();
}

#[test]
fn a_copy_on_a_share_that_is_lost_at_any_call_is_whole_or_gone() {
    at_every_call(
        Class::Lost,
        1,
        Scene::on_a_share_with_an_image,
        |scene| scene.store.copy("id", "copy"),
        |scene, result, context| match result {
            Ok(_) => assert_eq!(get(&scene.store, "copy").unwrap(), CHUNKS.concat(), "{context}"),
            Err(error) => {
                assert_eq!(error.kind(), Kind::Unavailable, "{context}: {error}");
                assert_eq!(scene.names(), ["id"], "{context}");
            }
        },
    );
}

// On Windows nobody can write to what the store has open; its fake tells the same story.
#[cfg(all(test, unix))]
#[test]
fn what_a_share_forgot_is_noticed_although_the_length_is_right() {
    let scene = Scene::on_a_share();
    let mut writer = scene.store.create("id", casement_sdk::WriteOptions { size: None, transfer: "t".into() }).unwrap();
    writer.write(b"written and ").unwrap();
    std::fs::write(scene.folder.path().join(".casement-staging/t"), b"something el").unwrap();
    scene.script.fail(Class::Lost, When::Before, 0, 1);
    let error = writer.write(b"forgotten").unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.message().contains("came back without"), "{error}");
    drop(writer);
    scene.recover();
    assert_eq!(scene.names(), Vec::<String>::new());
}

// On Windows nobody can write to what the store has open; its fake tells the same story.
#[cfg(all(test, unix))]
#[test]
fn a_download_never_goes_on_in_another_file() {
    let scene = Scene::on_a_share();
    put(&scene.store, "id", &CHUNKS).unwrap();
    let mut reader = scene.store.read("id", casement_sdk::Range::default()).unwrap();
    std::fs::remove_file(scene.folder.path().join("id")).unwrap();
    std::fs::write(scene.folder.path().join("id"), b"as long as it was").unwrap();
    std::fs::write(scene.folder.path().join("id"), b"as long as it is !").unwrap();
    scene.script.fail(Class::Lost, When::Before, 0, 1);
    let error = reader.next().unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
}
