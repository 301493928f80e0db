//! Stores of several kinds in one gateway.

use casement_tests::{Gateway, Medium, Pattern, peer};
use serde_json::json;

#[test]
fn an_image_goes_to_the_store_that_is_asked_for_and_comes_from_it() {
    const STORES: [(&str, Medium); 3] = [("disk", Medium::Filesystem), ("s3", Medium::S3), ("swift", Medium::Swift)];
    let test = "stores::an_image_goes_to_the_store_that_is_asked_for";
    let (Some((_, _turn)), Some(_)) = (peer(test, "s3"), casement_tests::Peers::entry("swift")) else { return };
    let builder = STORES.iter().fold(Gateway::builder(), |builder, (id, medium)| {
        medium.store(builder, id, if *id == "disk" { "default = true" } else { "" })
    });
    let gateway = builder.more("[images]\nshow_multiple_locations = true\nshow_direct_url = true").start();
    let (member, admin) = (gateway.member(), gateway.admin());

    let detail = admin.get("/v2/info/stores/detail").expect(200).json();
    let told: Vec<_> =
        detail["stores"].as_array().unwrap().iter().map(|store| (&store["id"], &store["type"])).collect();
    assert_eq!(json!(told), json!([["disk", "file"], ["s3", "s3"], ["swift", "swift"]]));
    assert!(!detail.to_string().contains("secret"), "{detail}");

    for (store, medium) in STORES {
        let data = Pattern::new(3, 1_500_001).bytes();
        let id = member.create_raw(store);
        member.data_request(&id).header("X-Image-Meta-Store", store).body(&data).expect(204);
        let image = member.show(&id);
        assert_eq!((&image["stores"], &image["size"]), (&json!(store), &json!(data.len())));
        let url = image["direct_url"].as_str().unwrap();
        let scheme = match medium {
            Medium::Filesystem => "file://",
            Medium::S3 => "s3://",
            _ => "swift",
        };
        assert!(url.starts_with(scheme) && url.contains(&id) && !url.contains("secret"), "{url}");
        assert_eq!(image["locations"], json!([{"url": url, "metadata": {"store": store}}]));
        for (other, _) in STORES {
            assert_eq!(gateway.store(other).holds(&id), other == store, "{other}");
        }
        assert!(member.download(&id).expect(200).body == data);
        let part =
            member.request("GET", &format!("/v2/images/{id}/file")).header("Range", "bytes=999999-1000008").send();
        assert_eq!(part.expect(206).body, data[999_999..=1_000_008]);
        gateway.assert_settled();
        member.delete(&format!("/v2/images/{id}")).expect(204);
        assert!(!gateway.store(store).holds(&id));
    }
    gateway.assert_settled();
}
