//! From Glance's configuration files to one of this service.
//!
//! `ini` and `options` read as oslo.config does; `table` says what becomes of each option; `stores`, `keystone` and
//! `database` see to what is more than one option for one key; `draft` writes. Nothing here reads or writes a file.

mod database;
mod draft;
mod ini;
mod keystone;
mod options;
mod stores;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use draft::{Remark, Secret};
pub(crate) use ini::Broken;

use draft::Draft;
use options::{Found, Options};
use table::{Fate, TABLE};
use value::Kind;

/// What came of it.
#[derive(Debug)]
pub(crate) struct Imported {
    pub toml: String,
    /// Everything that was not carried over as it was; they stand at the end of the TOML too.
    pub remarks: Vec<Remark>,
    /// What the TOML names a file for, and does not hold itself.
    pub secrets: Vec<Secret>,
}

/// Carries over what these files say, given by name and text in the order in which Glance read them.
pub(crate) fn import(files: &[(String, String)]) -> Result<Imported, Broken> {
    let mut options = Options::read(files)?;
    let mut draft = Draft::default();
    listen(&mut options, &mut draft);
    database::carry(&mut options, &mut draft);
    keystone::carry(&mut options, &mut draft);
    stores::carry(&mut options, &mut draft);
    keys(&mut options, &mut draft);
    paging(&mut draft);
    policy_files(&mut draft);
    for found in options.rest() {
        draft.drop(&found, fate_of_rest(&found));
    }
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    Ok(Imported { toml: draft.to_toml(&names.join(", ")), remarks: draft.remarks, secrets: draft.secrets })
}

fn keys(options: &mut Options, draft: &mut Draft) {
    for (section, names, fate) in TABLE.iter().filter(|row| row.0 != "keystone_authtoken") {
        let Fate::Key(key, kind) = fate else { continue };
        for name in names.split(' ') {
            // Formats and some others stood in [DEFAULT] once.
            let found = options.last(section, name).or_else(|| options.last("DEFAULT", name));
            if let Some(found) = found {
                carry_value(draft, &found, key, *kind);
            }
        }
    }
}

/// Sets `key` to the option's value, or says why it can't be.
fn carry_value(draft: &mut Draft, found: &Found, key: &str, kind: Kind) {
    match found.value.as_ref().map_err(Clone::clone).and_then(|text| kind.read(text)) {
        Ok((value, rest)) => {
            draft.set(key, value, found.name());
            rest.into_iter().for_each(|rest| draft.drop(found, rest));
        }
        Err(why) => draft.drop(found, format!("{why}; `{key}` keeps its default")),
    }
}

/// Glance's own server is gone since its release 31; older files say where it listened.
fn listen(options: &mut Options, draft: &mut Draft) {
    const PORT: &str = "9292";
    let [host, port] = ["bind_host", "bind_port"].map(|key| options.last("DEFAULT", key));
    let Some(found) = host.as_ref().or(port.as_ref()) else {
        let text = "these files do not say where the service listens: it is 127.0.0.1:9292 unless you set it";
        return draft.say("server.listen", text);
    };
    let text = |found: &Option<Found>, default: &str| {
        found.as_ref().and_then(|found| found.value.clone().ok()).unwrap_or_else(|| default.to_owned())
    };
    let (host, port) = (text(&host, "0.0.0.0"), text(&port, PORT));
    let address = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    if address.parse::<std::net::SocketAddr>().is_ok() {
        draft.set("server.listen", address, found.name());
    } else {
        draft.drop(found, "it must be an address and no name; `server.listen` keeps its default");
    }
}

/// Glance lets the smaller one win.
fn paging(draft: &mut Draft) {
    let number =
        |draft: &Draft, key: &str, default| draft.get(key).and_then(toml::Value::as_integer).unwrap_or(default);
    let most = number(draft, "images.max_page_size", 1000);
    if number(draft, "images.default_page_size", 25) > most {
        draft.set("images.default_page_size", most, "[DEFAULT] api_limit_max, which is the smaller one");
    }
}

/// Glance looks for relative ones in its own folder, and there for a `policy.yaml` that nobody named.
fn policy_files(draft: &mut Draft) {
    if draft.get("policy.file").is_none() {
        draft.say("policy.file", "these files name none; set it if Glance has a policy.yaml in its folder");
    }
    for key in ["policy.file", "policy.property_protection_file"] {
        let path = draft.get(key).and_then(toml::Value::as_str);
        if path.is_some_and(|path| !is_absolute(path)) {
            draft.say(key, "it is relative, and begins at the folder of this file: copy it there");
        }
    }
}

/// Also on a system that is not that of the service to be.
fn is_absolute(path: &str) -> bool {
    let drive = path.get(1..3).is_some_and(|colon| matches!(colon, ":\\" | ":/"));
    path.starts_with('/') || path.starts_with("\\\\") || drive
}

fn fate_of_rest(found: &Found) -> String {
    match table::fate(&found.section, &found.key) {
        Some(Fate::Dropped(why)) => why.to_owned(),
        Some(Fate::Key(key, _)) => format!("another value counts for `{key}`"),
        Some(Fate::Together(what)) => format!("it says nothing beside the others; see {what}"),
        None => "it is unknown: neither Glance 33 nor this import has it".to_owned(),
    }
}
