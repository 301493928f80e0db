use crate::commands::{Tool, token, tools, with_every_format};
use casement_tests::Gateway;
use serde_json::Value;

fn everything(gateway: &Gateway, openstack: &Tool) {
    let show =
        |id: &str| -> Value { serde_json::from_str(&openstack.run(&["image", "show", "-f", "json", id])).unwrap() };
    with_every_format(gateway, |format, file, saved, assert_stored| {
        let (file, saved) = (file.to_str().unwrap(), saved.to_str().unwrap());
        let name = format!("disk in {format}");
        let id = openstack.run(&[
            "image",
            "create",
            "-f",
            "value",
            "-c",
            "id",
            "--disk-format",
            format,
            "--container-format",
            "bare",
            "--private",
            "--property",
            "os_distro=debian",
            "--tag",
            "first",
            "--file",
            file,
            &name,
        ]);
        assert_stored(&id);
        assert!(openstack.run(&["image", "list", "--long"]).contains(&name));
        assert_eq!(openstack.run(&["image", "list", "-f", "value", "-c", "ID", "--name", &name]), id);
        assert_eq!(openstack.run(&["image", "list", "-f", "value", "-c", "ID", "--tag", "nope"]), "");
        assert_eq!(show(&id)["properties"]["os_distro"], "debian");

        openstack.run(&[
            "image",
            "set",
            "--property",
            "hw_disk_bus=virtio",
            "--tag",
            "golden",
            "--min-ram",
            "64",
            "--protected",
            &id,
        ]);
        openstack.run(&["image", "unset", "--property", "os_distro", "--tag", "first", &id]);
        let image = show(&id);
        assert_eq!((&image["min_ram"], &image["tags"]), (&64.into(), &serde_json::json!(["golden"])));
        assert_eq!(image["properties"]["hw_disk_bus"], "virtio");
        assert_eq!(image["properties"].get("os_distro"), None);

        openstack.run(&["image", "save", "--file", saved, &id]);
        assert!(openstack.fail(&["image", "delete", &id]).contains("protected"));
        openstack.run(&["image", "set", "--unprotected", &name]);
        openstack.run(&["image", "delete", &name]);
        openstack.fail(&["image", "show", &id]);
    });
}

#[test]
fn openstack_does_all_that_it_can_do_with_an_image() {
    let Some(folder) = tools("clients::openstack") else {
        return;
    };
    let gateway = Gateway::builder().start();
    let settings = vec![
        // With a bare token the client asks for no versions; the endpoint must name one.
        ("OS_AUTH_TYPE", "admin_token".to_owned()),
        ("OS_ENDPOINT", format!("http://{}/v2", gateway.address())),
        ("OS_TOKEN", token()),
    ];
    everything(&gateway, &Tool::new(&folder, "openstack", settings));
}

#[test]
fn openstack_works_without_any_identity() {
    let Some(folder) = tools("clients::openstack") else {
        return;
    };
    let gateway = Gateway::builder().identity("mode = \"none\"").start();
    let settings = vec![("OS_AUTH_TYPE", "none".to_owned()), ("OS_ENDPOINT", format!("http://{}", gateway.address()))];
    everything(&gateway, &Tool::new(&folder, "openstack", settings));
}
