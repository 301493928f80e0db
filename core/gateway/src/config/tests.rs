#![allow(clippy::unwrap_used)]

use super::{Config, ConfigError, Mode, load::load_with};
use std::{collections::HashMap, fs, path::Path};

const GOOD: &str = r#"
[catalog]
path = "../data/catalog.sqlite"

[identity]
mode = "none"

[[plugins]]
path = "casement_filesystem"

[stores.local]
plugin = "filesystem"
root = "../data/images"
"#;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("casement.toml");
    fs::write(&file, text).unwrap();
    let variables: HashMap<_, _> =
        variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    load_with(&file, variables)
}

/// The problems, without the folder of the file.
fn problems(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let err = load(text, variables).unwrap_err().to_string();
    let short = |line: &str| match line.find("casement.toml") {
        Some(start) => line[start..].to_owned(),
        None => line.to_owned(),
    };
    err.lines().map(short).collect()
}

/// `GOOD` with something more at its end or, for top-level keys, at its start.
fn with(more: &str) -> String {
    format!("{GOOD}\n{more}")
}

#[test]
fn every_unknown_key_is_named_at_once_with_line_and_nearest_key() {
    let text = with("[server]\nlisen = \"127.0.0.1:1\"\n[images]\nxyz = 1\n[catalogue]\n");
    assert_eq!(
        problems(&text, &[]),
        [
            "casement.toml:16: unknown key `server.lisen`; did you mean `listen`?",
            "casement.toml:18: unknown key `images.xyz`",
            "casement.toml:19: unknown key `catalogue`; did you mean `catalog`?",
        ]
    );
}

#[test]
fn unknown_keys_in_lists_and_under_stores_are_found() {
    let text = with("[stores.local.limits]\nopen_second = 3\n[[plugins]]\npath = \"b\"\nsha = \"x\"\n");
    assert_eq!(
        problems(&text, &[]),
        [
            "casement.toml:16: unknown key `stores.local.limits.open_second`; did you mean `open_seconds`?",
            "casement.toml:19: unknown key `plugins[1].sha`; did you mean `sha256`?",
        ]
    );
}

#[test]
fn wrong_types_name_key_line_expected_and_found() {
    let text = with(
        "[server]\nlisten = 9292\nmax_connections = \"many\"\nidle_timeout_seconds = 0\n[log]\nformat = \"xml\"\n",
    );
    assert_eq!(
        problems(&text, &[]),
        [
            "casement.toml:16: `server.listen` must be text or a list, not 9292",
            "casement.toml:17: `server.max_connections` must be a whole number from 1 to 1048576, not this text",
            "casement.toml:18: `server.idle_timeout_seconds` must be a whole number from 1 to 604800, not 0",
            "casement.toml:20: `log.format` must be one of \"text\", \"json\", not this text",
        ]
    );
}

#[test]
fn a_table_where_a_value_belongs_and_the_reverse_are_told_apart() {
    let text = format!("server = 5\n{}", with("[log]\nlevel = { a = 1 }\n"));
    assert_eq!(
        problems(&text, &[]),
        ["casement.toml:1: `server` must be a table, not 5", "casement.toml:17: `log.level` must be text, not a table",]
    );
}

#[test]
fn missing_keys_are_named_with_the_table_that_lacks_them() {
    let text = "[identity]\n[stores.local]\nroot = \"x\"\n";
    assert_eq!(
        problems(text, &[]),
        [
            "casement.toml: the key `catalog` is missing",
            "casement.toml:1: the key `identity.mode` is missing",
            "casement.toml:2: the key `stores.local.plugin` is missing",
        ]
    );
}

#[test]
fn text_at_a_wrong_place_is_not_shown() {
    let found = problems(&with("[server]\nmax_connections = \"s3cret\"\n"), &[]);
    assert!(!found.concat().contains("s3cret"), "{found:?}");
}

#[test]
fn broken_toml_is_told_with_its_line_and_without_what_stands_there() {
    let found = problems("[server\nlisten = 1\n", &[]).join("\n");
    assert!(found.starts_with("casement.toml:1: is not TOML: "), "{found}");
    for broken in ["password = \"s3cret\n", "password = s3cret\n", "password = \"\"s3cret\"\n"] {
        let found = problems(&with(&format!("[identity.keystone]\n{broken}")), &[]).join("\n");
        assert!(found.starts_with("casement.toml:16: is not TOML: ") && !found.contains("s3cret"), "{found}");
    }
}

#[test]
fn a_path_of_windows_that_toml_cannot_read_is_told_how_it_is_written() {
    for written in [
        r#""C:\images""#,
        r#""C:\s3cret""#,
        r#""C:\users""#,
        r#""C:\Users\x""#,
        r#""\\srv\share""#,
        r#""\srv\share""#,
        r#""D:\""#,
        r"C:\images",
        r"\\srv\share",
        r"'C:\images",
    ] {
        let found =
            problems(&with(&format!("[stores.disk]\nplugin = 'filesystem'\nroot = {written}\n")), &[]).join("\n");
        assert!(found.starts_with("casement.toml:17: is not TOML: "), "{written}: {found}");
        assert!(
            found.ends_with(r"write 'C:\images' or '\\server\share'") && !found.contains("s3cret"),
            "{written}: {found}"
        );
    }
    let found = problems(&with("[stores.disk\n"), &[]).join("\n");
    assert!(!found.contains("backslash"), "{found}");
}

#[test]
fn an_absent_file_is_told_by_its_path() {
    let err = load_with(Path::new("/nowhere/casement.toml"), HashMap::new()).unwrap_err();
    assert!(err.to_string().contains("casement.toml: cannot be read"), "{err}");
}

#[test]
fn variables_win_over_the_file_and_are_read_by_the_type_of_their_key() {
    let config = load(
        &with("[server]\nlisten = \"127.0.0.1:1\"\n"),
        &[
            ("CASEMENT__SERVER__LISTEN", "0.0.0.0:80"),
            ("CASEMENT__SERVER__MAX_CONNECTIONS", "7"),
            ("CASEMENT__IMAGES__SHOW_DIRECT_URL", "true"),
            ("CASEMENT__IDENTITY__NONE__ROLES", "[\"reader\"]"),
            ("CASEMENT__IDENTITY__NONE__USER", "12"),
            ("CASEMENT__STORES__LOCAL__ROOT", "/srv/images"),
            ("CASEMENT__STORES__LOCAL__WORKERS", "3"),
            ("CASEMENT__STORES__LOCAL__LIMITS__TRIES", "9"),
        ],
    )
    .unwrap();
    assert_eq!(config.listen(), ["0.0.0.0:80".parse().unwrap()]);
    assert_eq!(config.server.max_connections, 7);
    assert!(config.images.show_direct_url);
    assert_eq!(config.identity.none.roles, ["reader"]);
    assert_eq!(config.identity.none.user, "12");
    let store = &config.stores["local"];
    assert_eq!(store.config["root"], "/srv/images");
    assert_eq!(store.config["workers"], 3);
    assert_eq!(store.limits.tries, 9);
}

#[test]
fn a_wrong_variable_is_named() {
    let variables =
        [("CASEMENT__SERVER__LISEN", "x"), ("CASEMENT__SERVER__MAX_CONNECTIONS", "many"), ("CASEMENT__LOG", "debug")];
    let mut found = problems(GOOD, &variables);
    found.sort();
    assert_eq!(
        found,
        [
            "environment variable CASEMENT__LOG: `log` must be a table, not this text",
            "environment variable CASEMENT__SERVER__LISEN: unknown key `server.lisen`; did you mean `listen`?",
            "environment variable CASEMENT__SERVER__MAX_CONNECTIONS: `server.max_connections` must be a whole number from 1 to 1048576, not this text",
        ]
    );
}

#[test]
fn a_variable_cannot_smuggle_in_a_second_key() {
    let found = problems(GOOD, &[("CASEMENT__SERVER__MAX_CONNECTIONS", "1\nlisten = 2")]);
    assert!(found[0].contains("must be a whole number"), "{found:?}");
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("casement.toml");
    let whole = folder.path().join("p");
    fs::write(&file, format!("plugin_dirs = [\"plugins\", '{}']\n{GOOD}", whole.display())).unwrap();
    let config = load_with(&file, HashMap::new()).unwrap();
    assert_eq!(config.catalog.path, folder.path().join("../data/catalog.sqlite"));
    assert_eq!(config.plugin_dirs.unwrap(), [folder.path().join("plugins"), whole]);
    assert_eq!(config.base_dir, folder.path());
}

#[test]
fn defaults_are_filled_in() {
    let config = load(GOOD, &[]).unwrap();
    assert_eq!(config.identity.mode, Mode::None);
    assert_eq!(config.images.size_cap_bytes, 1 << 40);
    let options = config.stores_options();
    assert_eq!(options.plugin_threads, 2);
    let store = &options.stores[0];
    assert!(store.default && !store.required && !store.read_only);
    assert_eq!(store.config.keys().collect::<Vec<_>>(), ["root"]);
    assert_eq!(store.limits.commit, casement_stores::config::Limits::default().commit);
}

#[test]
fn the_quickstart_is_good() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs/quickstart.toml");
    let config = load_with(&file, HashMap::new()).unwrap();
    assert_eq!(config.listen(), ["127.0.0.1:9292".parse().unwrap()]);
}

#[test]
fn values_that_make_no_sense_are_refused() {
    let bad_token = "[[identity.tokens]]\nsha256 = \"abc\"\nuser = \"u\"\nproject = \"p\"\n";
    let two = "[stores.second]\nplugin = \"filesystem\"\n";
    let cases = [
        ("[server]\nlisten = \"localhost\"\n", "casement.toml:16: `server.listen` must be an address"),
        ("[server]\npublic_endpoint = \"images\"\n", "`server.public_endpoint` must be a URL"),
        ("[cors]\nallowed_origin = [\"https://x/\"]\n", "casement.toml:16: `cors.allowed_origin` must be what"),
        ("[images]\ndefault_page_size = 2000\n", "`images.default_page_size` (2000) is more than"),
        ("[images]\ndisk_formats = []\n", "`images.disk_formats` is empty"),
        ("[images]\ndisk_formats = [\"raw\", \"a b\"]\n", "`images.disk_formats[1]` must be a name"),
        ("[images]\ncontainer_formats = [\"bare\", \"bare\"]\n", "`bare` is listed twice"),
        (
            "[images]\nvmdk_allowed_types = [\"monolithicFlat\"]\n",
            "must be one of \"streamOptimized\", \"monolithicSparse\"",
        ),
        ("[log]\nlevel = \"a=b=c\"\n", "`log.level` cannot be used"),
        (bad_token, "`identity.tokens[0].sha256` must be 64 hex digits"),
        (
            "[[plugins]]\npath = \"casement_filesystem\"\n",
            "casement.toml:16: the plugin casement_filesystem is listed twice",
        ),
        ("[[plugins]]\npath = \"p\"\nsha256 = \"12\"\n", "`plugins[1].sha256` must be the file's SHA-256"),
        ("[stores.\"a b\"]\nplugin = \"x\"\ndefault = true\n", "the store id `a b` may have only"),
        ("[stores.os_glance_x]\nplugin = \"x\"\ndefault = true\n", "may not start with `os_glance_`"),
        (two, "none of the stores is the default"),
    ];
    for (more, expected) in cases {
        let found = problems(&with(more), &[]);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
    }
}

#[test]
fn a_variable_names_one_address_or_a_list() {
    for (value, expected) in [
        ("[::]:80", &["http://[::]:80"][..]),
        ("https://[::]:80", &["https://[::]:80"]),
        ("[\"https://[::1]:80\", \"127.0.0.1:80\"]", &["https://[::1]:80", "http://127.0.0.1:80"]),
    ] {
        let tls = with("[server.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n");
        let text = if value.contains("https") { tls } else { GOOD.to_owned() };
        let config = load(&text, &[("CASEMENT__SERVER__LISTEN", value)]).unwrap();
        assert_eq!(config.listen().iter().map(ToString::to_string).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn listening_that_makes_no_sense_is_refused() {
    let listen = "[server]\nlisten = [\"127.0.0.1:1\", \"https://[::]:1\"]\n";
    let tls = "[server.tls]\ncertificate = \"c.pem\"\n";
    for (lines, expected) in [
        ("[server]\nlisten = []\n".into(), "`server.listen` is empty"),
        ("[server]\nlisten = [\"127.0.0.1:1\", \"x\"]\n".into(), "`server.listen[1]` must be an address"),
        ("[server]\nlisten = [\"127.0.0.1:1\", 5]\n".into(), "`server.listen[1]` must be text, not 5"),
        (
            "[server]\nlisten = [\"127.0.0.1:1\", \"http://127.0.0.1:1\"]\n".into(),
            "`server.listen[1]`: 127.0.0.1:1 is listed twice",
        ),
        (format!("{listen}{tls}"), "`server.tls.key` must be set: `server.listen` has an address with https://"),
        (
            format!("{listen}{tls}key = \"k.pem\"\nclient_certificates = \"required\"\n"),
            "`server.tls.client_ca` must be set",
        ),
        (
            format!("{listen}{tls}key = \"k.pem\"\nmin_version = \"1.1\"\n"),
            "`server.tls.min_version` must be one of \"1.2\", \"1.3\"",
        ),
        ("[server]\ntrusted_proxies = [\"proxy\"]\n".into(), "`server.trusted_proxies`: `proxy` is neither"),
        ("[server]\nproxy_protocol = true\n".into(), "`server.proxy_protocol` is set, but"),
    ] {
        let found = problems(&with(&lines), &[]);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
    }
}

#[test]
fn a_certificate_that_nobody_gets_to_see_is_told() {
    let tls = "[server.tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n";
    let unused = |text: &str| load(&with(text), &[]).unwrap().unused_tls().unwrap_or_default();
    assert!(unused(tls).starts_with("server.tls.certificate has no effect"));
    let listen = format!("[server]\nlisten = \"https://[::]:1\"\n{tls}");
    assert_eq!(unused(&listen), "");
    assert!(unused(&format!("{listen}client_ca = \"r.pem\"\n")).starts_with("server.tls.client_ca has no effect"));
}

#[test]
fn two_defaults_are_refused_at_the_second() {
    let text = "[stores.z]\nplugin = \"x\"\ndefault = true\n[stores.a]\nplugin = \"x\"\ndefault = true\n";
    let found = problems(&with(text), &[]);
    assert_eq!(found, ["casement.toml:17: only one store can be the default, and `a` is too"]);
}

#[test]
fn a_file_without_stores_or_tokens_is_refused() {
    let text = "[catalog]\npath = \"c\"\n[identity]\nmode = \"tokens\"\n";
    let found = problems(text, &[]);
    assert!(found[0].contains("no store is configured"), "{found:?}");
    assert!(found[1].starts_with("casement.toml:4: `identity.mode` is \"tokens\""), "{found:?}");
}

#[test]
fn the_stores_know_which_keys_of_a_store_are_not_its_plugins() {
    let schema = super::shape::schema();
    let store = &schema["properties"]["stores"]["additionalProperties"]["properties"];
    let mut keys: Vec<_> = store.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, casement_stores::config::StoreOptions::KEYS);
}

/// `GOOD` with a Keystone, and these lines in its table.
fn keystone(lines: &str) -> String {
    let keystone = "mode = \"keystone\"\n[identity.keystone]\nauth_url = \"http://k:5000\"\n";
    GOOD.replace("mode = \"none\"\n", &format!("{keystone}{lines}\n"))
}

#[test]
fn a_keystone_is_reached_as_a_user_or_by_an_application_credential() {
    for lines in [
        "username = \"glance\"\npassword_file = \"p\"\nproject_name = \"service\"",
        "user_id = \"u\"\npassword = \"x\"\nproject_id = \"p\"\ninterface = \"internal\"\nregion = \"r\"",
        "username = \"glance\"\nuser_domain_name = \"D\"\npassword = \"x\"\nsystem_scope = \"all\"",
        "application_credential_id = \"a\"\napplication_credential_secret_file = \"s\"",
        "application_credential_name = \"a\"\nusername = \"u\"\napplication_credential_secret = \"s\"",
    ] {
        load(&keystone(lines), &[]).unwrap_or_else(|err| panic!("{lines}: {err}"));
    }
}

#[test]
fn a_keystone_that_is_half_configured_is_told_with_the_key() {
    const USER: &str = "username = \"glance\"\n";
    const SECRET: &str = "password = \"x\"\n";
    const PROJECT: &str = "project_name = \"service\"\n";
    let cases: [(&[&str], &str); 14] = [
        (&[USER, PROJECT], "`identity.keystone.password_file` must be set, or `password` in the environment"),
        (
            &[USER, SECRET, "password_file = \"p\"\n", PROJECT],
            "`identity.keystone.password` and `password_file` are both",
        ),
        (&[SECRET, PROJECT], "`identity.keystone.username` must be set"),
        (&[USER, SECRET], "`identity.keystone.project_name` must be set"),
        (&[USER, "user_id = \"u\"\n", SECRET, PROJECT], "`identity.keystone.user_id` and the name are both set"),
        (
            &[USER, "user_domain_id = \"d\"\nuser_domain_name = \"D\"\n", SECRET, PROJECT],
            "`identity.keystone.user_domain_name` and the id",
        ),
        (&[USER, SECRET, PROJECT, "system_scope = \"all\"\n"], "`identity.keystone.system_scope` and a project"),
        (&[USER, SECRET, "system_scope = \"some\"\n"], "`identity.keystone.system_scope` can only be \"all\""),
        (&[USER, SECRET, PROJECT, "region = \"r\"\n"], "`identity.keystone.region` says nothing without `interface`"),
        (&[USER, SECRET, PROJECT, "interface = \"inner\"\n"], "`identity.keystone.interface` must be one of"),
        (&[USER, SECRET, PROJECT, "tries = 0\n"], "`identity.keystone.tries` must be a whole number from 1 to 10"),
        (
            &["application_credential_id = \"a\"\n"],
            "`identity.keystone.application_credential_secret_file` must be set",
        ),
        (
            &["application_credential_name = \"a\"\n"],
            "`identity.keystone.application_credential_name` needs a `username`",
        ),
        (
            &[USER, SECRET, PROJECT, "www_authenticate_uri = \"k\"\n"],
            "`identity.keystone.www_authenticate_uri` must be",
        ),
    ];
    for (lines, expected) in cases {
        let found = problems(&keystone(&lines.concat()), &[]);
        assert!(found.len() == 1 && found[0].contains(expected), "{expected}: {found:?}");
    }
    let without_url = keystone(&[USER, SECRET, PROJECT].concat()).replace("auth_url", "#");
    assert!(problems(&without_url, &[])[0].contains("`identity.keystone.auth_url` must be set"));
}

#[test]
fn a_password_comes_from_the_environment_and_is_never_shown() {
    let text = keystone("username = \"glance\"\nproject_name = \"service\"");
    let config = load(&text, &[("CASEMENT__IDENTITY__KEYSTONE__PASSWORD", "s3cret")]).unwrap();
    assert!(config.identity.keystone.secret().is_ok());
    assert!(!format!("{config:?}").contains("s3cret"));
    let config = load(&text, &[("CASEMENT__IDENTITY__KEYSTONE__PASSWORD", "")]).unwrap();
    assert!(config.identity.keystone.secret().unwrap_err().text.contains("is empty"));
}

#[test]
fn files_of_a_keystone_start_at_the_folder_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("casement.toml");
    let whole = folder.path().join("ca.pem");
    let lines =
        format!("username = \"u\"\npassword_file = \"p\"\nproject_name = \"service\"\ncafile = '{}'", whole.display());
    fs::write(&file, keystone(&lines)).unwrap();
    fs::write(folder.path().join("p"), "s3cret\r\n").unwrap();
    let keystone = load_with(&file, HashMap::new()).unwrap().identity.keystone;
    assert_eq!(keystone.cafile, Some(whole));
    assert_eq!(keystone.secret().unwrap(), casement_identity::keystone::Secret::new("s3cret"));
}

#[test]
fn front_proxies_are_networks_or_addresses() {
    let headers = |list: &str| {
        let lines = format!("mode = \"headers\"\n[identity.headers]\ntrusted_proxies = {list}\n");
        GOOD.replace("mode = \"none\"\n", &lines)
    };
    load(&headers("[\"192.0.2.0/24\", \"::1\"]"), &[]).unwrap();
    for (list, expected) in [("[]", "lists nobody"), ("[\"proxy.example\"]", "`proxy.example` is neither")] {
        let found = problems(&headers(list), &[]);
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }
}
