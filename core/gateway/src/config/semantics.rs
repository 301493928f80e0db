//! What types cannot say: whether the values make sense, and make sense together.

use super::{Config, Mode, error::Problems, listen, load::path};
use std::{collections::HashSet, net::SocketAddr};
use tracing_subscriber::EnvFilter;

/// Glance keeps store ids with this start for itself.
const RESERVED: &str = "os_glance_";

pub(super) fn check(config: &Config, problems: &mut Problems<'_>) {
    listen::check(config, problems);
    server(config, problems);
    admin(config, problems);
    cors(config, problems);
    identity(config, problems);
    images(config, problems);
    policy(config, problems);
    plugins(config, problems);
    stores(config, problems);
    if let Err(err) = EnvFilter::builder().parse(&config.log.level) {
        problems.add(&path(&["log", "level"]), format!("`log.level` cannot be used: {err}"));
    }
}

fn server(config: &Config, problems: &mut Problems<'_>) {
    let server = &config.server;
    if server.public_endpoint.as_deref().is_some_and(|url| !casement_http::is_http_url(url)) {
        let text = "`server.public_endpoint` must be a URL, as in \"https://images.example.org\"";
        problems.add(&path(&["server", "public_endpoint"]), text);
    }
}

fn admin(config: &Config, problems: &mut Problems<'_>) {
    let Some(listen) = &config.admin.listen else { return };
    let here = path(&["admin", "listen"]);
    let Ok(address) = listen.parse::<SocketAddr>() else {
        let text = "`admin.listen` must be an address and a port, as in \"127.0.0.1:9293\" or \"[::1]:9293\"";
        return problems.add(&here, text);
    };
    if address.port() != 0 && config.listen().iter().any(|listen| listen.address == address) {
        problems.add(&here, "`admin.listen` is in `server.listen`: it needs a port of its own");
    }
}

fn cors(config: &Config, problems: &mut Problems<'_>) {
    if let Err((key, why)) = casement_http::Cors::from(config.cors.clone()).check() {
        problems.add(&path(&["cors", key]), format!("`cors.{key}` {why}"));
    }
}

fn identity(config: &Config, problems: &mut Problems<'_>) {
    let identity = &config.identity;
    if identity.mode == Mode::Tokens && identity.tokens.is_empty() {
        let text = "`identity.mode` is \"tokens\", but there is no [[identity.tokens]]: nobody could come in";
        problems.add(&path(&["identity", "mode"]), text);
    }
    if identity.mode == Mode::Headers {
        trusted_proxies(&identity.headers.trusted_proxies, problems);
    }
    if identity.mode == Mode::Keystone
        && let Err(wrong) = identity.keystone.check()
    {
        problems.add(&path(&["identity", "keystone", wrong.key]), wrong.text);
    }
    let mut seen = HashSet::new();
    for (index, token) in identity.tokens.iter().enumerate() {
        let here = path(&["identity", "tokens"]).index(index).key("sha256");
        if !is_sha256(&token.sha256) {
            let text = format!("`{here}` must be 64 hex digits; `casement token hash` prints them");
            problems.add(&here, text);
        } else if !seen.insert(token.sha256.to_lowercase()) {
            problems.add(&here, format!("`{here}`: another [[identity.tokens]] has the same token"));
        }
    }
}

fn trusted_proxies(proxies: &[String], problems: &mut Problems<'_>) {
    let here = path(&["identity", "headers", "trusted_proxies"]);
    if proxies.is_empty() {
        problems.add(&here, "`identity.mode` is \"headers\", but `identity.headers.trusted_proxies` lists nobody");
    }
    if let Err(err) = casement_identity::Identity::headers(proxies) {
        problems.add(&here, format!("`identity.headers.trusted_proxies`: {err}"));
    }
}

fn images(config: &Config, problems: &mut Problems<'_>) {
    let images = &config.images;
    if images.default_page_size > images.max_page_size {
        let text = format!(
            "`images.default_page_size` ({}) is more than `images.max_page_size` ({})",
            images.default_page_size, images.max_page_size
        );
        problems.add(&path(&["images", "default_page_size"]), text);
    }
    format_names("container_formats", &images.container_formats, problems);
    format_names("disk_formats", &images.disk_formats, problems);
    if images.use_keystone_limits && config.identity.mode != Mode::Keystone {
        let text = "`images.use_keystone_limits` needs `identity.mode = \"keystone\"`: Keystone has the limits";
        problems.add(&path(&["images", "use_keystone_limits"]), text);
    }
    if images.storage_quota().is_none() {
        let text = "`images.storage_quota` must be a number of bytes, or one with a unit, as in \"500GB\"";
        problems.add(&path(&["images", "storage_quota"]), text);
    }
}

fn format_names(key: &str, names: &[String], problems: &mut Problems<'_>) {
    // As long as the database's column.
    const LONGEST: usize = 20;
    let here = path(&["images", key]);
    if names.is_empty() {
        problems.add(&here, format!("`{here}` is empty: no image could have data"));
    }
    let mut seen = HashSet::new();
    for (index, name) in names.iter().enumerate() {
        let here = here.index(index);
        if name.is_empty() || name.len() > LONGEST || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            let text = format!("`{here}` must be a name of 1 to {LONGEST} ASCII characters without spaces");
            problems.add(&here, text);
        } else if !seen.insert(name) {
            problems.add(&here, format!("`{here}`: `{name}` is listed twice"));
        }
    }
}

fn policy(config: &Config, problems: &mut Problems<'_>) {
    if !config.policy.enforce_new_defaults {
        let text = "`policy.enforce_new_defaults = false` is not supported: what the older defaults allow beyond those \
                    of today must be written into `policy.file`, as in get_image: \"role:admin or …\"; `casement policy \
                    list` prints the rules in force";
        problems.add(&path(&["policy", "enforce_new_defaults"]), text);
    }
}

fn plugins(config: &Config, problems: &mut Problems<'_>) {
    let mut seen = HashSet::new();
    for (index, plugin) in config.plugins.iter().enumerate() {
        let here = path(&["plugins"]).index(index);
        if plugin.sha256.as_deref().is_some_and(|hash| !is_sha256(hash)) {
            let here = here.key("sha256");
            problems.add(&here, format!("`{here}` must be the file's SHA-256 in 64 hex digits"));
        }
        if !seen.insert(&plugin.path) {
            let text = format!("the plugin {} is listed twice", plugin.path.display());
            problems.add(&here.key("path"), text);
        }
        if let Some(name) = &plugin.name
            && config.plugins[..index].iter().any(|other| other.name.as_ref() == Some(name))
        {
            problems.add(&here.key("name"), format!("another plugin has the name `{name}`"));
        }
    }
}

fn stores(config: &Config, problems: &mut Problems<'_>) {
    let stores = &config.stores;
    if stores.is_empty() {
        let text = "no store is configured: add a [stores.<id>] table, and a [[plugins]] table for its plugin";
        return problems.add(&path(&[]), text);
    }
    if config.plugins.is_empty() {
        let text = "no plugin is listed: stores need a [[plugins]] table with the `path` of their plugin";
        problems.add(&path(&[]), text);
    }
    for id in stores.keys() {
        let here = path(&["stores", id]);
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if id.is_empty() || !id.chars().all(good) {
            let text = format!("the store id `{id}` may have only letters, digits, `-` and `_`");
            problems.add(&here, text);
        } else if id.starts_with(RESERVED) {
            let text = format!("the store id `{id}` may not start with `{RESERVED}`: clients take it for Glance's own");
            problems.add(&here, text);
        }
    }
    let defaults: Vec<_> = stores.iter().filter(|(_, store)| store.default).collect();
    match defaults.as_slice() {
        [] if stores.len() > 1 => {
            let text = "none of the stores is the default: set `default = true` in one of them";
            problems.add(&path(&["stores"]), text);
        }
        [(first, _), others @ ..] => {
            for (id, _) in others {
                let text = format!("only one store can be the default, and `{first}` is too");
                problems.add(&path(&["stores", id, "default"]), text);
            }
        }
        [] => {}
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
