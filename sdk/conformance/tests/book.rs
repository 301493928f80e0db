//! docs/backends, as far as a test can hold it: its links, its TOML, its C, the kinds and the options that it names.
#![allow(clippy::unwrap_used)]

#[path = "../../tests/common/mod.rs"]
mod common;

use common::c_library;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn book() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/backends")
}

/// Every page, and the READMEs that lead to the book, by their paths.
fn pages() -> Vec<(PathBuf, String)> {
    let files = fs::read_dir(book()).unwrap().map(|entry| entry.unwrap().path());
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let readmes = [sdk.join("README.md"), sdk.join("conformance/README.md")];
    let pages: Vec<_> = files.chain(readmes).map(|file| (file.clone(), read(&file))).collect();
    assert!(pages.len() > 10);
    pages
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap().replace("\r\n", "\n")
}

/// The code blocks of a language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fenced = page.split("\n```");
    fenced.skip(1).step_by(2).filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

#[test]
fn every_link_leads_somewhere() {
    for (file, page) in pages() {
        for link in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let target = file.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(link.starts_with("http") || target.exists(), "{}: {link}", file.display());
        }
    }
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let contents = read(&book().join("README.md"));
    for (file, _) in pages().iter().filter(|(file, _)| file.parent() == Some(&book())) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || contents.contains(&format!("]({name})")), "{name}");
    }
}

#[test]
fn every_configuration_is_toml() {
    let mut found = 0;
    for (file, page) in pages() {
        for block in blocks(&page, "toml") {
            found += 1;
            toml::from_str::<toml::Table>(block).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
    assert!(found >= 2, "{found}");
}

#[test]
fn every_piece_of_c_compiles() {
    let test = "conformance::book::every_piece_of_c_compiles";
    let folder = tempfile::tempdir().unwrap();
    let mut pieces = 0;
    for (file, page) in pages() {
        for block in blocks(&page, "c") {
            pieces += 1;
            let source = folder.path().join(format!("{pieces}.c"));
            // What a reader has around the piece.
            let around = "#pragma GCC diagnostic ignored \"-Wunused-function\"\n\
                #pragma GCC diagnostic ignored \"-Wunused-parameter\"\n#include \"casement.h\"\n#include <string.h>\n\
                CasementOp presign_read(void *backend, CasementStr key, uint64_t lifetime_ms, CasementCompletion c);\n";
            fs::write(&source, format!("{around}{block}")).unwrap();
            let library = c_library(test, source.to_str().unwrap(), Some("PIECE"), folder.path());
            let Some(_) = library else { return println!("{}: no compiler", file.display()) };
        }
    }
    assert!(pieces >= 3, "{pieces}");
}

#[test]
fn every_kind_of_error_is_explained() {
    let errors = read(&book().join("errors.md"));
    let source = include_str!("../../src/error.rs");
    let (_, kinds) = source.split_once("pub enum Kind {").unwrap();
    let kinds = kinds.split('}').next().unwrap().lines().map(str::trim).filter(|line| !line.starts_with("///"));
    let kinds: Vec<_> = kinds.filter_map(|line| line.strip_suffix(',')).collect();
    assert!(kinds.len() > 10, "{kinds:?}");
    for kind in kinds {
        assert!(errors.contains(&format!("`{kind}`")), "{kind}");
    }
}

#[test]
fn every_option_of_the_suite_is_one() {
    let help = Command::new(env!("CARGO_BIN_EXE_casement-conformance")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for (file, page) in pages() {
        for line in page.lines().filter(|line| line.contains("casement-conformance ")) {
            let words = line.split("casement-conformance ").nth(1).unwrap().split_whitespace();
            for option in words.take_while(|word| *word != "#").filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{}: {option}", file.display());
            }
        }
    }
    let (_, options) = read(&book().join("../../sdk/conformance/README.md")).split_once("| --- | --- |").map_or_else(
        || panic!("the table of options is gone"),
        |(before, after)| (before.to_owned(), after.to_owned()),
    );
    for line in options.lines().filter_map(|line| line.strip_prefix("| `--")) {
        let option = line.split([' ', '`']).next().unwrap();
        assert!(help.contains(&format!("--{option}")), "--{option}");
    }
}
