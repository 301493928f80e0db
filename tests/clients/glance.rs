use crate::commands::{Tool, token, tools, with_every_format};
use casement_tests::Gateway;

#[test]
fn glance_does_all_that_it_can_do_with_an_image() {
    let Some(folder) = tools("clients::glance") else {
        return;
    };
    let gateway = Gateway::builder().start();
    let settings = vec![("OS_IMAGE_URL", format!("http://{}", gateway.address())), ("OS_AUTH_TOKEN", token())];
    let glance = Tool::new(&folder, "glance", settings);

    with_every_format(&gateway, |format, file, saved, assert_stored| {
        let (file, saved) = (file.to_str().unwrap(), saved.to_str().unwrap());
        let name = format!("disk in {format}");
        glance.run(&[
            "image-create",
            "--name",
            &name,
            "--disk-format",
            format,
            "--container-format",
            "bare",
            "--property",
            "os_distro=debian",
        ]);
        let listed = glance.run(&["image-list"]);
        let id = listed.lines().find(|line| line.contains(&name)).unwrap().split('|').nth(1).unwrap().trim();

        glance.run(&["image-upload", "--file", file, id]);
        assert_stored(id);
        let shown = glance.run(&["image-show", id]);
        assert!(shown.contains("| status ") && shown.contains("active") && shown.contains("debian"), "{shown}");

        glance.run(&[
            "image-update",
            "--property",
            "hw_disk_bus=virtio",
            "--remove-property",
            "os_distro",
            "--name",
            "renamed",
            id,
        ]);
        glance.run(&["image-tag-update", id, "golden"]);
        let shown = glance.run(&["image-show", id]);
        assert!(shown.contains("virtio") && shown.contains("golden") && shown.contains("renamed"), "{shown}");
        assert!(!shown.contains("debian"), "{shown}");
        glance.run(&["image-tag-delete", id, "golden"]);
        assert!(!glance.run(&["image-show", id]).contains("golden"));

        glance.run(&["image-deactivate", id]);
        assert!(glance.fail(&["image-download", "--file", saved, id]).contains("deactivated"));
        glance.run(&["image-reactivate", id]);
        glance.run(&["image-download", "--file", saved, id]);

        glance.run(&["image-delete", id]);
        assert!(glance.fail(&["image-show", id]).contains("No image found with ID"));
    });
}

#[test]
fn glance_creates_and_uploads_in_one_command() {
    let Some(folder) = tools("clients::glance") else {
        return;
    };
    let gateway = Gateway::builder().start();
    let settings = vec![("OS_IMAGE_URL", format!("http://{}", gateway.address())), ("OS_AUTH_TOKEN", token())];
    let glance = Tool::new(&folder, "glance", settings);
    with_every_format(&gateway, |format, file, saved, assert_stored| {
        let (file, saved) = (file.to_str().unwrap(), saved.to_str().unwrap());
        glance.run(&[
            "image-create",
            "--name",
            "n",
            "--disk-format",
            format,
            "--container-format",
            "bare",
            "--file",
            file,
            "--store",
            "local",
        ]);
        let id = gateway.images().into_keys().next().unwrap();
        assert_stored(&id);
        glance.run(&["image-download", "--file", saved, &id]);
        glance.run(&["image-delete", &id]);
    });
}
