#![allow(clippy::unwrap_used)]

use super::{Imported, import};
use crate::config::check_text;
use std::path::Path;

const EVERY_OPTION: &str = include_str!("testdata/every-option.conf");
const SEVERAL_STORES: &str = include_str!("testdata/several-stores.conf");
const ONE_STORE: &str = include_str!("testdata/one-store.conf");
const WINDOWS: &str = include_str!("testdata/windows.conf");

fn files(texts: &[&str]) -> Imported {
    let file = |(number, text): (usize, &&str)| (format!("glance-{number}.conf"), (*text).to_owned());
    import(&texts.iter().enumerate().map(file).collect::<Vec<_>>()).unwrap()
}

/// What was imported, which the checker of the configuration accepts.
#[track_caller]
fn accepted(texts: &[&str]) -> Imported {
    let imported = files(texts);
    if let Err(err) = check_text(Path::new("casement.toml"), &imported.toml) {
        panic!("{err}\n{}", imported.toml);
    }
    imported
}

impl Imported {
    fn value(&self, path: &str) -> Option<toml::Value> {
        let table: toml::Table = self.toml.parse().unwrap();
        path.split('.').try_fold(toml::Value::Table(table), |at, step| at.get(step).cloned())
    }

    #[track_caller]
    fn has(&self, path: &str, value: impl Into<toml::Value>) {
        assert_eq!(self.value(path), Some(value.into()), "{path}");
    }

    #[track_caller]
    fn says(&self, subject: &str, text: &str) {
        let is_said = self.remarks.iter().any(|remark| remark.subject == subject && remark.text.contains(text));
        assert!(is_said, "{subject}: {text}\n{:#?}", self.remarks);
    }
}

#[test]
fn every_option_of_glance_is_known_and_every_one_that_is_set_is_carried_or_listed() {
    let imported = accepted(&[EVERY_OPTION]);
    for remark in &imported.remarks {
        assert!(!remark.text.contains("unknown"), "{remark}");
        assert!(imported.toml.contains(&format!("# - {remark}")), "{remark}");
    }
    // What says how to read the others, and permissions that leave it to the umask, are nowhere by their names.
    const SILENT: [&str; 4] = ["enabled_backends", "default_backend", "auth_type", "filesystem_store_file_perm"];
    let told: Vec<_> = imported.toml.lines().filter(|line| line.starts_with('#')).collect();
    let mut section = "";
    let mut untold = Vec::new();
    for line in EVERY_OPTION.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.strip_suffix(']').unwrap();
        } else if let Some((key, _)) = line.split_once(" =").filter(|(key, _)| !SILENT.contains(key)) {
            let name = format!("[{section}] {key}");
            if !told.iter().any(|line| {
                line.ends_with(&name) || line.contains(&format!("{name}:")) || line.contains(&format!("{name},"))
            }) {
                untold.push(name);
            }
        }
    }
    assert!(untold.is_empty(), "{untold:#?}\n{}", imported.toml);
}

#[test]
fn a_cloud_with_several_stores_is_carried_over() {
    let imported = accepted(&[SEVERAL_STORES]);
    imported.has("identity.mode", "keystone");
    imported.has("identity.keystone.auth_url", "http://10.0.0.2:5000");
    imported.has("identity.keystone.www_authenticate_uri", "http://10.0.0.2:5000");
    imported.has("identity.keystone.username", "glance");
    imported.has("identity.keystone.user_domain_id", "default");
    imported.has("identity.keystone.project_domain_id", "default");
    imported.has("identity.keystone.password_file", "keystone-password");
    imported.has("identity.keystone.region", "RegionOne");
    imported.has("identity.keystone.interface", "internal");
    imported.has("identity.keystone.token_cache_seconds", 3600);
    imported.has("identity.keystone.tries", 4);
    imported.has("identity.keystone.service_token_roles_required", true);
    imported.says("[keystone_authtoken] project_domain_name", "`project_domain_id` is set too");
    imported.says("[keystone_authtoken] token_cache_time", "taken as 3600");
    imported.says("[keystone_authtoken] memcached_servers", "the process's own bounded cache");

    imported.has("stores.fast.root", "/srv/sha256/images");
    imported.has("stores.fast.file_mode", "0640");
    imported.has("stores.fast.sparse", true);
    imported.has("stores.fast.chunk_size", 1 << 20);
    imported.has("stores.fast.limits.call_seconds", 20);
    imported.has("stores.fast.description", "Fast: \"NVMe\"");
    imported.has("stores.fast.weight", 10);
    assert_eq!(imported.value("stores.Cheap"), None);
    imported.says("the store `Cheap`", "has no plugin yet");
    imported.says("the store `ceph`", "copy-image");
    imported.has("stores.web.plugin", "http");
    imported.has("stores.web.proxy", "http://10.0.0.9:3128");
    imported.has("stores.fast.default", true);
    imported.says("the store `web`", "any certificate by default");
    imported.says("[cheap] s3_store_bucket", "the store `Cheap` is left out");
    imported.says("stores", "default store `ceph` is left out");

    imported.has("catalog.path", "casement.sqlite");
    imported.says("[database] connection", "the images of Glance are not there");
    imported.has("images.show_multiple_locations", true);
    imported.has("images.size_cap_bytes", 549_755_813_888_i64);
    imported.has("images.hashing_algorithm", "sha256");
    imported.has("images.default_page_size", 1000);
    imported.has("images.vmdk_allowed_types", vec!["streamOptimized"]);
    imported.says("[image_format] vmdk_allowed_types", "of its values only");
    assert!(imported.value("images.disk_formats").unwrap().as_array().unwrap().contains(&"gpt".into()));
    imported.has("log.level", "debug");
    imported.has("policy.file", "policy.yaml");
    imported.has("import_filtering.allowed_ports", vec![80, 8080]);
    imported.has("images.location_quota", 3);
    imported.has("cors.allowed_origin", vec!["https://horizon.example.org"]);
    imported.says("policy.file", "copy it there");
    imported.says("[DEFAULT] use_forwarded_for", "unknown");
    imported.says("[someones_own] option", "unknown");
}

#[test]
fn an_old_glance_with_one_store_is_carried_over() {
    let imported = accepted(&[ONE_STORE]);
    imported.has("server.listen", "192.0.2.10:9393");
    imported.has("identity.mode", "none");
    imported.says("identity.mode", "everybody who can connect may do everything");
    imported.has("catalog.path", "/var/lib/glance/glance.sqlite");
    imported.has("stores.file.root", "/var/lib/glance/images/");
    imported.has("stores.file.plugin", "filesystem");
    imported.has("images.disk_formats", vec!["raw", "qcow2", "iso"]);
    imported.says("[DEFAULT] image_cache_dir", "no image cache");
    imported.says("[DEFAULT] registry_host", "has not had it for years");
    imported.says("[DEFAULT] workers", "one process");
}

#[test]
fn a_store_in_swift_is_carried_over_with_the_file_that_says_who_it_is() {
    let text = "[DEFAULT]\nenabled_backends = objects:swift\n[glance_store]\ndefault_backend = objects\n[objects]\n\
        swift_store_config_file = /etc/glance/glance-swift.conf\ndefault_swift_reference = Cloud\n\
        swift_store_container = images\nswift_store_create_container_on_put = True\n\
        swift_store_endpoint_type = internalURL\nswift_store_multiple_containers_seed = 2\n\
        swift_store_large_object_chunk_size = 200\nswift_store_admin_tenants = a,b\n";
    let references = "[Cloud]\nuser = service:glance\nkey = s3cr3t\nauth_address = https://keystone:5000/v3\n\
        user_domain_id = default\nproject_domain_id = default\nauth_version = 3\n";
    let imported = accepted(&[ONE_STORE, text, references]);
    for (key, value) in [
        ("plugin", "swift"),
        ("auth_url", "https://keystone:5000/v3"),
        ("username", "glance"),
        ("project_name", "service"),
        ("user_domain_id", "default"),
        ("key_file", "objects-key"),
        ("reference", "Cloud"),
        ("container", "images"),
        ("interface", "internal"),
    ] {
        imported.has(&format!("stores.objects.{key}"), value);
    }
    imported.has("stores.objects.create_container", true);
    imported.has("stores.objects.multiple_containers_seed", 2);
    let secret = imported.secrets.iter().find(|secret| secret.file == "objects-key").unwrap();
    assert_eq!(secret.text, "s3cr3t");
    assert!(!imported.toml.contains("s3cr3t"));
    imported.says("[objects] swift_store_large_object_chunk_size", "`segment_size`");
    imported.says("[objects] swift_store_admin_tenants", "without `multi_tenant`");

    let imported = accepted(&[ONE_STORE, text]);
    imported.says("[objects] swift_store_config_file", "import it together with these");
    imported.says("stores.objects.key_file", "put it there");
}

#[test]
fn a_store_in_swift_may_have_an_application_credential_or_an_account_for_each_tenant() {
    let text = "[DEFAULT]\nenabled_backends = objects:swift\n[objects]\nswift_store_auth_address = https://keystone\n\
        swift_store_application_credential_id = 21dced\nswift_store_application_credential_secret = s3cr3t\n\
        swift_store_user = service:glance\nswift_store_multi_tenant = true\nswift_store_admin_tenants = a, b\n";
    let imported = accepted(&[ONE_STORE, text]);
    imported.has("stores.objects.application_credential_id", "21dced");
    imported.has("stores.objects.admin_tenants", vec!["a", "b"]);
    assert_eq!(imported.value("stores.objects.username"), None);
    imported.says("[objects] swift_store_user", "application credential is used instead");
    imported.says("the store `objects`", "reseller admin");
}

/// Those of the Windows example, with Glance's priorities.
fn several_roots() -> Vec<toml::Table> {
    let roots = [(r"C:\ClusterStorage\Volume1\images", 10), (r"\\sofs01\images$all", 200), (r"E:\images", 0)];
    let table = |(path, weight): (&str, i64)| {
        [("path".to_owned(), path.into()), ("weight".to_owned(), weight.into())].into_iter().collect()
    };
    roots.into_iter().map(table).collect()
}

#[test]
fn windows_paths_survive() {
    let imported = accepted(&[WINDOWS]);
    imported.has("server.listen", "[::]:9292");
    imported.has("catalog.path", r"D:\glance\db\glance.sqlite");
    imported.has("stores.cluster.roots", several_roots());
    imported.has("stores.cluster.description", r"C:\ClusterStorage");
    assert!(!imported.toml.contains("relative"));
}

#[test]
fn later_files_win() {
    let imported =
        accepted(&[ONE_STORE, "[DEFAULT]\nbind-port = 80\nimage_tag_quota = 5\n", "[DEFAULT]\nimage_tag_quota=-7"]);
    imported.has("server.listen", "192.0.2.10:80");
    imported.has("images.tag_quota", -1);
}

#[test]
fn no_secret_is_in_the_configuration_or_in_a_message() {
    for text in [EVERY_OPTION, SEVERAL_STORES] {
        let imported = accepted(&[text]);
        let shown = format!("{}{:?}", imported.toml, imported.remarks);
        assert!(text.contains("s3cr3t") && !shown.contains("s3cr3t"), "{shown}");
        let secret = &imported.secrets[0];
        assert_eq!((&*secret.file, &*secret.text), ("keystone-password", "s3cr3t-of-glance"));
        assert!(!format!("{secret:?}").contains("s3cr3t"));
    }
}

#[test]
fn application_credentials_and_other_sections_are_followed() {
    let text = "[paste_deploy]\nflavor = keystone+cachemanagement\n[keystone_authtoken]\nauth_section = Shared\n\
        www_authenticate_uri = https://keystone.example.org\n[shared]\nauth_type = v3applicationcredential\n\
        auth_url = https://keystone.example.org:5000\napplication_credential_id = 21dced\n\
        application_credential_secret = s3cr3t\ninsecure = true\n";
    let imported = accepted(&[ONE_STORE, text]);
    imported.has("identity.keystone.application_credential_id", "21dced");
    imported.has("identity.keystone.application_credential_secret_file", "keystone-secret");
    imported.has("identity.keystone.auth_url", "https://keystone.example.org:5000");
    assert_eq!(imported.secrets[0].text, "s3cr3t");
    imported.says("[shared] insecure", "always checked");
    imported.says("[paste_deploy] flavor", "no image cache");
}

#[test]
fn values_that_make_no_sense_are_listed_and_the_defaults_stay() {
    let text = "[DEFAULT]\nimage_tag_quota = many\nimage_size_cap = 0\nshow_image_direct_url = perhaps\n\
        hashing_algorithm = md5\npublic_endpoint = images\nenabled_backends = a:file,b c:file,d:file\n\
        [a]\nfilesystem_store_file_perm = 200\nfilesystem_store_chunk_size = 1\nfilesystem_store_datadir = $nowhere\n";
    let imported = accepted(&[text]);
    imported.says("[DEFAULT] image_tag_quota", "no whole number; `images.tag_quota` keeps its default");
    imported.says("[DEFAULT] image_size_cap", "less than 1");
    imported.says("[DEFAULT] show_image_direct_url", "neither true nor false");
    imported.says("[DEFAULT] hashing_algorithm", "it can only be sha256, sha384, sha512");
    imported.says("[DEFAULT] public_endpoint", "no URL");
    imported.says("the store `b c`", "other characters");
    imported.says("[a] filesystem_store_file_perm", "reading its own images");
    imported.says("[a] filesystem_store_chunk_size", "not from 65536");
    imported.says("[a] filesystem_store_datadir", "`$nowhere`");
    imported.has("stores.a.root", "/var/lib/glance/images");
    imported.has("stores.a.default", true);
}

#[test]
fn what_glance_leaves_to_its_surroundings_is_asked_for() {
    let imported = files(&["[paste_deploy]\nflavor = keystone\n"]);
    for subject in ["server.listen", "catalog.path", "identity.keystone.auth_url", "identity.keystone.username"] {
        assert!(imported.remarks.iter().any(|remark| remark.subject == subject), "{subject}");
    }
    imported.has("stores.file.root", "/var/lib/glance/images");
}

#[test]
fn a_file_that_is_no_configuration_is_refused_with_its_line() {
    let broken = import(&[("a.conf".to_owned(), "[DEFAULT]\nwhat is this".to_owned())]).unwrap_err();
    assert_eq!(broken.to_string(), "a.conf:2: there is no `=`");
}

#[test]
fn no_secret_reaches_what_is_written_or_said_also_where_it_stands_in_a_url_or_begins_like_a_variable() {
    let imported = files(&["[DEFAULT]\nenabled_backends = web:http\npublic_endpoint = http://me:hunter2@glance\n\
        [web]\nhttp_proxy_information = http:me:hunter2@proxy:3128\n\
        [database]\nconnection = mysql://glance:pa$hunter2@db/glance\n[paste_deploy]\nflavor = keystone\n\
        [keystone_authtoken]\nauth_url = http://me:hunter2@keystone:5000\nusername = glance\npassword = pa$hunter2\n"]);
    let said: String = imported.remarks.iter().map(|remark| format!("{remark}\n")).collect();
    assert!(!imported.toml.contains("hunter2") && !said.contains("hunter2"), "{}\n{said}", imported.toml);
    for (subject, text) in [
        ("[DEFAULT] public_endpoint", "without a user in it"),
        ("[web] http_proxy_information", "without a password"),
        ("[database] connection", "a plain one is written `$$`"),
        ("[keystone_authtoken] auth_url", "without a user in it"),
        ("[keystone_authtoken] password", "a plain one is written `$$`"),
    ] {
        imported.says(subject, text);
    }
}
