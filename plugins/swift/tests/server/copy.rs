use crate::support::{Auth, Lab, MIB, data, read, write};
use casement_sdk::{Backend, Kind};
use reqwest::Method;

#[tokio::test]
async fn a_copy_is_an_object_of_its_own() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    for (from, len) in [("empty", 0), ("small", 1000), ("large", 3 * MIB + 1)] {
        let (to, data) = (format!("{from} copy?"), data(len));
        write(&store, from, "t-1", None, &data).await.unwrap();
        let copied = store.copy(from, &to).await.unwrap();
        assert_eq!(copied.size, len as u64);
        assert_eq!(store.copy(from, &to).await.unwrap_err().kind(), Kind::Exists);
        store.delete(from).await.unwrap();
        assert!(read(&store, &to, 0, None).await.unwrap() == data, "{from}");
        store.delete(&to).await.unwrap();
    }
    assert_eq!(store.copy("none", "to").await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(lab.segments().await, [""; 0]);
    assert_eq!(lab.names(&lab.config.container).await, [""; 0]);
}

#[tokio::test]
async fn a_copy_of_a_dynamic_large_object_does_not_need_its_segments() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let container = &lab.config.container;
    lab.put(container, "").await;
    for (number, text) in ["one ", "two ", "three"].into_iter().enumerate() {
        lab.put(&format!("{container}/a-{:05}", number + 1), text).await;
    }
    let manifest = lab.request(Method::PUT, &format!("{container}/a")).header("content-length", 0);
    manifest.header("x-object-manifest", format!("{container}/a-")).send().await.unwrap();
    store.copy("a", "b").await.unwrap();
    store.delete("a").await.unwrap();
    assert_eq!(read(&store, "b", 0, None).await.unwrap(), b"one two three");
    store.delete("b").await.unwrap();
    assert_eq!(lab.segments().await, [""; 0]);
}
