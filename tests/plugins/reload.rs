//! Plugin files that are replaced while the gateway runs.

use casement_tests::{Builder, Gateway, Pattern, Run, plugin_file, renew_plugin, skip};
use std::{fs, path::PathBuf};

const OLD: &[u8] = b"0123456789";

/// A gateway with plugin files of its own.
struct Bench {
    builder: Builder,
    plugins: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let mut builder = Gateway::builder().filesystem("local", None, "default = true");
        let plugins = builder.plugin_folder();
        Self { builder, plugins }
    }

    fn start(self) -> (Gateway, PathBuf) {
        let file = plugin_file(&self.plugins, "casement_filesystem");
        (self.builder.start(), file)
    }
}

#[track_caller]
fn reload(gateway: &Gateway) -> Run {
    gateway.command(&["plugin", "reload"])
}

#[track_caller]
fn assert_replaced(run: &Run) {
    assert!(run.code == Some(0) && run.text.contains("replaced by") && run.text.contains("for local"), "{run:?}");
}

#[track_caller]
fn assert_refused(run: &Run, reason: &str) {
    assert!(run.code == Some(69) && run.text.contains("not replaced") && run.text.contains(reason), "{run:?}");
}

/// The store takes data, and still has what it had.
#[track_caller]
fn assert_serves(gateway: &Gateway, old: &str) {
    let member = gateway.member();
    let id = member.create_active("new", b"new data");
    assert_eq!(member.download(&id).expect(200).body, b"new data");
    assert_eq!(member.download(old).expect(200).body, OLD);
    gateway.assert_settled();
}

#[test]
fn transfers_under_way_end_in_the_version_that_they_began_in() {
    let (gateway, file) = Bench::new().start();
    let (member, data) = (gateway.member(), Pattern::new(3, 40_000_000).bytes());
    let old = member.create_active("old", &data);
    let new = member.create_raw("new");

    let mut download = gateway.raw();
    let head = download.head("GET", &format!("/v2/images/{old}/file"), &[]);
    download.send(&head);
    let first = download.read_byte().unwrap();
    let mut upload = gateway.raw();
    upload.begin_upload(&new, data.len() as u64, &[]);
    upload.send(&data[..20_000_000]);

    renew_plugin(&file);
    assert_replaced(&reload(&gateway));

    upload.send(&data[20_000_000..]);
    assert_eq!(upload.answer().unwrap().status, 204);
    let mut rest = vec![first];
    while let Some(byte) = download.read_byte() {
        rest.push(byte);
        if rest.len() > data.len() && rest.ends_with(&data[data.len() - 64..]) {
            break;
        }
    }
    assert!(rest.ends_with(&data), "the download is not what was uploaded");
    assert!(member.download(&new).expect(200).body == data);
    gateway.assert_settled();
}

#[test]
fn no_request_fails_while_plugins_are_reloaded() {
    const RELOADS: u32 = 8;
    let (gateway, file) = Bench::new().start();
    gateway.under_load(|| {
        for _ in 0..RELOADS {
            renew_plugin(&file);
            assert_replaced(&reload(&gateway));
        }
    });
}

#[test]
fn a_file_that_did_not_change_is_left_alone() {
    let (gateway, _) = Bench::new().start();
    let run = reload(&gateway);
    assert!(run.code == Some(0) && run.text.contains("unchanged"), "{run:?}");
}

#[test]
fn a_version_that_cannot_be_used_is_refused_and_the_old_one_goes_on() {
    let (gateway, file) = Bench::new().start();
    let old = gateway.member().create_active("old", OLD);
    let sound = fs::read(&file).unwrap();

    fs::write(&file, &sound[..sound.len() / 2]).unwrap();
    assert_refused(&reload(&gateway), "copy it again");
    assert_serves(&gateway, &old);

    let stranger = plugin_file(file.parent().unwrap(), "casement_http_store");
    fs::copy(stranger, &file).unwrap();
    assert_refused(&reload(&gateway), "the plugin `http` now, no longer `filesystem`");
    assert_serves(&gateway, &old);

    fs::remove_file(&file).unwrap();
    assert_refused(&reload(&gateway), "no plugin file");
    assert_serves(&gateway, &old);

    fs::write(&file, &sound).unwrap();
    assert_eq!(reload(&gateway).code, Some(0));
    assert_serves(&gateway, &old);
}

#[test]
fn a_version_that_cannot_open_a_store_in_service_is_refused() {
    let (gateway, file) = Bench::new().start();
    let old = gateway.member().create_active("old", OLD);
    let root = gateway.folder("local").root().to_owned();
    let away = root.with_file_name("away");
    fs::rename(&root, &away).unwrap();
    renew_plugin(&file);
    assert_refused(&reload(&gateway), "store `local` can't be opened");
    fs::rename(&away, &root).unwrap();
    assert_serves(&gateway, &old);
    assert_replaced(&reload(&gateway));
    assert_serves(&gateway, &old);
}

#[test]
fn a_plugin_that_was_broken_at_the_start_comes_into_use_once_it_is_mended() {
    let bench = Bench::new();
    let file = plugin_file(&bench.plugins, "casement_filesystem");
    let sound = fs::read(&file).unwrap();
    fs::write(&file, "no library").unwrap();
    let (gateway, file) = bench.start();
    let id = gateway.member().create_raw("n");
    gateway.member().upload(&id, OLD).expect(503);
    fs::write(&file, sound).unwrap();
    assert_replaced(&reload(&gateway));
    gateway.member().upload(&id, OLD).expect(204);
    assert_serves(&gateway, &id);
}

#[test]
fn two_versions_of_a_plugin_are_in_use_side_by_side_under_two_names() {
    let entry = "path = \"casement_filesystem_next\"";
    let with_two = |entry: &str| {
        let Bench { builder, plugins } = Bench::new();
        let next = plugin_file(&plugins, "casement_filesystem_next");
        fs::copy(plugin_file(&plugins, "casement_filesystem"), &next).unwrap();
        renew_plugin(&next);
        let root = builder.folder().join("next");
        fs::create_dir(&root).unwrap();
        let store = format!("plugin = \"filesystem-next\"\nroot = '{}'", builder.path(&root));
        builder.plugin(entry).store("next", &store)
    };
    let run = with_two(entry).check();
    assert!(run.text.contains("there is a plugin `filesystem` already"), "{run:?}");

    let gateway = with_two(&format!("{entry}\nname = \"filesystem-next\"")).start();
    let member = gateway.member();
    for store in ["local", "next"] {
        let id = member.create_raw(store);
        member.data_request(&id).header("X-Image-Meta-Store", store).body(OLD).expect(204);
        assert_eq!(member.download(&id).expect(200).body, OLD);
    }
    renew_plugin(&plugin_file(&gateway.site().folder().join("dist/plugins"), "casement_filesystem_next"));
    let run = reload(&gateway);
    assert!(run.text.contains("unchanged") && run.text.contains("for next"), "{run:?}");
}

#[test]
fn a_plugin_that_is_loaded_in_place_is_not_replaced() {
    let Bench { builder, plugins } = Bench::new();
    let builder = builder.without_plugins().plugin("path = \"casement_filesystem\"\nshadow_copy = false");
    let gateway = builder.start();
    let old = gateway.member().create_active("old", OLD);
    // Replaced as a package manager does; one that is loaded in place must not be written over.
    let file = plugin_file(&plugins, "casement_filesystem");
    let new = file.with_extension("new");
    fs::copy(&file, &new).unwrap();
    renew_plugin(&new);
    if let Err(error) = fs::rename(&new, &file) {
        return skip(
            "plugins::reload::a_plugin_that_is_loaded_in_place_is_not_replaced",
            &format!("{error}: it is locked"),
        );
    }
    assert_refused(&reload(&gateway), "restart the service");
    assert_serves(&gateway, &old);
}

#[test]
fn copies_of_old_versions_are_gone_after_a_restart() {
    let (gateway, file) = Bench::new().start();
    let copies = gateway.site().folder().join("plugin-shadow");
    let count = || fs::read_dir(&copies).unwrap().count();
    assert_eq!(count(), 1);
    renew_plugin(&file);
    assert_replaced(&reload(&gateway));
    assert_eq!(count(), 2);
    let gateway = gateway.crash_and_restart();
    assert_eq!(count(), 1);
    assert_serves(&gateway, &gateway.member().create_active("old", OLD));
}

#[test]
fn without_a_running_service_there_is_nothing_to_reload() {
    let run = Bench::new().builder.command(&["plugin", "reload"]);
    assert!(run.code == Some(75) && run.text.contains("no running service"), "{run:?}");
    let (gateway, _) = Bench::new().start();
    let killed = Gateway::start(gateway.kill());
    assert_eq!(reload(&killed).code, Some(0), "what the killed service left is not in the way");
}

#[cfg(unix)]
#[test]
fn a_hangup_reloads_too() {
    use casement_tests::Runner;
    use rustix::process::{Pid, Signal, kill_process};
    if Runner::chosen() == Runner::Wine {
        return skip("plugins::reload::a_hangup_reloads_too", "Windows has no such signal");
    }
    let (gateway, file) = Bench::new().start();
    let old = gateway.member().create_active("old", OLD);
    renew_plugin(&file);
    kill_process(Pid::from_raw(gateway.id().try_into().unwrap()).unwrap(), Signal::HUP).unwrap();
    let line = gateway.log().wait_for("plugin replaced", std::time::Duration::from_secs(30));
    assert!(line.is_some(), "{}", gateway.log().text());
    assert_serves(&gateway, &old);
}
