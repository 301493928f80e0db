use crate::support::{MIB, PART, data, key, options, read, server, write};
use casement_sdk::{Backend, Kind, Writer};
use serde_json::json;

#[tokio::test]
async fn a_copy_is_the_same_and_stands_alone() {
    let Some(server) = server("a_copy_is_the_same_and_stands_alone") else { return };
    let store = server.store(json!({})).await;
    for size in [0, 1000, 2 * PART + 3] {
        let (from, to) = (key(), format!("{} ä+%20", key()));
        write(&store, &from, &data(size), true).await.unwrap();
        let copied = store.copy(&from, &to).await.unwrap();
        assert_eq!((copied.size, copied.etag), (size, store.stat(&to).await.unwrap().etag));
        store.delete(&from).await.unwrap();
        assert_eq!(read(&store, &to, 0, None).await.unwrap(), data(size));
        assert_eq!(store.copy(&from, &key()).await.unwrap_err().kind(), Kind::NotFound);
        store.delete(&to).await.unwrap();
    }
}

#[tokio::test]
async fn a_large_image_is_copied_in_parts() {
    let Some(server) = server("a_large_image_is_copied_in_parts") else { return };
    let store = server.store(json!({})).await;
    let (from, to, chunk, count) = (key(), key(), data(8 * MIB), 17);
    let mut writer = store.create(&from, options(Some(count * 8 * MIB))).await.unwrap();
    for _ in 0..count {
        writer.write(chunk.clone()).await.unwrap();
    }
    writer.commit().await.unwrap();
    let copied = store.copy(&from, &to).await.unwrap();
    assert_eq!(copied.size, count * 8 * MIB);
    assert!(copied.etag.unwrap().trim_matches('"').ends_with("-2"), "in two parts");
    for at in [0, 15, 16] {
        assert!(read(&store, &to, at * 8 * MIB, Some(8 * MIB)).await.unwrap() == chunk, "{at}");
    }
    assert!(store.list_staged().await.unwrap().iter().all(|staged| !staged.token.ends_with(&to)));
    store.delete(&from).await.unwrap();
    store.delete(&to).await.unwrap();
}

#[tokio::test]
async fn a_copy_replaces_nothing() {
    let Some(server) = server("a_copy_replaces_nothing") else { return };
    let store = server.store(json!({})).await;
    let (from, to) = (key(), key());
    write(&store, &from, &data(10), true).await.unwrap();
    write(&store, &to, &data(20), true).await.unwrap();
    for taken in [&to, &from] {
        assert_eq!(store.copy(&from, taken).await.unwrap_err().kind(), Kind::Exists);
    }
    assert_eq!(store.stat(&to).await.unwrap().size, 20);
}
