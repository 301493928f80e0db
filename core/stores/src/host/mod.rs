//! Hosting of plugins: which files are trusted, which configuration they are given, what they may ask of the
//! gateway. The contract itself, and all that is `unsafe` about it, lives in `casement_sdk::host`.

mod plugin;
mod schema;
mod services;
mod shadow;
mod trust;

pub use plugin::LoadedPlugin;
pub(crate) use plugin::Loader;
pub(crate) use schema::checked_config;
pub(crate) use services::StoreServices;
