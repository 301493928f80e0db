//! `[paste_deploy] flavor` and `[keystone_authtoken]`: how callers are known.

use super::{
    draft::{Draft, Secret},
    options::{Found, Options, SECRET_UNREADABLE},
    table::{Fate, TABLE},
};

const SECTION: &str = "keystone_authtoken";
/// What is said by its id need not be said by its name.
const ID_OR_NAME: [(&str, &str); 4] = [
    ("user_id", "username"),
    ("user_domain_id", "user_domain_name"),
    ("project_id", "project_name"),
    ("project_domain_id", "project_domain_name"),
];

pub(super) fn carry(options: &mut Options, draft: &mut Draft) {
    let flavor = options.last("paste_deploy", "flavor");
    let named = flavor.as_ref().and_then(|found| found.value.clone().ok()).unwrap_or_default();
    if named.contains("cache") || named.contains("caching") {
        draft.say("[paste_deploy] flavor", "there is no image cache yet");
    }
    let comment = flavor.as_ref().map_or_else(|| "Glance's default flavor".to_owned(), Found::name);
    if named.split('+').any(|part| part == "keystone") {
        draft.set("identity.mode", "keystone", comment);
        log_in(options, draft);
        return;
    }
    draft.set("identity.mode", "none", comment);
    let text = "the flavor asks for no Keystone, so that everybody who can connect may do everything, as with Glance; if your \
                paste file asks for it in another way, set \"keystone\" and the keys of [identity.keystone]";
    draft.say("identity.mode", text);
    for found in options.rest_of(SECTION) {
        draft.drop(&found, "the flavor asks for no Keystone");
    }
}

/// Who this service is for Keystone. `auth_section` may name another section that says so.
fn log_in(options: &mut Options, draft: &mut Draft) {
    let elsewhere = options.last(SECTION, "auth_section").and_then(|found| found.value.ok());
    let section = elsewhere.map_or_else(|| SECTION.to_owned(), |name| name.to_lowercase());
    for section in [&section, SECTION] {
        options.last(section, "auth_type");
    }
    for (_, names, fate) in TABLE.iter().filter(|row| row.0 == SECTION) {
        let Fate::Key(key, kind) = fate else { continue };
        let mut sections = [section.as_str(), SECTION].into_iter();
        // The first name is today's, the others are older ones of the same.
        let found = sections.find_map(|section| names.split(' ').find_map(|name| options.last(section, name)));
        let Some(found) = found else { continue };
        let name = key.rsplit('.').next().unwrap_or_default();
        let twin = ID_OR_NAME.iter().find(|(_, by_name)| *by_name == name).map(|(by_id, _)| *by_id);
        match twin.filter(|twin| draft.get(&format!("identity.keystone.{twin}")).is_some()) {
            Some(twin) => draft.drop(&found, format!("`{twin}` is set too, and says the same")),
            None => super::carry_value(draft, &found, key, *kind),
        }
    }
    let uses_credential = draft.get("identity.keystone.application_credential_id").is_some()
        || draft.get("identity.keystone.application_credential_name").is_some();
    let (option, key, file) = if uses_credential {
        ("application_credential_secret", "application_credential_secret_file", "keystone-secret")
    } else {
        ("password", "password_file", "keystone-password")
    };
    secret(options, draft, &section, option, key, file);
    // Here it is Glance that is strict by default.
    if draft.get("identity.keystone.service_token_roles_required").is_none() {
        draft.set("identity.keystone.service_token_roles_required", true, "Glance's default");
    }
    complete(draft);
    for found in options.rest_of(&section) {
        draft.drop(&found, super::fate_of_rest(&Found { section: SECTION.to_owned(), ..found.clone() }));
    }
}

/// The secret itself never stands in the configuration.
fn secret(options: &mut Options, draft: &mut Draft, section: &str, option: &str, key: &str, file: &str) {
    draft.set(&format!("identity.keystone.{key}"), file, format!("[{section}] {option}, in a file of its own"));
    let Some(found) = options.last(section, option) else { return };
    match &found.value {
        Ok(text) => draft.secrets.push(Secret { file: file.to_owned(), text: text.clone() }),
        Err(_) => draft.drop(&found, SECRET_UNREADABLE),
    }
}

/// What Keystone's library would ask for, too.
fn complete(draft: &mut Draft) {
    if draft.get("identity.keystone.auth_url").is_none() {
        match draft.get("identity.keystone.www_authenticate_uri").cloned() {
            Some(url) => draft.set("identity.keystone.auth_url", url, "[keystone_authtoken] www_authenticate_uri"),
            None => draft.say("identity.keystone.auth_url", "these files do not say where Keystone is: set it"),
        }
    }
    let is_set =
        |draft: &Draft, keys: &[&str]| keys.iter().any(|key| draft.get(&format!("identity.keystone.{key}")).is_some());
    let whole = is_set(draft, &["application_credential_id"]);
    if !whole && !is_set(draft, &["username", "user_id"]) {
        draft.say("identity.keystone.username", "these files do not say who Glance is for Keystone: set it");
    }
    let credential = is_set(draft, &["application_credential_id", "application_credential_name"]);
    if !credential && !is_set(draft, &["project_name", "project_id", "system_scope"]) {
        draft.say("identity.keystone.project_name", "these files do not say in which project: set it");
    }
    if is_set(draft, &["region"]) && !is_set(draft, &["interface"]) {
        draft.set("identity.keystone.interface", "internal", "Glance's default");
    }
}
