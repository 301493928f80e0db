//! What an operator can set about the use cases.

use casement_image::{Quotas, UriFilter, list::ListSettings, schema::Schemas};
use casement_stores::Multihash;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Settings {
    pub list: ListSettings,
    pub quotas: Quotas,
    /// The largest image in bytes (Glance's `image_size_cap`).
    pub size_cap: u64,
    /// Bytes of image data that one project may have (Glance's `user_storage_quota`).
    pub storage_quota: Option<u64>,
    /// Where Keystone limits what projects have: a lone upload of unknown size may not pass the limit either.
    pub strict_size_limit: bool,
    pub multihash: Multihash,
    /// Whether images get the old `checksum`.
    pub legacy_md5: bool,
    /// What clients may send, with the formats that images may have.
    pub schemas: Schemas,
    /// Which data an image's declared format lets in.
    pub formats: crate::FormatSettings,
    /// Show the first location as `direct_url`.
    pub show_direct_url: bool,
    pub show_multiple_locations: bool,
    /// Where a client's URI may send the service.
    pub uri_filter: UriFilter,
    /// Whether the data of a location is digested, rather than described by whoever gives it.
    pub do_secure_hash: bool,
    /// How often a location is tried that can't be read.
    pub location_tries: u32,
    /// How long a transfer belongs to a gateway that no longer says that it lives.
    pub lease: Duration,
}
