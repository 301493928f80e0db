//! `casement config import`, from Glance's files to a service that runs on them.

use casement_tests::{Gateway, Runner};
use serde_json::json;
use std::{fs, path::Path, sync::Arc};

/// A Glance with one store and a database, both in `folder`.
fn glance(folder: &Path) -> String {
    let images = folder.join("glance-images");
    fs::create_dir_all(&images).unwrap();
    format!(
        "[DEFAULT]\nbind_host = 127.0.0.1\nbind_port = 0\nenabled_backends = fast:file, cheap:cinder\nimage_tag_quota = 1\n\
         image_cache_dir = /var/cache\n[database]\nconnection = sqlite:///{}\n[glance_store]\ndefault_backend = fast\n\
         [fast]\nfilesystem_store_datadir = {}\n[cheap]\ncinder_store_password = s3cr3t-of-cinder\n",
        Runner::chosen().path(&folder.join("glance.sqlite")),
        Runner::chosen().path(&images)
    )
}

#[test]
fn a_glance_is_carried_over_and_runs_and_what_is_lost_is_listed() {
    let site = Gateway::builder().site("");
    let folder = site.folder().to_path_buf();
    let [from, to] = ["glance-api.conf", "imported.toml"].map(|name| folder.join(name));
    fs::write(&from, glance(&folder)).unwrap();
    let arguments = ["config", "import", from.to_str().unwrap(), "--output", to.to_str().unwrap()];
    let run = site.run_arguments(&arguments);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let listed = format!("{}:6: [DEFAULT] image_cache_dir: there is no image cache yet", from.display());
    let imported = fs::read_to_string(&to).unwrap();
    for text in [&run.text, &imported] {
        assert!(text.contains(&listed) && text.contains("the store `cheap`: has no plugin yet"), "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    let again = site.run_arguments(&arguments);
    assert!(again.code == Some(64) && again.text.contains("imported.toml cannot be written"), "{}", again.text);

    fs::rename(to, folder.join("casement.toml")).unwrap();
    let gateway = Gateway::start(Arc::new(site));
    let nobody = gateway.nobody();
    let id = nobody.create(&json!({"disk_format": "raw", "container_format": "bare", "tags": ["one"]}));
    nobody.upload(&id, b"data").expect(204);
    assert!(folder.join("glance-images").join(&id).is_file());
    assert_eq!(nobody.show(&id)["stores"], "fast");
    nobody.act("PUT", &format!("/v2/images/{id}/tags/two")).expect(413);
}

#[test]
fn a_password_goes_to_a_file_of_its_own_and_only_when_asked() {
    let site = Gateway::builder().site("");
    let folder = site.folder().to_path_buf();
    let from = folder.join("glance-api.conf");
    let keystone = "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\nauth_url = http://127.0.0.1:5000\n\
        username = glance\npassword = s3cr3t-of-glance\nproject_name = service\n";
    fs::write(&from, glance(&folder) + keystone).unwrap();
    let from = from.to_str().unwrap();
    let run = site.run_arguments(&["config", "import", from]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.text.contains("password_file = \"keystone-password\""), "{}", run.text);
    assert!(run.text.contains("put it into keystone-password"), "{}", run.text);
    assert!(!run.text.contains("s3cr3t-of-glance"), "{}", run.text);

    let run = site.run_arguments(&["config", "import", from, "--secrets", folder.to_str().unwrap()]);
    let file = folder.join("keystone-password");
    assert_eq!(fs::read_to_string(&file).unwrap(), "s3cr3t-of-glance");
    assert!(run.text.contains(&Runner::chosen().path(&file)) && !run.text.contains("s3cr3t-of-glance"), "{}", run.text);
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_its_line() {
    let builder = Gateway::builder();
    let from = builder.folder().join("glance-api.conf");
    fs::write(&from, "[DEFAULT]\nwhat is this\n").unwrap();
    let run = builder.run_arguments(&["config", "import", from.to_str().unwrap()]);
    assert_eq!(run.code, Some(78), "{}", run.text);
    assert!(run.text.contains("glance-api.conf:2: there is no `=`"), "{}", run.text);
}
