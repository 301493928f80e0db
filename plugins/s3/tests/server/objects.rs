use crate::support::{MIB, PART, data, key, read, server, write};
use casement_sdk::{Backend, Kind, Lister};
use serde_json::json;

#[tokio::test]
async fn images_of_any_size_come_back_as_they_went_announced_or_not() {
    let Some(server) = server("images_of_any_size_come_back_as_they_went_announced_or_not") else { return };
    for checksum in ["crc32", "sha256", "none"] {
        let store = server.store(json!({"checksum": checksum})).await;
        for size in [0, 1, PART - 1, PART, PART + 1, 3 * PART + 7] {
            for announced in [true, false] {
                let (key, data) = (key(), data(size));
                let stat = write(&store, &key, &data, announced).await.unwrap();
                assert_eq!(stat.size, size);
                assert_eq!(read(&store, &key, 0, None).await.unwrap(), data, "{size} {announced} {checksum}");
                let found = store.stat(&key).await.unwrap();
                assert_eq!((found.size, found.etag), (size, stat.etag), "{size} {announced} {checksum}");
                store.delete(&key).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn any_range_is_read() {
    let Some(server) = server("any_range_is_read") else { return };
    let store = server.store(json!({})).await;
    let (key, data) = (key(), data(PART + 100));
    write(&store, &key, &data, true).await.unwrap();
    let size = data.len() as u64;
    for (offset, len) in [
        (0, Some(1)),
        (1, Some(PART)),
        (PART - 1, Some(3)),
        (PART, None),
        (size - 1, Some(100)),
        (size, None),
        (size + 9, Some(1)),
        (3, Some(0)),
    ] {
        let end = len.map_or(size, |len| (offset + len).min(size)).max(offset.min(size));
        let expected = &data[usize::try_from(offset.min(size)).unwrap()..usize::try_from(end).unwrap()];
        assert_eq!(read(&store, &key, offset, len).await.unwrap(), expected, "{offset} {len:?}");
    }
    store.delete(&key).await.unwrap();
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let Some(server) = server("what_is_not_there_is_not_found") else { return };
    let store = server.store(json!({})).await;
    write(&store, &key(), &data(1), true).await.unwrap();
    let key = key();
    assert_eq!(store.stat(&key).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(read(&store, &key, 0, None).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(store.delete(&key).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn an_image_that_is_there_is_never_replaced() {
    let Some(server) = server("an_image_that_is_there_is_never_replaced") else { return };
    let store = server.store(json!({})).await;
    for size in [1, PART + 1] {
        let (key, first) = (key(), data(size));
        write(&store, &key, &first, true).await.unwrap();
        for other in [1, 2, PART + 1] {
            assert_eq!(write(&store, &key, &data(other), true).await.unwrap_err().kind(), Kind::Exists);
        }
        assert_eq!(read(&store, &key, 0, None).await.unwrap(), first);
        store.delete(&key).await.unwrap();
    }
}

#[tokio::test]
async fn images_are_listed_in_order_from_anywhere() {
    let Some(server) = server("images_are_listed_in_order_from_anywhere") else { return };
    let store = server.store(json!({})).await;
    let prefix = format!("{}-", key());
    let keys: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| format!("{prefix}{name}")).collect();
    for key in &keys {
        write(&store, key, &data(3), true).await.unwrap();
    }
    for (after, expected) in [(None, &keys[..]), (Some(&keys[1]), &keys[2..]), (Some(&keys[3]), &[])] {
        let mut lister = store.list(&prefix, after.map(String::as_str)).await.unwrap();
        let mut listed = Vec::new();
        loop {
            let page = lister.next_page().await.unwrap();
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        assert!(listed.iter().map(|entry| &entry.key).eq(expected), "{listed:?}");
        assert!(listed.iter().all(|entry| entry.size == 3));
    }
}

#[tokio::test]
async fn a_location_leads_back_to_its_image() {
    let Some(server) = server("a_location_leads_back_to_its_image") else { return };
    let store = server.store(json!({})).await;
    let location = store.format_location("3d4c").unwrap();
    assert!(location.starts_with("s3://127.0.0.1:") && location.ends_with("/3d4c"), "{location}");
    assert_eq!(store.parse_location(&location).unwrap(), "3d4c");
}

#[tokio::test]
async fn a_large_image_of_unknown_size_is_written() {
    let Some(server) = server("a_large_image_of_unknown_size_is_written") else { return };
    let store = server.store(json!({})).await;
    let (key, chunk) = (key(), data(MIB));
    let mut writer = store.create(&key, crate::support::options(None)).await.unwrap();
    for _ in 0..96 {
        casement_sdk::Writer::write(&mut writer, chunk.clone()).await.unwrap();
    }
    let stat = casement_sdk::Writer::commit(writer).await.unwrap();
    assert_eq!(stat.size, 96 * MIB);
    store.delete(&key).await.unwrap();
}
