//! `[database] connection`: the URL of the database, which may hold a password.

use super::{
    draft::Draft,
    is_absolute,
    options::{Options, SECRET_UNREADABLE},
};

/// Older places of the same.
const PLACES: [(&str, &str); 4] =
    [("database", "connection"), ("database", "sql_connection"), ("DEFAULT", "sql_connection"), ("sql", "connection")];
/// Where the database is to be when Glance's cannot be used.
const NEW: &str = "casement.sqlite";

pub(super) fn carry(options: &mut Options, draft: &mut Draft) {
    let Some(found) = PLACES.into_iter().find_map(|(section, key)| options.last(section, key)) else {
        draft.set("catalog.path", NEW, "These files name no database");
        draft.say("catalog.path", "these files name no database: a new one is made, without the images of Glance");
        return;
    };
    let url = match &found.value {
        Ok(url) => url.as_str(),
        Err(_) => {
            draft.set("catalog.path", NEW, "Glance's could not be read");
            return draft.drop(&found, SECRET_UNREADABLE);
        }
    };
    let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
    let (path, parameters) = rest.split_once('?').map_or((rest, None), |(path, parameters)| (path, Some(parameters)));
    let path = path.strip_prefix('/').unwrap_or_default();
    if scheme.split('+').next() != Some("sqlite") || path.is_empty() {
        draft.set("catalog.path", NEW, "A new database");
        let why = "only SQLite in a file is served yet: with a new database the images of Glance are not there";
        return draft.drop(&found, why);
    }
    draft.set("catalog.path", path, found.name());
    if parameters.is_some() {
        draft.drop(&found, "the parameters of its URL are left out");
    }
    if !is_absolute(path) {
        draft.drop(
            &found,
            "its path is relative: with Glance it began where Glance was started, now at the folder of this file",
        );
    }
    let text = "it is Glance's own database, and is gone on with: stop Glance before, and keep a copy";
    draft.say("catalog.path", text);
}
