//! Sites with rules of their own: who may do what with images, and with which of their properties.
#![allow(clippy::unwrap_used)]

mod commands;
mod files;
mod properties;
mod rules;

use casement_tests::{Builder, Gateway};

/// A site with this `policy.yaml`.
fn site(rules: &str) -> Builder {
    let builder = Gateway::builder().filesystem("local", None, "default = true");
    builder.file("policy.yaml", rules).more("[policy]\nfile = \"policy.yaml\"")
}
