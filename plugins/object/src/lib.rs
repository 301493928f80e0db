//! Image data in object stores that are reached over HTTP: what the backends on them have in common.
//!
//! [`Uploader`] gathers what is written to parts and keeps several of them under way; [`ResumingReader`] goes on with a
//! body that broke off; [`Patience`] is how long either goes on trying. [`Commits`] carries a commit to its end that nobody
//! waits for any more. What a part is and how a body is asked for is the
//! backend's: it implements [`Parts`] and [`Source`].

mod commits;
mod part;
mod patience;
mod reader;
mod sizes;
mod uploader;

pub use commits::Commits;
pub use part::Part;
pub use patience::Patience;
pub use reader::{Answer, Body, ResumingReader, Source};
pub use sizes::PartSizes;
pub use uploader::{Parts, Uploader};
