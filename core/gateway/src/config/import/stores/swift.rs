//! Stores in an account of Swift's.

use super::{Store, begin, carry_key, find, leave};
use crate::config::import::{
    carry_value,
    draft::{Draft, Secret},
    options::{Found, Options, SECRET_UNREADABLE},
    value::{Kind, list},
};

/// Glance's name of the section that says who it is, in the file that `swift_store_config_file` names.
const REFERENCE: &str = "ref1";
/// What has no key here, and why.
const DROPPED: [(&str, &str); 8] = [
    ("swift_store_large_object_size", "an image that is larger than `segment_size` is stored in segments"),
    ("swift_store_large_object_chunk_size", "segments are sent from memory and so are smaller: see `segment_size`"),
    ("swift_store_ssl_compression", "it has not done anything for years"),
    ("swift_store_retry_get_count", "a connection that breaks is always taken up again"),
    ("swift_store_use_trusts", "the store is itself for Swift, and nobody else"),
    ("swift_buffer_on_upload", "nothing is buffered on a disk"),
    ("swift_upload_buffer_dir", "nothing is buffered on a disk"),
    ("swift_store_auth_version", "there is version 3 of Keystone, which is the default"),
];

pub(super) fn carry(options: &mut Options, draft: &mut Draft, store: &Store) -> bool {
    let table = begin(options, draft, store, "swift", "casement_swift");
    log_in(options, draft, store, &table);
    for (option, key, kind) in [
        ("swift_store_region", "region", Kind::Text),
        ("swift_store_service_type", "service_type", Kind::Text),
        ("swift_store_endpoint", "endpoint", Kind::Url),
        ("swift_store_container", "container", Kind::Text),
        ("swift_store_create_container_on_put", "create_container", Kind::Bool),
        ("swift_store_multiple_containers_seed", "multiple_containers_seed", Kind::Within(0, 32)),
        ("swift_store_expire_soon_interval", "expire_soon_seconds", Kind::Number(0)),
        ("swift_store_cacert", "ca_file", Kind::Text),
        ("swift_store_auth_insecure", "insecure", Kind::Bool),
    ] {
        carry_key(options, draft, store, option, &format!("{table}.{key}"), kind);
    }
    interface(options, draft, store, &table);
    tenants(options, draft, store, &table);
    for (option, why) in DROPPED {
        if let Some(found) = find(options, store, option) {
            draft.drop(&found, why);
        }
    }
    if store.sections[0] != "glance_store" {
        leave(options, draft, &store.sections[0], "a store in Swift has no such option");
    }
    true
}

/// Who the store is: by options of its own, or by a section of another file, which may be one of those that are imported.
fn log_in(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    let reference = find(options, store, "default_swift_reference");
    if let Some(found) = &reference {
        carry_value(draft, found, &format!("{table}.reference"), Kind::Text);
    }
    let name = reference.and_then(|found| found.value.ok()).unwrap_or_else(|| REFERENCE.to_owned());
    let section = name.to_lowercase();
    let file = find(options, store, "swift_store_config_file");
    let is_here = options.is_set(&section, "auth_address");
    if let Some(found) = file {
        let why = match is_here {
            true => format!("the section [{name}] is read"),
            false => format!("the section [{name}] of that file says who the store is: import it together with these"),
        };
        draft.drop(&found, why);
    }
    let mut either = |option: &str, other: &str| {
        let own = find(options, store, option);
        let here = options.last(&section, other);
        here.or(own)
    };
    let auth_url = either("swift_store_auth_address", "auth_address");
    let user = either("swift_store_user", "user");
    let key = either("swift_store_key", "key");
    let credential = find(options, store, "swift_store_application_credential_id");
    let secret = find(options, store, "swift_store_application_credential_secret");
    let projects = ["swift_store_project_id", "swift_store_project_name"].map(|option| find(options, store, option));
    let domains = ["user_domain_id", "user_domain_name", "project_domain_id", "project_domain_name"];
    let domains = domains.map(|key| (key, options.last(&section, key)));
    options.last(&section, "auth_version");

    match &auth_url {
        Some(found) => carry_value(draft, found, &format!("{table}.auth_url"), Kind::Url),
        None => draft.say(&format!("{table}.auth_url"), "these files do not say where Keystone is: set it"),
    }
    if let Some(found) = &credential {
        carry_value(draft, found, &format!("{table}.application_credential_id"), Kind::Text);
        let others = [user, key].into_iter().chain(projects).chain(domains.map(|(_, found)| found));
        others.flatten().for_each(|found| draft.drop(&found, "the application credential is used instead"));
        return self::key(draft, store, table, secret.as_ref());
    }
    if let Some(found) = secret {
        draft.drop(&found, "there is no application credential that it belongs to");
    }
    for (key, found) in domains {
        if let Some(found) = found {
            carry_value(draft, &found, &format!("{table}.{key}"), Kind::Text);
        }
    }
    self::user(draft, table, user.as_ref(), projects);
    self::key(draft, store, table, key.as_ref());
}

/// Glance writes `project:user`.
fn user(draft: &mut Draft, table: &str, user: Option<&Found>, [by_id, by_name]: [Option<Found>; 2]) {
    let text = user.and_then(|found| found.value.as_deref().ok()).unwrap_or_default();
    let (project, name) = text.rsplit_once(':').map_or((None, text), |(project, name)| (Some(project), name));
    match user {
        Some(found) if !name.is_empty() => draft.set(&format!("{table}.username"), name, found.name()),
        _ => draft.say(&format!("{table}.username"), "these files do not say who the store is for Keystone: set it"),
    }
    match (by_id, by_name, project.zip(user)) {
        (Some(found), other, _) => {
            carry_value(draft, &found, &format!("{table}.project_id"), Kind::Text);
            if let Some(other) = other {
                draft.drop(&other, "`project_id` is set too, and says the same");
            }
        }
        (None, Some(found), _) => {
            carry_value(draft, &found, &format!("{table}.project_name"), Kind::Text);
        }
        (None, None, Some((project, found))) => draft.set(&format!("{table}.project_name"), project, found.name()),
        (None, None, None) => {
            draft.say(&format!("{table}.project_name"), "these files do not say in which project: set it");
        }
    }
}

/// The secret itself never stands in the configuration.
fn key(draft: &mut Draft, store: &Store, table: &str, found: Option<&Found>) {
    let file = format!("{}-key", store.name);
    let comment = found.map_or_else(|| "The key".to_owned(), Found::name);
    draft.set(&format!("{table}.key_file"), file.clone(), format!("{comment}, in a file of its own"));
    match found.map(|found| (found, &found.value)) {
        Some((_, Ok(text))) => draft.secrets.push(Secret { file, text: text.clone() }),
        Some((found, Err(_))) => draft.drop(found, SECRET_UNREADABLE),
        None => draft.say(&format!("{table}.key_file"), "these files do not hold the key: put it there"),
    }
}

/// Glance writes them as version 2 of Keystone did.
fn interface(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    let Some(mut found) = find(options, store, "swift_store_endpoint_type") else { return };
    found.value = found.value.map(|text| text.strip_suffix("URL").unwrap_or(&text).to_owned());
    let kind = Kind::Choice(&["public", "internal", "admin"]);
    carry_value(draft, &found, &format!("{table}.interface"), kind);
}

fn tenants(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    carry_key(options, draft, store, "swift_store_multi_tenant", &format!("{table}.multi_tenant"), Kind::Bool);
    let is_multi = draft.get(&format!("{table}.multi_tenant")).and_then(toml::Value::as_bool) == Some(true);
    if is_multi {
        let text = "new images go into the account of the store's user and not of their owners, in whose accounts it must \
                    be a reseller admin to read those that are there";
        draft.say(&format!("the store `{}`", store.name), text);
    }
    let Some(found) = find(options, store, "swift_store_admin_tenants") else { return };
    match found.value.as_deref().map(list) {
        Ok(tenants) if tenants.is_empty() => draft.drop(&found, "it names none"),
        _ if is_multi => carry_value(draft, &found, &format!("{table}.admin_tenants"), Kind::Names),
        _ => draft.drop(&found, "it says nothing without `multi_tenant`"),
    }
}
