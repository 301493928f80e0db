//! The oslo.policy rule language and the default rules of the Images API. Pure.
//!
//! A rule says who may do something: `role:member and project_id:%(project_id)s`. What stands before a colon is
//! about the caller, what stands in `%(…)s` is about the target. Rules are compiled once; a check allocates
//! nothing.

mod atom;
mod check;
mod defaults;
mod error;
mod explain;
mod parse;
mod protections;
mod rules;
mod target;
mod yaml;

pub use error::{Error, Result};
pub use protections::{Access, Operation, Protections, RuleFormat};
pub use rules::{Listed, Rules};
pub use target::Target;
