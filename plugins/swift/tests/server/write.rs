use crate::support::{Auth, Lab, MIB, data, read, write};
use casement_sdk::{Backend, Kind};

/// Every size at which something changes, with one segment being 1 MiB, said before and not.
async fn objects_of_every_size_come_back_as_they_were(auth: Auth) {
    let Some(lab) = Lab::new(auth).await else { return };
    let store = lab.store().await;
    for len in [0, 1, MIB - 1, MIB, MIB + 1, 2 * MIB, 7 * MIB + 12_345] {
        for (key, size) in [(format!("known-{len}"), Some(len as u64)), (format!("unknown-{len}"), None)] {
            let data = data(len);
            let written = write(&store, &key, "t-1", size, &data).await.unwrap();
            let found = store.stat(&key).await.unwrap();
            assert_eq!((written.size, &written.etag), (found.size, &found.etag), "{key}");
            assert_eq!(found.size, len as u64);
            assert!(read(&store, &key, 0, None).await.unwrap() == data, "{key}");
            let segments = if len > MIB { len.div_ceil(MIB) } else { 0 };
            assert_eq!(lab.segments().await.len(), segments, "{key}");
            store.delete(&key).await.unwrap();
            assert_eq!(lab.segments().await, [""; 0], "{key}");
            assert_eq!(store.stat(&key).await.unwrap_err().kind(), Kind::NotFound);
        }
    }
    assert_eq!(lab.names(&lab.config.container).await, [""; 0]);
    assert_eq!(store.list_staged().await.unwrap(), []);
}

#[tokio::test]
async fn objects_of_every_size_come_back_as_they_were_with_tempauth() {
    objects_of_every_size_come_back_as_they_were(Auth::Tempauth).await;
}

#[tokio::test]
async fn objects_of_every_size_come_back_as_they_were_with_keystone() {
    objects_of_every_size_come_back_as_they_were(Auth::Keystone).await;
}

#[tokio::test]
async fn any_part_of_an_object_is_read() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let data = data(3 * MIB + 7);
    write(&store, "large", "t-1", None, &data).await.unwrap();
    write(&store, "small", "t-2", Some(10), &data[..10]).await.unwrap();
    for (offset, len) in [(0, 1), (MIB - 3, 6), (2 * MIB, MIB), (3 * MIB, 1000), (3 * MIB + 6, 1)] {
        let end = (offset + len).min(data.len());
        let part = read(&store, "large", offset as u64, Some(len as u64)).await.unwrap();
        assert!(part == data[offset..end], "{offset} {len}");
    }
    assert!(read(&store, "large", MIB as u64 + 1, None).await.unwrap() == data[MIB + 1..]);
    assert_eq!(read(&store, "small", 4, Some(100)).await.unwrap(), &data[4..10]);
    for (offset, len) in [(10, None), (10, Some(5)), (99, None), (0, Some(0))] {
        assert_eq!(read(&store, "small", offset, len).await.unwrap(), [0; 0], "{offset} {len:?}");
    }
    assert_eq!(read(&store, "none", 0, None).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn an_object_is_never_replaced() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    write(&store, "a", "t-1", None, b"first").await.unwrap();
    assert_eq!(write(&store, "a", "t-2", None, b"second").await.unwrap_err().kind(), Kind::Exists);

    // Both find the key free at first.
    let options = |transfer: &str| casement_sdk::WriteOptions { size: None, transfer: transfer.to_owned() };
    for (key, len) in [("b", 3), ("c", 2 * MIB)] {
        let data = data(len);
        let mut late = store.create(key, options("t-3")).await.unwrap();
        write(&store, key, "t-4", None, b"first").await.unwrap();
        casement_sdk::Writer::write(&mut late, data.into()).await.unwrap();
        assert_eq!(casement_sdk::Writer::commit(late).await.unwrap_err().kind(), Kind::Exists);
        assert_eq!(read(&store, key, 0, None).await.unwrap(), b"first");
    }
    assert_eq!(lab.segments().await, [""; 0]);
}

#[tokio::test]
async fn every_character_of_a_name_is_kept() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let (small, large) = (data(10), data(2 * MIB));
    for key in ["a/b c", "ä%20ö?x=1#y", "line\nbreak\tand\\", "trailing.", "日本"] {
        let copy = format!("{key}+copy");
        for data in [&small, &large] {
            write(&store, key, "t-1", None, data).await.unwrap();
            store.copy(key, &copy).await.unwrap();
            let location = store.format_location(key).unwrap();
            assert_eq!(store.parse_location(&location).unwrap(), key);
            store.delete(key).await.unwrap();
            assert!(read(&store, &copy, 0, None).await.unwrap() == **data, "{key:?}");
            store.delete(&copy).await.unwrap();
            assert_eq!(lab.segments().await, [""; 0], "{key:?}");
        }
    }
}
