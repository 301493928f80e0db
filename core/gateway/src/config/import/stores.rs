//! Glance's stores: `enabled_backends` and a section for each, or the one store of older days.

use super::{
    draft::Draft,
    options::{Found, Options},
    value::{Kind, list, pairs},
};
use toml::Value;

/// Where Glance keeps images when nothing is said.
const DATADIR: &str = "/var/lib/glance/images";
/// The plugin that keeps images in a directory.
const FILESYSTEM: (&str, &str) = ("filesystem", "casement_filesystem");
const RESERVED: [&str; 2] = ["os_glance_staging_store", "os_glance_tasks_store"];

pub(super) fn carry(options: &mut Options, draft: &mut Draft) {
    let stores = match options.last("DEFAULT", "enabled_backends") {
        Some(enabled) => several(options, draft, &enabled),
        None => single(options, draft),
    };
    let mut carried: Vec<String> = Vec::new();
    for store in stores.all {
        if carry_one(options, draft, &store) {
            carried.push(store.name);
        }
    }
    for section in RESERVED {
        leave(options, draft, section, "there is no import of images yet, and so no staging");
    }
    leave(options, draft, "backend_defaults", "no store here has such an option");
    choose_default(draft, &carried, stores.default.as_deref());
}

struct Store {
    name: String,
    /// Glance's name of the driver.
    driver: String,
    /// Where its options are looked for, one section after another.
    sections: Vec<String>,
}

struct Stores {
    all: Vec<Store>,
    default: Option<String>,
}

fn several(options: &mut Options, draft: &mut Draft, enabled: &Found) -> Stores {
    let text = enabled.value.clone().unwrap_or_default();
    if let Err(why) = &enabled.value {
        draft.drop(enabled, why.clone());
    }
    let store = |(name, driver): (String, String)| {
        let sections = vec![name.to_lowercase(), "backend_defaults".to_owned()];
        Store { name, driver, sections }
    };
    for old in ["stores", "default_store"] {
        if let Some(found) = options.last("glance_store", old) {
            draft.drop(&found, "`enabled_backends` is set, and counts instead");
        }
    }
    let default = options.last("glance_store", "default_backend").and_then(|found| found.value.ok());
    Stores { all: pairs(&text).into_iter().map(store).collect(), default }
}

/// `stores = file,http` with all options in `[glance_store]`, or in `[DEFAULT]` before that.
fn single(options: &mut Options, draft: &mut Draft) -> Stores {
    let text = |found: Option<Found>, default: &str| {
        found.and_then(|found| found.value.ok()).unwrap_or_else(|| default.to_owned())
    };
    let drivers = list(&text(options.last("glance_store", "stores"), "file,http"));
    let default = text(options.last("glance_store", "default_store"), "file");
    if let Some(found) = options.last("glance_store", "default_backend") {
        draft.drop(&found, "it says nothing without `enabled_backends`");
    }
    let store = |driver: String| {
        let sections = vec!["glance_store".to_owned(), "DEFAULT".to_owned()];
        Store { name: short(&driver), driver: short(&driver), sections }
    };
    Stores { all: drivers.into_iter().map(store).collect(), default: Some(short(&default)) }
}

/// `file` for what older files call `filesystem` or `glance.store.filesystem.Store`.
fn short(driver: &str) -> String {
    let name = driver.strip_suffix(".Store").and_then(|path| path.rsplit('.').next()).unwrap_or(driver);
    if name == "filesystem" { "file".to_owned() } else { name.to_owned() }
}

fn carry_one(options: &mut Options, draft: &mut Draft, store: &Store) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if store.name.is_empty() || !store.name.chars().all(good) {
        let why = "its name has other characters than letters, digits, `-` and `_`: give it another one, and say so in the \
                   metadata of the locations in it";
        draft.say(&format!("the store `{}`", store.name), why);
        return leave_store(options, draft, store);
    }
    match store.driver.as_str() {
        "file" | "filesystem" => filesystem(options, draft, store),
        driver => {
            let why = match driver {
                "http" => "is not read from yet: images whose data lies on web servers can't be downloaded".to_owned(),
                "s3" | "swift" | "rbd" | "cinder" | "vmware" | "vmware_datastore" => format!(
                    "has no plugin yet: images that are only in it can't be downloaded. Before you move, copy them to a \
                     store that is carried over, with Glance's import method copy-image (`{driver}`)"
                ),
                _ => "is of a type that Glance 33 does not have".to_owned(),
            };
            draft.say(&format!("the store `{}`", store.name), why);
            leave_store(options, draft, store)
        }
    }
}

fn filesystem(options: &mut Options, draft: &mut Draft, store: &Store) -> bool {
    let table = format!("stores.{}", store.name);
    draft.plugin(FILESYSTEM.1);
    draft.set(&format!("{table}.plugin"), FILESYSTEM.0, format!("Glance's driver `{}`", store.driver));
    for (option, key, kind) in
        [("store_description", "description", Kind::Text), ("weight", "weight", Kind::Number(i64::MIN))]
    {
        carry_key(options, draft, store, option, &format!("{table}.{key}"), kind);
    }
    let (root, comment) = root(options, draft, store);
    draft.set(&format!("{table}.root"), root, comment);
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

/// One directory; Glance could spread a store over several.
fn root(options: &mut Options, draft: &mut Draft, store: &Store) -> (String, String) {
    if let Some(found) = find(options, store, "filesystem_store_datadir") {
        match &found.value {
            Ok(path) => return (path.clone(), found.name()),
            Err(why) => draft.drop(&found, why.clone()),
        }
    }
    let several: Vec<Found> =
        store.sections.iter().flat_map(|at| options.all(at, "filesystem_store_datadirs")).collect();
    let mut folders: Vec<(String, i64, Found)> = Vec::new();
    for found in several {
        match &found.value {
            Ok(text) => {
                let (path, priority) = with_priority(text);
                folders.push((path, priority, found));
            }
            Err(why) => draft.drop(&found, why.clone()),
        }
    }
    // Of several that are as good, the first.
    folders.sort_by_key(|(_, priority, _)| -priority);
    let mut folders = folders.into_iter();
    let Some((path, _, first)) = folders.next() else {
        return (DATADIR.to_owned(), "Glance's default".to_owned());
    };
    for (path, _, found) in folders {
        let why = format!(
            "a store has one directory: move the files of {path} to that of the highest priority, and their locations with \
             them, or make it a store of its own"
        );
        draft.drop(&found, why);
    }
    (path, first.name())
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

fn carry_key(options: &mut Options, draft: &mut Draft, store: &Store, option: &str, key: &str, kind: Kind) {
    if let Some(found) = find(options, store, option) {
        super::carry_value(draft, &found, key, kind);
    }
}

/// The option in the first section that has it.
fn find(options: &mut Options, store: &Store, option: &str) -> Option<Found> {
    let section = store.sections.iter().find(|section| options.is_set(section, option))?.clone();
    options.last(&section, option)
}

/// Lists what is left in the sections of a store that is not carried over.
fn leave_store(options: &mut Options, draft: &mut Draft, store: &Store) -> bool {
    if store.sections[0] != "glance_store" {
        leave(options, draft, &store.sections[0], &format!("the store `{}` is left out", store.name));
    }
    false
}

fn leave(options: &mut Options, draft: &mut Draft, section: &str, why: &str) {
    for found in options.rest_of(section) {
        draft.drop(&found, why);
    }
}

fn choose_default(draft: &mut Draft, carried: &[String], wanted: Option<&str>) {
    let Some(first) = carried.first() else {
        draft.say("stores", "none of the stores could be carried over: add one, or the service does not start");
        return;
    };
    let chosen = carried.iter().find(|name| Some(name.as_str()) == wanted).unwrap_or(first);
    if let Some(lost) = wanted.filter(|wanted| wanted != chosen) {
        let text = format!("Glance's default store `{lost}` is left out; uploads that name no store go to `{chosen}`");
        draft.say("stores", text);
    }
    // A single store is the default without saying so.
    if carried.len() > 1 {
        draft.set(&format!("stores.{chosen}.default"), true, "Takes the uploads that name no store");
    }
}
