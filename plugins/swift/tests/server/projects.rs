//! Images in the accounts of the projects that own them.

use crate::support::{Auth, Lab, MIB, Raw, data, read, write};
use casement_sdk::{Backend, Bytes, Kind, WriteOptions, Writer as _};
use casement_swift::{Config, Swift, Writer};
use std::mem;

const ID: &str = "fdae39a1-bac5-4238-aba4-69bcc726e848";
const BOTH: [Auth; 2] = [Auth::Tempauth, Auth::Keystone];

/// A store, a project that nobody else has, and the account of that.
async fn project(lab: &Lab) -> (Swift, String, Raw) {
    let project = format!("{:032x}", fastrand::u128(..));
    (lab.store().await, project.clone(), lab.of_project(&project))
}

/// A write of which segments are stored, as a crash leaves it: nobody removes anything.
async fn crashed(store: &Swift, key: &str, account: &Raw, segments: &str) -> String {
    let options = WriteOptions { size: None, transfer: "t-1".to_owned() };
    let mut writer: Writer = store.create(key, options).await.unwrap();
    for chunk in data(3 * MIB + 1).chunks(MIB / 2) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    while account.names(segments).await.len() < 2 {
        tokio::task::yield_now().await;
    }
    let token = writer.token().to_owned();
    mem::forget(writer);
    token
}

#[tokio::test]
async fn an_image_lies_in_the_account_of_its_owner_and_goes_with_its_containers() {
    for auth in BOTH {
        let Some(lab) = Lab::multi_tenant(auth).await else { continue };
        let (store, project, account) = project(&lab).await;
        let (container, data) = (format!("{}_{ID}", lab.config.container), data(2 * MIB));
        let key = store.place(ID, &project).unwrap();
        let stat = write(&store, &key, "t-1", None, &data).await.unwrap();
        assert_eq!((stat.size, store.stat(&key).await.unwrap().size), (data.len() as u64, data.len() as u64));
        assert_eq!(account.names(&container).await, [ID]);
        assert_eq!(account.names(&format!("{container}_segments")).await.len(), 2);
        assert!(!lab.exists(&container).await, "it is in the store's own account");
        assert_eq!(store.list_staged().await.unwrap(), []);

        let location = store.format_location(&key).unwrap();
        let url = account.account().strip_prefix("http").unwrap();
        assert_eq!(location, format!("swift+http{url}/{container}/{ID}"));
        assert_eq!(store.parse_location(&location).unwrap(), key);
        assert!(read(&store, &key, 0, None).await.unwrap() == data);
        assert!(read(&store, &key, MIB as u64 - 1, Some(2)).await.unwrap() == data[MIB - 1..=MIB]);

        store.delete(&key).await.unwrap();
        assert_eq!(account.containers(&lab.config.container).await, [""; 0]);
        assert_eq!(store.delete(&key).await.unwrap_err().kind(), Kind::NotFound);
    }
}

#[tokio::test]
async fn an_image_of_nobody_or_of_the_stores_own_project_lies_in_its_own_account() {
    for auth in BOTH {
        let Some(lab) = Lab::multi_tenant(auth).await else { continue };
        let store = lab.store().await;
        let own = lab.account().rsplit_once('_').unwrap().1;
        assert_eq!(store.place(ID, own).unwrap(), ID);
        write(&store, ID, "t-1", None, b"data").await.unwrap();
        assert_eq!(lab.names(&format!("{}_{ID}", lab.config.container)).await, [ID]);
        store.delete(ID).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_crash_leaves_in_a_projects_account_is_found_by_its_token_and_discarded() {
    for auth in BOTH {
        let Some(lab) = Lab::multi_tenant(auth).await else { continue };
        let (store, project, account) = project(&lab).await;
        let container = format!("{}_{ID}", lab.config.container);
        let key = store.place(ID, &project).unwrap();
        let token = crashed(&store, &key, &account, &format!("{container}_segments")).await;

        // By another process, which has never heard of the project.
        let store = lab.store().await;
        let staged = store.list_staged().await.unwrap();
        assert_eq!(staged.iter().map(|staged| &*staged.token).collect::<Vec<_>>(), [&*token]);
        assert!(staged[0].idle_ms.unwrap() < 600_000, "{staged:?}");
        store.discard(&token).await.unwrap();
        assert_eq!(account.containers(&lab.config.container).await, [""; 0]);
        assert_eq!(store.list_staged().await.unwrap(), []);
        assert_eq!(store.discard(&token).await.unwrap_err().kind(), Kind::NotFound);
    }
}

#[tokio::test]
async fn a_deletion_in_a_projects_account_that_a_crash_has_cut_short_is_finished() {
    let Some(lab) = Lab::multi_tenant(Auth::Tempauth).await else { return };
    let (store, project, account) = project(&lab).await;
    let container = format!("{}_{ID}", lab.config.container);
    let key = store.place(ID, &project).unwrap();
    write(&store, &key, "t-1", None, &data(2 * MIB)).await.unwrap();
    // The process has died when the manifest was removed.
    let (own, account_name) = (&lab.config.container, account.account().rsplit_once('/').unwrap().1);
    let mark = format!("{own}_segments/.casement-staged///{account_name}/{container}/{ID}/delete-1");
    let request = lab.request(reqwest::Method::PUT, &mark).header("content-length", 0);
    let request = request.header("x-object-meta-casement-segments", format!("{container}_segments/{ID}/t-1/"));
    request.send().await.unwrap().error_for_status().unwrap();
    account.request(reqwest::Method::DELETE, &format!("{container}/{ID}")).send().await.unwrap();
    assert_eq!(account.names(&format!("{container}_segments")).await.len(), 2);

    let token = store.list_staged().await.unwrap()[0].token.clone();
    store.discard(&token).await.unwrap();
    assert_eq!(account.containers(own).await, [""; 0]);
    assert_eq!(store.list_staged().await.unwrap(), []);
}

#[tokio::test]
async fn a_write_that_is_aborted_or_refused_leaves_no_container() {
    let Some(lab) = Lab::multi_tenant(Auth::Tempauth).await else { return };
    let (store, project, account) = project(&lab).await;
    let key = store.place(ID, &project).unwrap();
    let options = |transfer: &str| WriteOptions { size: None, transfer: transfer.to_owned() };
    let mut small = store.create(&key, options("t-1")).await.unwrap();
    let mut large = store.create(&key, options("t-2")).await.unwrap();
    small.write(Bytes::from_static(b"data")).await.unwrap();
    large.write(Bytes::from(data(3 * MIB))).await.unwrap();
    small.abort().await.unwrap();
    large.abort().await.unwrap();
    assert_eq!(account.containers(&lab.config.container).await, [""; 0]);

    // The container is gone under a write that goes on: it is made anew.
    let other = store.create(&key, options("t-3")).await.unwrap();
    let mut going_on = store.create(&key, options("t-4")).await.unwrap();
    other.abort().await.unwrap();
    going_on.write(Bytes::from_static(b"data")).await.unwrap();
    going_on.commit().await.unwrap();
    assert_eq!(read(&store, &key, 0, None).await.unwrap(), b"data");
    store.delete(&key).await.unwrap();
}

#[tokio::test]
async fn who_is_no_reseller_admin_is_told_what_is_missing() {
    for auth in BOTH {
        let Some(lab) = Lab::new(auth).await else { continue };
        let store = Swift::connect(Config { multi_tenant: true, ..lab.config.clone() }).await.unwrap();
        let key = store.place(ID, "0f4a6b7c8d9e4f0a8b1c2d3e4f5a6b7c").unwrap();
        let error = write(&store, &key, "t-1", None, b"data").await.unwrap_err();
        assert!(error.kind() == Kind::Denied && error.message().contains("needs a reseller admin"), "{error}");
        assert_eq!(store.list_staged().await.unwrap(), []);
    }
}

#[tokio::test]
async fn an_owner_that_is_no_project_is_refused_and_one_account_is_enough_for_a_store_that_is_told_so() {
    let Some(lab) = Lab::multi_tenant(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    for odd in ["a/b", "..", "a b", "ä", "*:*", &"x".repeat(255)] {
        assert_eq!(store.place(ID, odd).unwrap_err().kind(), Kind::Unsupported, "{odd}");
    }
    let single = Swift::connect(Config { multi_tenant: false, ..lab.config.clone() }).await.unwrap();
    assert_eq!(single.place(ID, "0f4a").unwrap(), ID);
}
