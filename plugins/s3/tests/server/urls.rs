use crate::support::{PART, data, key, read, server, write};
use casement_sdk::Backend;
use serde_json::json;
use std::time::Duration;

/// As a client would that knows nothing of S3.
async fn get(url: String) -> (u16, Vec<u8>) {
    let get = move || {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut answer = agent.get(&url).call().unwrap();
        (answer.status().as_u16(), answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap())
    };
    tokio::task::spawn_blocking(get).await.unwrap()
}

#[tokio::test]
async fn a_presigned_url_reads_one_image_and_holds_no_secret() {
    let Some(server) = server("a_presigned_url_reads_one_image_and_holds_no_secret") else { return };
    let store = server.store(json!({})).await;
    let (key, other) = (key(), key());
    write(&store, &key, &data(1000), true).await.unwrap();
    write(&store, &other, &data(10), true).await.unwrap();
    let url = store.presign_read(&key, Duration::from_secs(60)).await.unwrap();
    assert!(url.contains("X-Amz-Expires=60") && !url.contains(server.secret()), "{url}");
    assert_eq!(get(url.clone()).await, (200, data(1000).to_vec()));
    assert_eq!(get(url.replace(&key, &other)).await.0, 403);
    assert_eq!(get(url.split('?').next().unwrap().to_owned()).await.0, 403);
}

#[tokio::test]
async fn what_is_read_ahead_is_the_same() {
    let Some(server) = server("what_is_read_ahead_is_the_same") else { return };
    let store = server.store(json!({"read_ahead_parts": 3})).await;
    let (key, data) = (key(), data(5 * PART + 7));
    write(&store, &key, &data, true).await.unwrap();
    let size = data.len() as u64;
    for (offset, len) in
        [(0, None), (3, None), (PART, Some(3 * PART)), (size - 1, None), (size, None), (size + 1, Some(9))]
    {
        let end = len.map_or(size, |len| (offset + len).min(size)).max(offset.min(size));
        let expected = &data[usize::try_from(offset.min(size)).unwrap()..usize::try_from(end).unwrap()];
        assert!(read(&store, &key, offset, len).await.unwrap() == expected, "{offset} {len:?}");
    }
    store.delete(&key).await.unwrap();
}
