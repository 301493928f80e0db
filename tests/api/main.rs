//! The Images API as clients know it: answers that were observed on Glance 33, with its defects set right.
#![allow(clippy::unwrap_used)]

mod actions;
mod config_import;
mod cors;
mod create;
mod data;
mod delete;
mod errors;
mod formats;
mod http_store;
mod identity;
mod info;
mod list;
mod list_table;
mod locations;
mod lost_updates;
mod members;
mod methods;
mod paging;
mod patch;
mod patch_table;
mod quotas;
mod ranges;
mod schema_file;
mod schemas;
mod show;
mod stores;
mod tags;
mod tasks;
mod versions;
mod visibility;
mod web_locations;
