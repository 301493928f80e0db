//! Stores in a bucket of an S3 service.

use super::{Store, begin, carry_key, find, leave};
use crate::config::import::{
    draft::{Draft, Secret},
    options::{Options, SECRET_UNREADABLE},
    value::Kind,
};

/// What has no key here, and why.
const DROPPED: [(&str, &str); 5] = [
    ("s3_store_large_object_size", "an image that is larger than `large_object_chunk_size` is sent in parts"),
    ("s3_store_thread_pools", "each part that is under way is in memory: see `parts_in_flight`"),
    ("s3_store_enable_data_integrity_protection", "each part has a checksum: see `checksum`"),
    ("s3_store_request_checksum_calculation", "each part has a checksum: see `checksum`"),
    ("s3_store_response_checksum_validation", "each part has a checksum: see `checksum`"),
];

pub(super) fn carry(options: &mut Options, draft: &mut Draft, store: &Store) -> bool {
    let table = begin(options, draft, store, "s3", "casement_s3");
    host(options, draft, store, &table);
    for (option, key, kind) in [
        ("s3_store_bucket", "bucket", Kind::Text),
        ("s3_store_region_name", "region_name", Kind::Text),
        ("s3_store_create_bucket_on_put", "create_bucket_on_put", Kind::Bool),
        ("s3_store_bucket_url_format", "bucket_url_format", Kind::Choice(&["auto", "path", "virtual"])),
        ("s3_store_large_object_chunk_size", "large_object_chunk_size", Kind::Within(5, 1024)),
        ("s3_store_cacert", "ca_file", Kind::Text),
        ("s3_store_access_key", "access_key", Kind::Text),
    ] {
        carry_key(options, draft, store, option, &format!("{table}.{key}"), kind);
    }
    secret(options, draft, store, &table);
    for key in ["host", "bucket", "access_key"] {
        if draft.get(&format!("{table}.{key}")).is_none() {
            draft.say(&format!("{table}.{key}"), "these files do not say it: set it");
        }
    }
    let text = "its bucket must be its own: unfinished uploads of others in it would be removed";
    draft.say(&format!("the store `{}`", store.name), text);
    for (option, why) in DROPPED {
        if let Some(found) = find(options, store, option) {
            draft.drop(&found, why);
        }
    }
    if store.sections[0] != "glance_store" {
        leave(options, draft, &store.sections[0], "a store in S3 has no such option");
    }
    true
}

/// Glance takes one without a scheme for one without TLS.
fn host(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    let Some(found) = find(options, store, "s3_store_host") else { return };
    match &found.value {
        Ok(host) if host.contains('@') => draft.drop(&found, "it has a user in it"),
        Ok(host) if host.contains("://") => draft.set(&format!("{table}.host"), host.clone(), found.name()),
        Ok(host) => draft.set(&format!("{table}.host"), format!("http://{host}"), found.name()),
        Err(why) => draft.drop(&found, why.clone()),
    }
}

/// The secret itself never stands in the configuration.
fn secret(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    let file = format!("{}-secret-key", store.name);
    let found = find(options, store, "s3_store_secret_key");
    let comment = found.as_ref().map_or_else(|| "The secret key".to_owned(), |found| found.name());
    draft.set(&format!("{table}.secret_key_file"), file.clone(), format!("{comment}, in a file of its own"));
    match found.as_ref().map(|found| (found, &found.value)) {
        Some((_, Ok(text))) => draft.secrets.push(Secret { file, text: text.clone() }),
        Some((found, Err(_))) => draft.drop(found, SECRET_UNREADABLE),
        None => draft.say(&format!("{table}.secret_key_file"), "these files do not hold the secret key: put it there"),
    }
}
