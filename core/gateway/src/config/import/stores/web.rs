//! Stores of images that lie on web servers.

use super::{Store, begin, carry_key, find, leave};
use crate::config::import::{
    draft::Draft,
    options::Options,
    value::{Kind, pairs},
};

pub(super) fn carry(options: &mut Options, draft: &mut Draft, store: &Store) -> bool {
    let table = begin(options, draft, store, "http", "casement_http_store");
    carry_key(options, draft, store, "https_ca_certificates_file", &format!("{table}.ca_file"), Kind::Text);
    let subject = format!("the store `{}`", store.name);
    if find(options, store, "https_insecure").is_some() {
        carry_key(options, draft, store, "https_insecure", &format!("{table}.insecure"), Kind::Bool);
    } else {
        draft.say(&subject, "Glance takes any certificate by default, and now they are checked: see `insecure`");
    }
    draft.say(
        &subject,
        "only the ports 80 and 443 are read from, and no address of this machine: see `allowed_ports`, `allowed_hosts`",
    );
    proxy(options, draft, store, &table);
    if store.sections[0] != "glance_store" {
        leave(options, draft, &store.sections[0], "a store of web servers has no such option");
    }
    true
}

/// Glance has one for each scheme.
fn proxy(options: &mut Options, draft: &mut Draft, store: &Store, table: &str) {
    let Some(found) = find(options, store, "http_proxy_information") else { return };
    let proxies = pairs(found.value.as_deref().unwrap_or_default());
    match proxies.split_first() {
        Some(_) if proxies.iter().any(|(_, proxy)| proxy.contains('@')) => {
            draft.drop(&found, "a proxy must be usable without a password");
        }
        Some(((_, proxy), others)) if others.iter().all(|(_, other)| other == proxy) => {
            draft.set(&format!("{table}.proxy"), format!("http://{proxy}"), found.name());
        }
        Some(_) => draft.drop(&found, "one proxy is for all schemes: set `proxy`"),
        None => draft.drop(&found, "it names no proxy"),
    }
}
