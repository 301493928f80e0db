use crate::support::{Auth, Lab, MIB, data, read, write};
use casement_sdk::{Backend, Bytes, Kind, WriteOptions, Writer as _};
use casement_swift::{Swift, Writer};
use std::mem;

const KEY: &str = "a/b";

/// A write of which segments are stored.
async fn begun(store: &Swift, transfer: &str) -> Writer {
    let mut writer = store.create(KEY, WriteOptions { size: None, transfer: transfer.to_owned() }).await.unwrap();
    for chunk in data(3 * MIB + 1).chunks(MIB / 2) {
        writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    writer
}

/// As after a crash: what is on its way comes to its end, and nobody removes anything.
async fn crashed(lab: &Lab, writer: Writer) -> String {
    let token = writer.token().to_owned();
    while lab.segments().await.len() < 3 {
        tokio::task::yield_now().await;
    }
    mem::forget(writer);
    token
}

#[tokio::test]
async fn what_an_aborted_write_has_stored_is_removed() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    begun(&store, "t-1").await.abort().await.unwrap();
    assert_eq!(lab.segments().await, [""; 0]);
    assert_eq!(store.stat(KEY).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn what_a_crash_leaves_is_found_by_its_token_and_discarded() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let token = crashed(&lab, begun(&store, "t-1").await).await;
    assert_eq!(token, format!("{}/{KEY}/t-1", lab.config.container));

    // By another process, on another day.
    let store = lab.store().await;
    let staged = store.list_staged().await.unwrap();
    assert_eq!(staged.len(), 1);
    assert_eq!(staged[0].token, token);
    assert!(staged[0].idle_ms.unwrap() < 600_000, "{staged:?}");

    // The key is free for others meanwhile, and what they write is not touched.
    let other = data(2 * MIB);
    write(&store, KEY, "t-2", None, &other).await.unwrap();
    store.discard(&token).await.unwrap();
    assert_eq!(store.list_staged().await.unwrap(), []);
    assert_eq!(store.discard(&token).await.unwrap_err().kind(), Kind::NotFound);
    assert!(read(&store, KEY, 0, None).await.unwrap() == other);
    assert_eq!(lab.segments().await.len(), 2);
}

#[tokio::test]
async fn what_is_published_is_never_discarded() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let data = data(2 * MIB);
    write(&store, KEY, "t-1", None, &data).await.unwrap();
    let (container, token) = (&lab.config.container, format!("{}/{KEY}/t-1", lab.config.container));
    // The process has died before it could remove the mark.
    for _ in 0..2 {
        lab.put(&format!("{container}_segments/.casement-staged/{token}"), "").await;
        assert_eq!(store.discard(&token).await.unwrap_err().kind(), Kind::NotFound);
        lab.put(&format!("{container}_segments/.casement-staged/{token}"), "").await;
        assert_eq!(store.list_staged().await.unwrap(), []);
    }
    assert!(read(&store, KEY, 0, None).await.unwrap() == data);
    assert_eq!(lab.segments().await.len(), 2);
}

#[tokio::test]
async fn a_deletion_that_a_crash_has_cut_short_is_finished() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let container = &lab.config.container;
    let mark = format!("{container}_segments/.casement-staged/{container}/{KEY}/delete-1");
    let set_mark = async || {
        let request = lab.request(reqwest::Method::PUT, &mark).header("content-length", 0);
        let segments = format!("{container}_segments/{KEY}/t-1/");
        let request = request.header("x-object-meta-casement-segments", segments);
        request.send().await.unwrap().error_for_status().unwrap();
    };
    write(&store, KEY, "t-1", None, &data(2 * MIB)).await.unwrap();

    // Before the manifest was removed: the object is whole.
    set_mark().await;
    let token = store.list_staged().await.unwrap()[0].token.clone();
    store.discard(&token).await.unwrap();
    assert_eq!(read(&store, KEY, 0, None).await.unwrap().len(), 2 * MIB);

    // Behind it.
    set_mark().await;
    lab.request(reqwest::Method::DELETE, &format!("{container}/{KEY}")).send().await.unwrap();
    assert_eq!(lab.segments().await.len(), 3);
    store.discard(&token).await.unwrap();
    assert_eq!(lab.segments().await, [""; 0]);
}
