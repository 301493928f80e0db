//! `include/casement.h` says what `src/abi.rs` says.
#![allow(clippy::unwrap_used)]

use std::{env, fs, path::Path};

const PREAMBLE: &str = r"/* The contract between Casement and its storage backends, version 1. It never changes; additions come
 * through `query`.
 *
 * Generated from src/abi.rs by `UPDATE=1 cargo test -p casement-sdk --test header`. Do not edit.
 *
 * A plugin runs inside the gateway's process: it is trusted code. No C++ exception, Go panic or longjmp may
 * leave any function. Plugins in languages with a runtime of their own (Go, C#) set
 * CASEMENT_PLUGIN_BLOCKING. A plugin exports `casement_plugin_entry_v1` and nothing else.
 */";

const EXPORT: &str = r#"
#if defined(_WIN32)
#define CASEMENT_EXPORT __declspec(dllexport)
#else
#define CASEMENT_EXPORT __attribute__((visibility("default")))
#endif
"#;

/// What a plugin defines, in the only form from which the generator declares a function.
const ENTRY: &str = r#"
/// The one function a plugin file exports: answers its descriptor, or null to refuse.
#[no_mangle]
pub extern "C" fn casement_plugin_entry_v1() -> *const CasementPlugin {}
"#;

#[test]
fn the_c_header_is_generated_from_the_contract() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config {
        language: cbindgen::Language::C,
        header: Some(PREAMBLE.into()),
        include_guard: Some("CASEMENT_H".into()),
        after_includes: Some(EXPORT.trim().to_owned()),
        cpp_compat: true,
        sys_includes: vec!["stddef.h".into(), "stdint.h".into()],
        no_includes: true,
        style: cbindgen::Style::Both,
        documentation_style: cbindgen::DocumentationStyle::C99,
        line_length: 110,
        usize_is_size_t: true,
        export: cbindgen::ExportConfig {
            include: ["Runtime", "Request", "Presign", "Placement", "File"]
                .map(|table| format!("Casement{table}"))
                .into(),
            ..Default::default()
        },
        function: cbindgen::FunctionConfig { prefix: Some("CASEMENT_EXPORT".into()), ..Default::default() },
        ..cbindgen::Config::default()
    };
    let entry = tempfile::NamedTempFile::new().unwrap();
    fs::write(entry.path(), ENTRY).unwrap();
    let mut made = Vec::new();
    let abi = root.join("src/abi.rs");
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(abi)
        .with_src(entry.path())
        .generate()
        .unwrap()
        .write(&mut made);
    let made = String::from_utf8(made).unwrap();

    let header = root.join("include/casement.h");
    if env::var_os("UPDATE").is_some() {
        fs::write(&header, &made).unwrap();
    }
    let kept = fs::read_to_string(&header).unwrap_or_default().replace("\r\n", "\n");
    assert!(kept == made, "{} is not what src/abi.rs says: run this test with UPDATE=1", header.display());
}
