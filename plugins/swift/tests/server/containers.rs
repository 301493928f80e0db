use crate::support::{Auth, Lab, MIB, data, read, write};
use casement_sdk::{Backend, Kind};
use casement_swift::{Config, Swift};
use reqwest::Method;

const ID: &str = "fdae39a1-bac5-4238-aba4-69bcc726e848";

#[tokio::test]
async fn a_container_that_is_not_there_is_refused_until_it_is() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let config = Config { create_container: false, ..lab.config.clone() };
    let error = Swift::connect(config.clone()).await.unwrap_err();
    assert!(error.kind() == Kind::Unavailable && error.is_retryable(), "{error}");
    assert!(error.message().contains("create_container = true"), "{error}");

    lab.put(&config.container, "").await;
    let store = Swift::connect(config.clone()).await.unwrap();
    store.health().await.unwrap();
    // Segments have a container that is the store's own.
    write(&store, "a", "t-1", None, &data(2 * MIB)).await.unwrap();
    store.delete("a").await.unwrap();

    lab.request(Method::DELETE, &config.container).send().await.unwrap().error_for_status().unwrap();
    assert_eq!(store.health().await.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(write(&store, "a", "t-2", None, b"data").await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test]
async fn images_are_spread_over_containers_and_found_where_other_settings_have_put_them() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let (plain, data) = (lab.store().await, data(2 * MIB));
    write(&plain, ID, "t-1", None, b"of old").await.unwrap();
    let old = plain.format_location(ID).unwrap();

    let config = Config { multiple_containers_seed: 3, ..lab.config.clone() };
    let store = Swift::connect(config).await.unwrap();
    assert!(!store.capabilities().list);
    write(&store, ID, "t-2", None, &data).await.unwrap();
    let container = format!("{}_fda", lab.config.container);
    assert_eq!(lab.names(&container).await, [ID]);
    assert_eq!(lab.names(&format!("{container}_segments")).await.len(), 2);
    assert_eq!(store.format_location(ID).unwrap(), format!("swift+config://ref1/{container}/{ID}"));
    assert_eq!(store.parse_location(&store.format_location(ID).unwrap()).unwrap(), ID);
    assert!(read(&store, ID, 0, None).await.unwrap() == data);

    let key = store.parse_location(&old).unwrap();
    assert_eq!(store.format_location(&key).unwrap(), old);
    assert_eq!(read(&store, &key, 0, None).await.unwrap(), b"of old");
    store.delete(&key).await.unwrap();
    store.delete(ID).await.unwrap();
    for container in [&lab.config.container, &container, &format!("{container}_segments")] {
        assert_eq!(lab.names(container).await, [""; 0]);
    }
    assert_eq!(store.list_staged().await.unwrap(), []);
}

#[tokio::test]
async fn each_image_has_a_container_of_its_own_that_goes_with_it() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let config = Config { multi_tenant: true, admin_tenants: vec!["service".into()], ..lab.config.clone() };
    let store = Swift::connect(config).await.unwrap();
    let (container, data) = (format!("{}_{ID}", lab.config.container), data(2 * MIB));
    write(&store, ID, "t-1", None, &data).await.unwrap();
    assert_eq!(lab.names(&container).await, [ID]);
    let made = lab.request(Method::HEAD, &container).send().await.unwrap();
    assert_eq!(made.headers()["x-container-read"], "service:*");
    let location = store.format_location(ID).unwrap();
    assert!(location.starts_with("swift+http://127.0.0.1:") && location.ends_with(&format!("/{container}/{ID}")));
    assert_eq!(store.parse_location(&location).unwrap(), ID);
    assert!(read(&store, ID, 0, None).await.unwrap() == data);
    store.delete(ID).await.unwrap();
    assert!(!lab.exists(&container).await && !lab.exists(&format!("{container}_segments")).await);
}

#[tokio::test]
async fn what_is_used_and_what_a_quota_leaves_is_known() {
    let Some(lab) = Lab::new(Auth::Tempauth).await else { return };
    let store = lab.store().await;
    let container = &lab.config.container;
    lab.put(container, "").await;
    let usage = store.usage().await.unwrap();
    assert!(usage.used.is_some() && usage.free.is_none(), "{usage:?}");
    let quota = lab.request(Method::POST, container).header("x-container-meta-quota-bytes", "1000");
    quota.send().await.unwrap().error_for_status().unwrap();
    assert_eq!(store.usage().await.unwrap().free, Some(1000));
    write(&store, "a", "t-1", None, &[7; 900]).await.unwrap();
    assert_eq!(store.usage().await.unwrap().free, Some(100));
    assert_eq!(write(&store, "b", "t-2", None, &[7; 200]).await.unwrap_err().kind(), Kind::NoSpace);
    assert_eq!(store.stat("b").await.unwrap_err().kind(), Kind::NotFound);

    // The server answers before it has read a segment, and must be heard all the same.
    let segments = lab.request(Method::POST, &format!("{container}_segments"));
    let quota = segments.header("x-container-meta-quota-bytes", 10 * MIB);
    quota.send().await.unwrap().error_for_status().unwrap();
    let config = Config { segment_size: 8 * MIB as u64, ..lab.config.clone() };
    let store = Swift::connect(config).await.unwrap();
    assert!(store.capabilities().usage);
    let error = write(&store, "c", "t-3", None, &data(40 * MIB)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoSpace, "{error}");
    assert_eq!(lab.segments().await, [""; 0]);
}
