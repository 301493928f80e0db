//! Glance's options, and what becomes of each. docs/operators/from-glance.md is written from this table.

use super::value::Kind;

/// What becomes of an option.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    /// The key of the same meaning.
    Key(&'static str, Kind),
    /// Several options make a key, or one makes several: another file of this folder does it. The text tells what comes out.
    Together(&'static str),
    /// There is no such thing here, and why.
    Dropped(&'static str),
}

use Fate::{Dropped, Key, Together};

/// Section, options of one fate separated by blanks (`*`: every other one), and the fate.
pub(super) type Row = (&'static str, &'static str, Fate);

const NO_CACHE: Fate = Dropped("there is no image cache yet");
const NO_IMPORT: Fate = Dropped("there is no import of images yet");
const NO_SCRUBBER: Fate = Dropped("deleted data is removed at once; there is no delayed delete yet");
const NO_MESSAGES: Fate = Dropped("notifications are not sent yet");
const NO_LOG_FILE: Fate = Dropped("the log goes to standard error; systemd or a supervisor keeps it");
const NO_LOG_FORMAT: Fate = Dropped("lines of the log have one form: see `log.format`");
const TLS: Fate = Dropped("set `server.tls`, and write `https://` before the address in `server.listen`");
const POOL: Fate = Dropped("the database is a file; there is nothing to tune");
const NO_MEMCACHE: Fate =
    Dropped("validated tokens are kept in the process's own bounded cache, and shared with nobody");
const STORE: Fate = Together("`[stores.<id>]`, see [Stores](#stores)");
const LOGIN: Fate =
    Together("`identity.keystone.password_file` or `application_credential_secret_file`, see [Secrets](#secrets)");

pub(super) const TABLE: &[Row] = &[
    ("DEFAULT", "bind_host bind_port", Together("`server.listen`")),
    ("DEFAULT", "public_endpoint", Key("server.public_endpoint", Kind::Url)),
    ("DEFAULT", "api_limit_max", Key("images.max_page_size", Kind::Number(1))),
    ("DEFAULT", "limit_param_default", Key("images.default_page_size", Kind::Number(1))),
    ("DEFAULT", "image_member_quota", Key("images.member_quota", Kind::Quota)),
    ("DEFAULT", "image_property_quota", Key("images.property_quota", Kind::Quota)),
    ("DEFAULT", "image_tag_quota", Key("images.tag_quota", Kind::Quota)),
    ("DEFAULT", "image_location_quota", Key("images.location_quota", Kind::Quota)),
    ("DEFAULT", "do_secure_hash", Key("images.do_secure_hash", Kind::Bool)),
    ("DEFAULT", "http_retries", Key("images.http_retries", Kind::Within(1, 100))),
    ("DEFAULT", "property_protection_file", Key("policy.property_protection_file", Kind::Text)),
    (
        "DEFAULT",
        "property_protection_rule_format",
        Key("policy.property_protection_rule_format", Kind::Choice(&["roles", "policies"])),
    ),
    ("oslo_policy", "policy_file", Key("policy.file", Kind::Text)),
    (
        "oslo_policy",
        "enforce_new_defaults enforce_scope",
        Dropped(
            "the defaults are those of today: what the older ones allow beyond them has to be written into `policy.file`",
        ),
    ),
    ("oslo_policy", "*", Dropped("rules are read from one file")),
    ("import_filtering_opts", "allowed_schemes", Key("import_filtering.allowed_schemes", Kind::Names)),
    ("import_filtering_opts", "disallowed_schemes", Key("import_filtering.disallowed_schemes", Kind::Names)),
    ("import_filtering_opts", "allowed_hosts", Key("import_filtering.allowed_hosts", Kind::Names)),
    ("import_filtering_opts", "disallowed_hosts", Key("import_filtering.disallowed_hosts", Kind::Names)),
    ("import_filtering_opts", "allowed_ports", Key("import_filtering.allowed_ports", Kind::Ports)),
    ("import_filtering_opts", "disallowed_ports", Key("import_filtering.disallowed_ports", Kind::Ports)),
    ("DEFAULT", "image_size_cap", Key("images.size_cap_bytes", Kind::Number(1))),
    ("DEFAULT", "show_image_direct_url", Key("images.show_direct_url", Kind::Bool)),
    ("DEFAULT", "show_multiple_locations", Key("images.show_multiple_locations", Kind::Bool)),
    ("DEFAULT", "hashing_algorithm", Key("images.hashing_algorithm", Kind::Choice(&["sha256", "sha384", "sha512"]))),
    ("DEFAULT", "enabled_backends", STORE),
    ("DEFAULT", "debug", Key("log.level", Kind::Either("debug", "info"))),
    ("DEFAULT", "verbose", Dropped("`log.level` says how much is logged")),
    ("DEFAULT", "use_json", Key("log.format", Kind::Either("json", "text"))),
    ("DEFAULT", "max_request_id_length", Dropped("a request id may have 64 characters, as by default in Glance")),
    (
        "DEFAULT",
        "metadata_encryption_key digest_algorithm",
        Dropped("locations are not encrypted: what Glance encrypted with this key has to be decrypted by Glance first"),
    ),
    ("DEFAULT", "node_staging_uri enabled_import_methods worker_self_reference_url", NO_IMPORT),
    (
        "DEFAULT",
        "image_cache_driver image_cache_dir image_cache_max_size image_cache_stall_time image_cache_sqlite_db",
        NO_CACHE,
    ),
    ("DEFAULT", "scrub_time scrub_pool_size wakeup_time delayed_delete daemon restore scrubber_datadir", NO_SCRUBBER),
    (
        "DEFAULT",
        "default_publisher_id disabled_notifications transport_url control_exchange rpc_response_timeout rpc_ping_enabled executor_thread_pool_size notification_driver",
        NO_MESSAGES,
    ),
    ("DEFAULT", "metadata_source_path", Dropped("`casement metadefs load` is told the folder")),
    ("DEFAULT", "pydev_worker_debug_host pydev_worker_debug_port", Dropped("it is for debugging Glance itself")),
    (
        "DEFAULT",
        "workers backlog tcp_keepidle client_socket_timeout http_keepalive max_header_line eventlet_hub",
        Dropped("one process serves all, unless `server.workers` wants several; its limits are the keys of `[server]`"),
    ),
    ("DEFAULT", "cert_file key_file ca_file", TLS),
    (
        "DEFAULT",
        "log_file log_dir logfile logdir log_config log_config_append use_syslog syslog_log_facility use_journal use_stderr use_eventlog watch_log_file log_rotate_interval log_rotate_interval_type max_logfile_count max_logfile_size_mb log_rotation_type",
        NO_LOG_FILE,
    ),
    (
        "DEFAULT",
        "log_date_format log_color logging_context_format_string logging_default_format_string logging_debug_format_suffix logging_exception_prefix logging_user_identity_format instance_format instance_uuid_format",
        NO_LOG_FORMAT,
    ),
    (
        "DEFAULT",
        "default_log_levels",
        Dropped("`log.level` can name parts of the program; they are others than Glance's"),
    ),
    (
        "DEFAULT",
        "publish_errors rate_limit_interval rate_limit_burst rate_limit_except_level fatal_deprecations",
        Dropped("the log has no such rule"),
    ),
    ("DEFAULT", "config_file config_dir config_source", Dropped("name every file on the command line of the import")),
    (
        "DEFAULT",
        "enable_v1_api enable_v2_api enable_v1_registry enable_v2_registry registry_host registry_port registry_client_protocol data_api allow_additional_image_properties owner_is_tenant admin_role secure_proxy_ssl_header image_size_quota",
        Dropped("Glance has not had it for years"),
    ),
    ("DEFAULT", "user_storage_quota", Key("images.storage_quota", Kind::Text)),
    ("DEFAULT", "use_keystone_limits", Key("images.use_keystone_limits", Kind::Bool)),
    ("DEFAULT", "allow_anonymous_access", Key("identity.allow_anonymous_access", Kind::Bool)),
    ("image_format", "container_formats", Key("images.container_formats", Kind::Names)),
    ("image_format", "disk_formats", Key("images.disk_formats", Kind::Names)),
    (
        "image_format",
        "vmdk_allowed_types",
        Key("images.vmdk_allowed_types", Kind::Some(&["streamOptimized", "monolithicSparse"])),
    ),
    ("image_format", "require_image_format_match", Key("images.require_image_format_match", Kind::Bool)),
    ("image_format", "gpt_safety_checks_nonfatal", Key("images.gpt_safety_checks_nonfatal", Kind::Some(&["mbr"]))),
    ("glance_store", "default_backend stores default_store", STORE),
    ("database", "connection", Together("`catalog.path` of an SQLite file; other databases are not served yet")),
    ("database", "*", POOL),
    ("paste_deploy", "flavor", Together("`identity.mode`: `keystone` where the flavor has it, else `none`")),
    ("paste_deploy", "config_file", Dropped("there are no pipelines to put together")),
    ("keystone_authtoken", "www_authenticate_uri auth_uri", Key("identity.keystone.www_authenticate_uri", Kind::Url)),
    ("keystone_authtoken", "auth_url", Key("identity.keystone.auth_url", Kind::Url)),
    ("keystone_authtoken", "user_id", Key("identity.keystone.user_id", Kind::Text)),
    ("keystone_authtoken", "username user_name", Key("identity.keystone.username", Kind::Text)),
    ("keystone_authtoken", "user_domain_id", Key("identity.keystone.user_domain_id", Kind::Text)),
    ("keystone_authtoken", "user_domain_name", Key("identity.keystone.user_domain_name", Kind::Text)),
    ("keystone_authtoken", "project_id tenant_id", Key("identity.keystone.project_id", Kind::Text)),
    ("keystone_authtoken", "project_name tenant_name", Key("identity.keystone.project_name", Kind::Text)),
    ("keystone_authtoken", "project_domain_id", Key("identity.keystone.project_domain_id", Kind::Text)),
    ("keystone_authtoken", "project_domain_name", Key("identity.keystone.project_domain_name", Kind::Text)),
    ("keystone_authtoken", "system_scope", Key("identity.keystone.system_scope", Kind::Choice(&["all"]))),
    ("keystone_authtoken", "application_credential_id", Key("identity.keystone.application_credential_id", Kind::Text)),
    (
        "keystone_authtoken",
        "application_credential_name",
        Key("identity.keystone.application_credential_name", Kind::Text),
    ),
    (
        "keystone_authtoken",
        "interface",
        Key("identity.keystone.interface", Kind::Choice(&["public", "internal", "admin"])),
    ),
    ("keystone_authtoken", "region_name", Key("identity.keystone.region", Kind::Text)),
    ("keystone_authtoken", "cafile", Key("identity.keystone.cafile", Kind::Text)),
    ("keystone_authtoken", "token_cache_time", Key("identity.keystone.token_cache_seconds", Kind::Within(0, 3600))),
    ("keystone_authtoken", "service_token_roles", Key("identity.keystone.service_token_roles", Kind::Names)),
    (
        "keystone_authtoken",
        "service_token_roles_required",
        Key("identity.keystone.service_token_roles_required", Kind::Bool),
    ),
    (
        "keystone_authtoken",
        "http_connect_timeout",
        Key("identity.keystone.request_timeout_seconds", Kind::Within(1, 300)),
    ),
    ("keystone_authtoken", "http_request_max_retries", Key("identity.keystone.tries", Kind::Retries)),
    ("keystone_authtoken", "password application_credential_secret", LOGIN),
    ("keystone_authtoken", "auth_section auth_type", Together("what they lead to is read")),
    (
        "keystone_authtoken",
        "insecure",
        Dropped("Keystone's certificate is always checked: name its authority in `identity.keystone.cafile`"),
    ),
    ("keystone_authtoken", "certfile keyfile", Dropped("the service shows Keystone no certificate of its own")),
    (
        "keystone_authtoken",
        "auth_version auth_host auth_port auth_protocol auth_admin_prefix identity_uri admin_token admin_user admin_password admin_tenant_name",
        Dropped("it is of Keystone v2, which is gone"),
    ),
    (
        "keystone_authtoken",
        "delay_auth_decision include_service_catalog enforce_token_bind service_type hash_algorithms signing_dir check_revocations_for_cached",
        Dropped("tokens are looked at in one way only"),
    ),
    (
        "keystone_authtoken",
        "cache memcached_servers memcache_servers memcache_security_strategy memcache_secret_key memcache_tls_enabled memcache_tls_cafile memcache_tls_certfile memcache_tls_keyfile memcache_tls_allowed_ciphers memcache_pool_dead_retry memcache_pool_maxsize memcache_pool_socket_timeout memcache_pool_unused_timeout memcache_pool_conn_get_timeout memcache_use_advanced_pool memcache_sasl_enabled memcache_username memcache_password",
        NO_MEMCACHE,
    ),
    ("oslo_limit", "*", Dropped("limits are asked for as the user of `[identity.keystone]`, at the same Keystone")),
    ("cors", "allowed_origin", Key("cors.allowed_origin", Kind::Names)),
    ("cors", "allow_credentials", Key("cors.allow_credentials", Kind::Bool)),
    ("cors", "expose_headers", Key("cors.expose_headers", Kind::Names)),
    ("cors", "max_age", Key("cors.max_age", Kind::Number(0))),
    ("cors", "allow_methods", Key("cors.allow_methods", Kind::Names)),
    ("cors", "allow_headers", Key("cors.allow_headers", Kind::Names)),
    ("oslo_middleware", "*", Dropped("set `server.trusted_proxies`: only proxies that are listed are believed")),
    ("healthcheck", "*", Dropped("`/healthcheck` asks the database, and nothing else can be set")),
    ("task", "*", NO_IMPORT),
    ("taskflow_executor", "*", NO_IMPORT),
    ("image_import_opts", "*", NO_IMPORT),
    ("image_conversion", "*", NO_IMPORT),
    ("inject_metadata_properties", "*", NO_IMPORT),
    ("glance_download_properties", "*", NO_IMPORT),
    ("wsgi", "*", Dropped("one process serves all; there is no Python in it")),
    ("oslo_concurrency", "*", Dropped("no locks are kept in files")),
    ("oslo_messaging_notifications", "*", NO_MESSAGES),
    ("oslo_messaging_rabbit", "*", NO_MESSAGES),
    ("oslo_messaging_amqp", "*", NO_MESSAGES),
    ("oslo_messaging_kafka", "*", NO_MESSAGES),
    ("oslo_messaging_zmq", "*", NO_MESSAGES),
    ("oslo_reports", "*", Dropped("there are no Guru Meditation reports")),
    ("profiler", "*", Dropped("there is no osprofiler")),
    ("barbican", "*", Dropped("signatures of images are not verified yet")),
    ("key_manager", "*", Dropped("signatures of images are not verified yet")),
    ("vault", "*", Dropped("signatures of images are not verified yet")),
];

/// What becomes of an option of Glance's own sections; `None` if it is unknown.
pub(super) fn fate(section: &str, key: &str) -> Option<Fate> {
    let named = |name: &str| TABLE.iter().find(|row| row.0 == section && row.1.split(' ').any(|known| known == name));
    named(key).or_else(|| named("*")).map(|row| row.2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::shape::schema;
    use std::{collections::HashSet, env, fs, path::Path};

    #[test]
    fn every_key_is_one_of_the_configuration() {
        let schema = schema();
        for (section, options, fate) in TABLE {
            let Key(key, _) = fate else { continue };
            let found = key.split('.').fold(&schema, |at, step| &at["properties"][step]);
            assert!(found.is_object(), "[{section}] {options}: {key}");
        }
    }

    /// The table, as operators read it.
    fn document() -> String {
        let mut out = "| section | option | becomes |\n| --- | --- | --- |\n".to_owned();
        for (section, options, fate) in TABLE {
            let options = if *options == "*" {
                "all, or all others".to_owned()
            } else {
                format!("`{}`", options.replace(' ', "`, `"))
            };
            let fate = match fate {
                Key(key, _) => format!("`{key}`"),
                Together(what) => (*what).to_owned(),
                Dropped(why) => format!("nothing: {why}"),
            };
            out += &format!("| `[{section}]` | {options} | {fate} |\n");
        }
        out
    }

    #[test]
    fn from_glance_has_the_table() {
        const END: &str = "`. -->\n";
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operators/from-glance.md");
        let text = fs::read_to_string(&file).unwrap().replace("\r\n", "\n");
        let (before, found) = text.split_once(END).unwrap();
        let expected = format!("\n{}", document());
        if env::var_os("UPDATE").is_some() {
            fs::write(&file, format!("{before}{END}{expected}")).unwrap();
        } else {
            assert!(found == expected, "run `UPDATE=1 cargo test -p casement from_glance`");
        }
    }

    #[test]
    fn no_option_has_two_fates() {
        let mut seen = HashSet::new();
        for (section, options, _) in TABLE {
            options.split(' ').for_each(|option| assert!(seen.insert((section, option)), "[{section}] {option}"));
        }
    }
}
