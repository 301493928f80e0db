//! The oslo.policy rule language and the default rules of the Images API. Pure.
//!
//! A rule says who may do something: `role:member and project_id:%(project_id)s`. What stands before a colon is
//! about the caller, what stands in `%(…)s` is about the target. Rules are compiled once; a check allocates
//! nothing.

mod check;
mod defaults;
mod error;
mod explain;
mod parse;
mod rules;
mod target;

pub use error::{Error, Result};
pub use rules::Rules;
pub use target::Target;
