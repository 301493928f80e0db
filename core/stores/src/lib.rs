//! Stores: the plugin host, the registry of stores, and the way of the data: in ([`ingest`]), out ([`serve`]).

pub mod config;

