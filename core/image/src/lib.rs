//! The image record and its rules: status machine, visibility, properties, JSON patch, list query, schemas.
//! Pure: no I/O, no async runtime, no clock of its own.

mod assign;
mod caller;
pub mod create;
mod error;
mod filter;
mod formats;
mod id;
mod isotime;
mod limits;
pub mod list;
pub mod location_import;
pub mod locations;
pub mod member;
pub mod metadef;
pub mod patch;
mod pointer;
mod python;
mod query;
pub mod range;
mod record;
pub mod schema;
mod status;
pub mod tags;
pub mod task;
mod uri_filter;
pub mod view;

pub use caller::Caller;
pub use error::{Error, Kind, Result};
pub use id::{ImageId, ObjectKey};
pub use limits::Quotas;
pub use member::{Member, MemberStatus};
pub use query::{ListQuery, MemberFilter, SortDir, SortKey, TimeFilter, TimeOp, VisibilityFilter};
pub use record::{Image, Location, Visibility};
pub use status::Status;
pub use task::{Task, TaskQuery, TaskStatus};
pub use uri_filter::{Target, UriFilter, scheme_of};
