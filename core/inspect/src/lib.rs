//! Disk-image formats, seen while the bytes stream by: detection, virtual size, safety checks.
//! Pure: no I/O, no async runtime, and no allocation by a length that was read from the data.
//!
//! The rules are those of OpenStack's `oslo_utils.imageutils.format_inspector` as Glance applies them, and
//! stricter where a reader of the image could be led to other files (docs of each format say where).
//!
//! ```
//! use casement_inspect::{Inspector, Settings, judge};
//!
//! let mut inspector = Inspector::new();
//! inspector.feed(b"plain bytes");
//! let inspection = inspector.finish();
//! let verdict = judge(&inspection, "raw", "bare", &Settings::default()).unwrap();
//! assert_eq!(verdict.virtual_size, Some(11));
//! assert!(judge(&inspection, "qcow2", "bare", &Settings::default()).is_err());
//! ```

mod capture;
mod format;
mod formats;
mod inspection;
mod inspector;
mod judge;
mod probe;

pub use format::{Format, VmdkType};
pub use inspection::Inspection;
pub use inspector::Inspector;
pub use judge::{Refusal, RefusalKind, Settings, Verdict, is_inspected, judge};
pub use probe::Finding;
use probe::Match;
