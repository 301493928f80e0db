//! What every request is like.

use crate::{
    server::Server,
    support::{PART, SECRET, read, secret_file, write},
};
use casement_sdk::Backend;
use serde_json::json;

#[tokio::test]
async fn requests_are_signed_for_the_region_and_no_secret_is_in_them() {
    let server = Server::sound();
    let keys = json!({"region_name": "eu-north-1", "session_token_file": secret_file("token")});
    let store = server.store_with(keys).await;
    write(&store, "x", PART + 1).await.unwrap();
    read(&store, "x", 3, Some(5)).await.unwrap();
    store.delete("x").await.unwrap();
    store.health().await.unwrap();
    for request in server.requests() {
        let signed = request.header("authorization").unwrap();
        assert!(signed.contains("Credential=casement/") && signed.contains("/eu-north-1/s3/"), "{signed}");
        assert_eq!(request.header("x-amz-security-token"), Some("session-token"));
        assert!(!format!("{request:?}").contains(SECRET));
        assert!(request.target.starts_with("/images"), "{}", request.target);
        assert!(request.header("x-amz-user-agent").unwrap().contains("app/casement"), "{request:?}");
    }
}

#[tokio::test]
async fn a_look_whether_the_store_is_healthy_moves_no_data() {
    let server = Server::sound();
    let store = server.store().await;
    store.health().await.unwrap();
    assert_eq!(server.requests().last().unwrap().operation, "HeadBucket");
}
