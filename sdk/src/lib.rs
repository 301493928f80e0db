//! The contract with Casement's storage backends: a frozen C ABI and the safe Rust traits over it.

pub mod author;
pub mod blocking;
mod error;
mod services;

pub use author::*;
pub use bytes::Bytes;
pub use error::{Error, Kind, Result};
pub use services::Host;
