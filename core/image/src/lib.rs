//! The image record and its rules: status machine, visibility, properties, JSON patch, list query, schemas.
//! Pure: no I/O, no async runtime, no clock of its own.

mod caller;
mod error;
mod id;
mod python;
mod query;
mod record;
pub mod schema;
mod status;

pub use caller::Caller;
pub use error::{Error, Kind, Result};
pub use id::{ImageId, ObjectKey};
pub use query::{ListQuery, MemberFilter, SortDir, SortKey, TimeFilter, TimeOp, VisibilityFilter};
pub use record::{Image, Location, Visibility};
pub use status::Status;
