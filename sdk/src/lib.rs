//! The contract with Casement's storage backends: a frozen C ABI and the safe Rust traits over it.
//!
//! Who writes a backend implements [`Backend`] (or [`blocking::Backend`]) and exports it with
//! [`export_backend!`]; [`Secret`] reads what must not stand in a configuration. Nothing else here is theirs.

#![deny(missing_docs)]

pub mod abi;
pub mod author;
pub mod blocking;
mod error;
#[doc(hidden)]
pub mod glue;
#[cfg(feature = "host")]
pub mod host;
mod secret;

pub use author::*;
pub use bytes::Bytes;
pub use error::{Error, Kind, Result};
pub use glue::{Blocking, Host, in_this_operation, request_id};
pub use secret::Secret;
