//! Stores whose images are files in a directory.

use super::{Store, begin, carry_key, find, leave};
use crate::config::import::{
    draft::Draft,
    options::{Found, Options},
    value::Kind,
};
use toml::Value;

/// Where Glance keeps images when nothing is said.
const DATADIR: &str = "/var/lib/glance/images";

pub(super) fn carry(options: &mut Options, draft: &mut Draft, store: &Store) -> bool {
    let table = begin(options, draft, store, "filesystem", "casement_filesystem");
    root(options, draft, store, &table);
    carry_key(options, draft, store, "filesystem_thin_provisioning", &format!("{table}.sparse"), Kind::Bool);
    mode(options, draft, store, &table);
    chunk_size(options, draft, store, &table);
    timeout(options, draft, store, &table);
    for (option, why) in [
        (
            "filesystem_store_metadata_file",
            "locations have no such metadata: Nova can't reach the files past this service",
        ),
        ("filesystem_store_thread_pool_size", "threads are the plugin's own business: `plugin_threads`"),
        ("filesystem_store_threadpool_threshold", "threads are the plugin's own business"),
    ] {
        if let Some(found) = find(options, store, option) {
            draft.drop(&found, why);
        }
    }
    if store.sections[0] != "glance_store" {
        leave(options, draft, &store.sections[0], "a store of files has no such option");
    }
    true
}

/// One directory, or several with their priorities.
fn root(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    if let Some(found) = find(options, store, "filesystem_store_datadir") {
        match &found.value {
            Ok(path) => return draft.set(&format!("{table}.root"), path.clone(), found.name()),
            Err(why) => draft.drop(&found, why.clone()),
        }
    }
    let several: Vec<Found> =
        store.sections.iter().flat_map(|at| options.all(at, "filesystem_store_datadirs")).collect();
    let mut folders: Vec<(String, i64)> = Vec::new();
    let mut from = None;
    for found in several {
        match &found.value {
            Ok(text) => {
                folders.push(with_priority(text));
                from.get_or_insert_with(|| found.name());
            }
            Err(why) => draft.drop(&found, why.clone()),
        }
    }
    let from = from.unwrap_or_else(|| "Glance's default".to_owned());
    match &*folders {
        [] => draft.set(&format!("{table}.root"), DATADIR.to_owned(), from),
        [(path, _)] => draft.set(&format!("{table}.root"), path.clone(), from),
        _ => draft.set(&format!("{table}.roots"), Value::Array(folders.into_iter().map(entry).collect()), from),
    }
}

fn entry((path, weight): (String, i64)) -> Value {
    Value::Table(
        [("path".to_owned(), Value::from(path)), ("weight".to_owned(), Value::from(weight))].into_iter().collect(),
    )
}

/// `path[:priority]`; a Windows path has a colon of its own.
fn with_priority(text: &str) -> (String, i64) {
    match text.rsplit_once(':').map(|(path, priority)| (path.trim(), priority.trim().parse())) {
        Some((path, Ok(priority))) if !path.is_empty() => (path.to_owned(), priority),
        _ => (text.trim().to_owned(), 0),
    }
}

/// Octal digits that Glance reads as a number; 0 leaves it to the umask.
fn mode(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    let Some(found) = find(options, store, "filesystem_store_file_perm") else { return };
    let digits = found.value.clone().unwrap_or_default();
    let mode = u32::from_str_radix(digits.trim(), 8).ok().filter(|mode| *mode <= 0o777);
    match mode {
        Some(0) => {}
        Some(mode) if mode & 0o400 != 0 => {
            draft.set(&format!("{table}.file_mode"), format!("{mode:04o}"), found.name())
        }
        Some(_) => draft.drop(&found, "it would keep the service from reading its own images"),
        None => draft.drop(&found, "it is no octal number up to 777"),
    }
}

fn chunk_size(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    const LEAST: i64 = 64 << 10;
    const MOST: i64 = 16 << 20;
    let Some(found) = find(options, store, "filesystem_store_chunk_size") else { return };
    match found.value.as_deref().unwrap_or_default().trim().parse() {
        Ok(size) if (LEAST..=MOST).contains(&size) => {
            draft.set(&format!("{table}.chunk_size"), Value::Integer(size), found.name());
        }
        _ => draft.drop(&found, format!("it is not from {LEAST} to {MOST}")),
    }
}

/// It is for calls that move no data, here and there.
fn timeout(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    let Some(found) = find(options, store, "filesystem_store_timeout") else { return };
    match found.value.as_deref().unwrap_or_default().trim().parse() {
        Ok(0) => draft.drop(&found, "no call waits for ever here; `limits.call_seconds` is the key"),
        Ok(seconds @ 1..=604_800) => {
            draft.set(&format!("{table}.limits.call_seconds"), Value::Integer(seconds), found.name());
        }
        _ => draft.drop(&found, "it is no number of seconds up to a week"),
    }
}
