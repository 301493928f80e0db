//! Glance's stores: `enabled_backends` and a section for each, or the one store of older days.

mod filesystem;
mod swift;
mod web;

use super::{
    draft::Draft,
    options::{Found, Options},
    value::{Kind, list, pairs},
};

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
        "file" | "filesystem" => filesystem::carry(options, draft, store),
        "http" => web::carry(options, draft, store),
        "swift" => swift::carry(options, draft, store),
        driver => {
            let why = match driver {
                "s3" | "rbd" | "cinder" | "vmware" | "vmware_datastore" => format!(
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

/// What every store has; the rest of its options have no keys.
fn begin(options: &mut Options, draft: &mut Draft, store: &Store, plugin: &str, file: &'static str) -> String {
    let table = format!("stores.{}", store.name);
    draft.plugin(file);
    draft.set(&format!("{table}.plugin"), plugin, format!("Glance's driver `{}`", store.driver));
    carry_key(options, draft, store, "store_description", &format!("{table}.description"), Kind::Text);
    carry_key(options, draft, store, "weight", &format!("{table}.weight"), Kind::Number(i64::MIN));
    table
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
