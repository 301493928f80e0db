//! Objects that others have written.

use crate::support::{Auth, Lab, MIB, data, read};
use casement_sdk::{Backend, Kind};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_dynamic_large_object_of_glances_is_read_and_deleted_with_its_segments() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let container = &lab.config.container;
    lab.put(container, "").await;
    let data = data(2 * MIB + 5);
    for (number, part) in data.chunks(MIB).enumerate() {
        lab.put(&format!("{container}/an-image-{:05}", number + 1), part.to_vec()).await;
    }
    let manifest = lab.request(Method::PUT, &format!("{container}/an-image")).header("content-length", 0);
    let manifest = manifest.header("x-object-manifest", format!("{container}/an-image-"));
    manifest.send().await.unwrap().error_for_status().unwrap();
    lab.put(&format!("{container}/an-image-of-mine"), "kept").await;

    assert_eq!(store.stat("an-image").await.unwrap().size, data.len() as u64 + 4);
    lab.request(Method::DELETE, &format!("{container}/an-image-of-mine")).send().await.unwrap();
    assert!(read(&store, "an-image", 0, None).await.unwrap() == data);
    assert!(read(&store, "an-image", MIB as u64 - 1, Some(2)).await.unwrap() == data[MIB - 1..=MIB]);
    store.delete("an-image").await.unwrap();
    assert_eq!(lab.names(container).await, [""; 0]);
    assert_eq!(lab.segments().await, [""; 0]);
    assert_eq!(store.delete("an-image").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn a_dynamic_large_object_of_somebodys_loses_its_manifest_alone() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let container = &lab.config.container;
    lab.put(container, "").await;
    lab.put(&format!("{container}/other"), "kept").await;
    let manifest = lab.request(Method::PUT, &format!("{container}/a")).header("content-length", 0);
    manifest.header("x-object-manifest", format!("{container}/o")).send().await.unwrap().error_for_status().unwrap();
    assert_eq!(read(&store, "a", 0, None).await.unwrap(), b"kept");
    store.delete("a").await.unwrap();
    assert_eq!(lab.names(container).await, ["other"]);
}

#[tokio::test]
async fn a_static_large_object_of_swifts_own_client_is_read_and_deleted_with_its_segments() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let container = &lab.config.container;
    lab.put(container, "").await;
    lab.put(&format!("{container}_segments"), "").await;
    let data = data(2 * MIB + 5);
    let mut manifest = Vec::new();
    for (number, part) in data.chunks(MIB).enumerate() {
        let segment = format!("{container}_segments/an image/slo/1795645806.1/2097157/1048576/{number:08}");
        lab.put(&segment.replace(' ', "%20"), part.to_vec()).await;
        manifest.push(json!({"path": format!("/{segment}"), "size_bytes": part.len()}));
    }
    lab.put(&format!("{container}/an%20image?multipart-manifest=put"), json!(manifest).to_string()).await;

    assert_eq!(store.stat("an image").await.unwrap().size, data.len() as u64);
    assert!(read(&store, "an image", 0, None).await.unwrap() == data);
    assert!(read(&store, "an image", MIB as u64, Some(7)).await.unwrap() == data[MIB..MIB + 7]);
    store.delete("an image").await.unwrap();
    assert_eq!(lab.names(container).await, [""; 0]);
    assert_eq!(lab.segments().await, [""; 0]);
}

#[tokio::test]
async fn what_is_there_is_listed_with_its_size_and_what_is_staged_is_not() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let container = &lab.config.container;
    for (key, len) in [("b", 3), ("a", 2 * MIB), ("ab", 0)] {
        crate::support::write(&store, key, "t-1", None, &data(len)).await.unwrap();
    }
    lab.put(&format!("{container}/dlo-1"), "12345").await;
    let manifest = lab.request(Method::PUT, &format!("{container}/dlo")).header("content-length", 0);
    manifest.header("x-object-manifest", format!("{container}/dlo-")).send().await.unwrap();
    let list = async |prefix: &str, after: Option<&str>| {
        let mut lister = store.list(prefix, after).await.unwrap();
        let mut found = Vec::new();
        loop {
            let page = casement_sdk::Lister::next_page(&mut lister).await.unwrap();
            if page.is_empty() {
                return found;
            }
            found.extend(page.into_iter().map(|entry| (entry.key, entry.size)));
        }
    };
    let all = [("a", 2 * MIB as u64), ("ab", 0), ("b", 3), ("dlo", 5), ("dlo-1", 5)];
    let all = all.map(|(key, size)| (key.to_owned(), size));
    assert_eq!(list("", None).await, all);
    assert_eq!(list("a", None).await, all[..2]);
    assert_eq!(list("", Some("ab")).await, all[2..]);
}
