//! The gateway's side of the contract: opens a plugin file and offers ordinary futures over its tables.
//!
//! Nothing a plugin answers is trusted further than memory allows: codes, texts, numbers and handles are
//! checked, an answer nobody waits for is cleaned up, a second answer is ignored. A plugin can still break
//! the process by what no check can see (a wild pointer, a wrong length): plugins are trusted code.
//!
//! Every future here is `Send` and cancel-safe: dropping it asks the plugin to end the operation, and what
//! the late answer carries is released.
#![allow(unsafe_code)]

mod answer;
mod backend;
mod call;
mod error;
mod handle;
#[cfg(feature = "layout-check")]
mod layout;
mod library;
mod places;
mod plugin;
mod request;
mod services;
mod streams;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;
mod tables;

pub use backend::Backend;
pub use call::stray_answers;
pub use error::{LoadError, LoadErrorKind};
pub use library::{Library, OpenOptions};
pub use plugin::Plugin;
pub use services::{HostServices, LogLine};
pub use streams::{Lister, Reader, Writer};
pub use tracing::Level;
