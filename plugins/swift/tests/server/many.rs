//! What a real Swift does that only somebody in front of it can bring about.

use crate::{
    front::{Pass, front},
    support::{Auth, Lab, MIB, data, read, write},
};
use casement_sdk::Backend;
use casement_swift::{Config, Swift};
use std::sync::atomic::{AtomicU32, Ordering};

#[tokio::test]
async fn manifests_of_manifests_are_read_copied_and_deleted() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let endpoint = front(lab.account(), |head| {
        let info = r#"{"swift": {}, "slo": {"max_manifest_segments": 3}}"#;
        match head.starts_with("GET /info ") {
            true => Pass::Answer(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{info}", info.len())),
            false => Pass::On(head),
        }
    });
    let store = Swift::connect(Config { endpoint: Some(endpoint), ..lab.config.clone() }).await.unwrap();
    let data = data(7 * MIB + 3);
    let written = write(&store, "a", "t-1", Some(data.len() as u64), &data).await.unwrap();
    // Eight segments, and three manifests of up to three.
    assert_eq!(lab.segments().await.len(), 11);
    let found = store.stat("a").await.unwrap();
    assert_eq!((found.size, &found.etag), (data.len() as u64, &written.etag));
    assert!(read(&store, "a", 0, None).await.unwrap() == data);
    let middle = 3 * MIB - 2;
    assert!(read(&store, "a", middle as u64, Some(4)).await.unwrap() == data[middle..middle + 4]);

    store.copy("a", "b").await.unwrap();
    store.delete("a").await.unwrap();
    assert!(read(&store, "b", 0, None).await.unwrap() == data);
    store.delete("b").await.unwrap();
    assert_eq!(lab.segments().await, [""; 0]);
}

#[tokio::test]
async fn a_token_that_is_refused_in_the_middle_of_a_body_is_renewed() {
    for auth in [Auth::Tempauth, Auth::Keystone] {
        let Some(lab) = Lab::new(auth).await else { return };
        let refusals = AtomicU32::new(0);
        let endpoint = front(lab.account(), move |head| {
            // The next token is good.
            let refuse = head.starts_with("PUT ") && head.contains("/00000002 ");
            if refuse && refusals.fetch_add(1, Ordering::Relaxed) == 0 {
                let old = head.lines().find(|line| line.to_ascii_lowercase().starts_with("x-auth-token: ")).unwrap();
                return Pass::On(head.replace(old, "x-auth-token: long-gone"));
            }
            Pass::On(head)
        });
        let config = Config { endpoint: Some(endpoint), segment_size: 8 * MIB as u64, ..lab.config.clone() };
        let store = Swift::connect(config).await.unwrap();
        let data = data(20 * MIB);
        write(&store, "a", "t-1", None, &data).await.unwrap();
        assert!(read(&store, "a", 0, None).await.unwrap() == data, "{auth:?}");
    }
}
