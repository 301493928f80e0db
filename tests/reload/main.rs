//! A configuration that is changed while the gateway runs.
#![allow(clippy::unwrap_used)]

use casement_tests::{Gateway, Pattern, Run, Runner};
use serde_json::json;
use std::{fs, time::Duration};

const DATA: &[u8] = b"0123456789";
const SMALL: &str = "[images]\nsize_cap_bytes = 5\n";

#[track_caller]
fn assert_refused(run: &Run, words: &str) {
    let refused = run.code == Some(78) && run.text.contains("nothing has changed") && run.text.contains(words);
    assert!(refused, "{words}: {run:?}");
}

/// A `[stores.<id>]` table on a folder that is made for it.
fn store(gateway: &Gateway, id: &str, keys: &str) -> String {
    let root = gateway.site().folder().join("images").join(id);
    fs::create_dir_all(&root).unwrap();
    format!("[stores.{id}]\nplugin = \"filesystem\"\nroot = '{}'\n{keys}\n", Runner::chosen().path(&root))
}

#[test]
fn what_has_changed_holds_for_the_next_request() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create_raw("n");
    gateway.reload(|text| text + SMALL).assert_done("images.size_cap_bytes: changed");
    member.upload(&id, DATA).expect(413);
    gateway.reload(|text| text.replace(SMALL, "")).assert_done("images.size_cap_bytes: changed");
    member.upload(&id, DATA).expect(204);
    gateway.reload(|text| text).assert_done("configuration: unchanged");
    gateway.assert_settled();
}

#[test]
fn an_upload_under_way_ends_by_what_it_began_with() {
    let gateway = Gateway::builder().start();
    let (member, data) = (gateway.member(), Pattern::new(1, 10_000_000).bytes());
    let id = member.create_raw("n");
    let mut upload = gateway.raw();
    upload.begin_upload(&id, data.len() as u64, &[]);
    upload.send(&data[..5_000_000]);
    gateway.reload(|text| text + SMALL).assert_done("size_cap_bytes");
    upload.send(&data[5_000_000..]);
    assert_eq!(upload.answer().unwrap().status, 204);
    assert!(member.download(&id).expect(200).body == data);
    gateway.assert_settled();
}

#[test]
fn the_policy_is_read_again_though_the_configuration_is_the_same() {
    let gateway = Gateway::builder().file("policy.yaml", "{}").more("[policy]\nfile = \"policy.yaml\"").start();
    let member = gateway.member();
    member.create_raw("n");
    fs::write(gateway.site().folder().join("policy.yaml"), "add_image: \"role:admin\"\n").unwrap();
    gateway.reload(|text| text).assert_done("unchanged");
    member.post("/v2/images", &json!({"name": "n"})).expect(403);
}

#[test]
fn tokens_come_and_go() {
    let gateway = Gateway::builder().start();
    let sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let token =
        format!("[[identity.tokens]]\nsha256 = \"{sha256}\"\nuser = \"new\"\nproject = \"p9\"\nroles = [\"member\"]\n");
    let list = || gateway.bearer("test").get("/v2/images");
    list().expect(401);
    gateway.reload(|text| text + &token).assert_done("identity.tokens: changed");
    list().expect(200);
    gateway.reload(|text| text.replace(&token, "")).assert_done("identity.tokens: changed");
    list().expect(401);
}

#[test]
fn a_store_is_added_changed_and_taken_away() {
    let gateway = Gateway::builder().filesystem("local", None, "default = true").start();
    let member = gateway.member();
    let more = store(&gateway, "more", "");
    gateway.reload(|text| text + &more).assert_done("stores.more: changed");
    let id = member.create_raw("n");
    let put = |id: &str| member.data_request(id).header("X-Image-Meta-Store", "more").body(DATA);
    put(&id).expect(204);

    gateway
        .reload(|text| text.replace(&more, &format!("{more}read_only = true\n")))
        .assert_done("stores.more: changed");
    assert_eq!(member.download(&id).expect(200).body, DATA);
    let other = member.create_raw("n");
    assert!(put(&other).status >= 400);

    gateway.reload(|text| text.replace(&format!("{more}read_only = true\n"), "")).assert_done("stores.more: changed");
    assert!(member.download(&id).status >= 400, "the store is gone");
    member.upload(&other, DATA).expect(204);
    gateway.reload(|text| text + &more).assert_done("stores.more: changed");
    assert_eq!(member.download(&id).expect(200).body, DATA);
}

#[test]
fn an_upload_into_a_store_that_is_taken_away_ends_there() {
    let gateway = Gateway::builder().filesystem("local", None, "default = true").start();
    let (member, data) = (gateway.member(), Pattern::new(2, 10_000_000).bytes());
    let more = store(&gateway, "more", "");
    gateway.reload(|text| text + &more).assert_done("stores.more: changed");
    let id = member.create_raw("n");
    let mut upload = gateway.raw();
    upload.begin_upload(&id, data.len() as u64, &["X-Image-Meta-Store: more"]);
    upload.send(&data[..5_000_000]);
    gateway.reload(|text| text.replace(&more, "")).assert_done("stores.more: changed");
    upload.send(&data[5_000_000..]);
    assert_eq!(upload.answer().unwrap().status, 204);
    gateway.reload(|text| text + &more).assert_done("stores.more: changed");
    assert!(member.download(&id).expect(200).body == data);
}

#[test]
fn what_waits_for_a_restart_is_named_and_what_stands_beside_it_is_in_force() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let longer = |text: String| text.replace("header_timeout_seconds = 2", "header_timeout_seconds = 3") + SMALL;
    let run = gateway.reload(longer);
    run.assert_done("server.header_timeout_seconds: waits for a restart");
    run.assert_done("images.size_cap_bytes: changed");
    gateway.member().upload(&id, DATA).expect(413);
    gateway.reload(|text| text).assert_done("server.header_timeout_seconds: waits for a restart");
}

#[test]
fn a_configuration_that_cannot_be_used_changes_nothing_and_says_why() {
    let gateway = Gateway::builder().filesystem("local", None, "default = true").file("policy.yaml", "}").start();
    let good = fs::read_to_string(gateway.site().config()).unwrap();
    let nowhere = "[stores.more]\nplugin = \"filesystem\"\nroot = '/nowhere/at/all'\n";
    for (text, words) in [
        (good.clone() + "[images]\nsize_cap_byte = 5\n", "did you mean `size_cap_bytes`"),
        (good.clone() + "[images\n", "casement.toml"),
        (good.clone() + SMALL + "[policy]\nfile = \"policy.yaml\"\n", "policy.yaml"),
        (good.clone() + SMALL + nowhere, "store `more`"),
        (good.clone() + SMALL + "[stores.more]\nplugin = \"nothing\"\n", "nothing"),
        (good.clone() + SMALL + "[[plugins]]\npath = \"casement_nothing\"\n", "casement_nothing"),
        (good.clone() + SMALL + "[cors]\nallowed_origin = [\"no origin\"]\n", "allowed_origin"),
        (good.clone() + SMALL + "[log]\nlevel = \"a=b=c\"\n", "log.level"),
    ] {
        let file = gateway.site().config();
        fs::write(file, text).unwrap();
        // The command reads the file too, and may be the one that says it.
        let run = gateway.command(&["reload"]);
        assert!(run.code == Some(78) && run.text.contains(words), "{words}: {run:?}");
        fs::write(file, &good).unwrap();
        gateway.member().create_active("n", DATA);
    }
    gateway.reload(|text| text).assert_done("unchanged");
    assert_refused(&gateway.reload(|text| text + nowhere), "store `more`");
    gateway.assert_settled();
}

#[test]
fn no_request_fails_while_the_configuration_is_reloaded() {
    const RELOADS: u32 = 8;
    let gateway = Gateway::builder().filesystem("local", None, "default = true").start();
    gateway.under_load(|| {
        for round in 0..RELOADS {
            let (old, new) = (format!("weight = {round}\n"), format!("weight = {}\n", round + 1));
            let change = |text: String| {
                if round == 0 {
                    text.replace("default = true\n", "default = true\nweight = 1\n")
                } else {
                    text.replace(&old, &new)
                }
            };
            gateway.reload(change).assert_done("stores.local: changed");
        }
    });
}

#[test]
fn lines_of_another_level_are_logged_from_then_on() {
    let gateway = Gateway::builder().start();
    let quiet = "[log]\nlevel = \"error\"\n";
    gateway.reload(|text| text + quiet).assert_done("log.level: changed");
    gateway.member().create_raw("unheard");
    gateway.reload(|text| text.replace(quiet, "")).assert_done("log.level: changed");
    let id = gateway.member().create_raw("heard");
    gateway.member().get(&format!("/v2/images/{id}")).expect(200);
    assert!(gateway.log().wait_for(&id, Duration::from_secs(30)).is_some());
    let creations = |text: &str| text.lines().filter(|line| line.contains("POST") && line.contains("201")).count();
    assert_eq!(creations(&gateway.log().text()), 1, "{}", gateway.log().text());
}

#[test]
fn without_a_running_service_there_is_nothing_to_reload() {
    let run = Gateway::builder().filesystem("local", None, "").command(&["reload"]);
    assert!(run.code == Some(75) && run.text.contains("no running service"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_hangup_reloads_too_and_a_bad_configuration_is_told_in_the_log() {
    use casement_tests::skip;
    use rustix::process::{Pid, Signal, kill_process};
    if Runner::chosen() == Runner::Wine {
        return skip("reload::a_hangup_reloads_too", "Windows has no such signal");
    }
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let file = gateway.site().config();
    let small = fs::read_to_string(file).unwrap() + SMALL;
    let hangup = |text: &str, told: &str| {
        fs::write(file, text).unwrap();
        kill_process(Pid::from_raw(gateway.id().try_into().unwrap()).unwrap(), Signal::HUP).unwrap();
        assert!(gateway.log().wait_for(told, Duration::from_secs(30)).is_some(), "{}", gateway.log().text());
    };
    hangup(&small.replace("size_cap_bytes", "size_cap"), "nothing has changed");
    hangup(&small, "images.size_cap_bytes: changed");
    gateway.member().upload(&id, DATA).expect(413);
}
