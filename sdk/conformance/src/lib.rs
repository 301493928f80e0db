//! What every storage backend of Casement must do: some ninety cases that run against a plugin, chosen by what it declares
//! to be able to, through the same loader as the gateway's.
//!
//! ```no_run
//! use casement_conformance::{Selection, Target, run};
//! use casement_sdk::host::OpenOptions;
//!
//! let target = Target::load("libmine.so".as_ref(), &OpenOptions::default()).unwrap();
//! let config = serde_json::json!({ "root": "/srv/scratch" });
//! let report = run(&target.with_config(config.as_object().unwrap().clone()), &Selection::default());
//! assert!(report.passed(), "{report}");
//! ```

#![deny(missing_docs)]

mod case;
mod cases;
mod clauses;
mod fetch;
mod junit;
mod pattern;
mod probe;
mod report;
mod run;
mod selection;
mod services;
mod target;

pub use case::{Clause, Need};
pub use report::{Outcome, Report, Verdict};
pub use run::{run, run_and_tell};
pub use selection::{Listed, Selection, list};
pub use target::Target;
