//! Paths as people write them on Windows.

use casement_tests::{Builder, Gateway};
use std::{fs, path::Path};

const UNAVAILABLE: Option<i32> = Some(69);

fn with_root(builder: Builder, root: &str, lines: &str) -> Builder {
    builder.store("local", &format!("plugin = \"filesystem\"\ndefault = true\nroot = '{root}'\n{lines}"))
}

#[track_caller]
fn assert_serves(gateway: &Gateway, folder: &Path, what: &str) {
    let id = gateway.member().create_active("n", b"0123456789");
    assert_eq!(fs::read(folder.join(&id)).unwrap(), b"0123456789", "{what}");
    assert_eq!(gateway.member().download(&id).expect(200).body, b"0123456789", "{what}");
    gateway.member().delete(&format!("/v2/images/{id}")).expect(204);
    assert!(!folder.join(&id).exists(), "{what}");
}

#[test]
fn a_root_is_taken_in_every_spelling() {
    type Spelling = fn(&str) -> String;
    let spellings: [(&str, Spelling); 5] = [
        ("as it is", str::to_owned),
        ("slashes", |path| path.replace('\\', "/")),
        ("both slashes", |path| path.replacen('\\', "/", 2)),
        ("at its end a backslash", |path| format!("{path}\\")),
        ("a small drive letter", |path| path[..1].to_lowercase() + &path[1..]),
    ];
    for (what, spell) in spellings {
        let Some(builder) = crate::builder("windows::paths::root") else { return };
        let folder = builder.folder().join("Images of us");
        fs::create_dir(&folder).unwrap();
        let root = spell(&builder.path(&folder));
        assert_serves(&with_root(builder, &root, "").start(), &folder, what);
    }
}

#[test]
fn a_root_that_is_a_file_or_is_not_there_is_named() {
    for (make_file, what) in [(true, "a file"), (false, "not there")] {
        let Some(builder) = crate::builder("windows::paths::bad_root") else { return };
        let folder = builder.folder().join("images");
        if make_file {
            fs::write(&folder, "data").unwrap();
        }
        let root = builder.path(&folder);
        let run = with_root(builder, &root, "required = true").check();
        assert!(run.code == UNAVAILABLE && run.text.contains(&root), "{what}: {}", run.text);
    }
}
