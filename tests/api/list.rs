use casement_tests::{Client, Gateway};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SORT_KEYS: &str =
    "It must be one of the following: name, status, container_format, disk_format, size, id, created_at, updated_at.";

/// Images of two projects, one of every kind that a filter can tell apart.
struct Images {
    gateway: Gateway,
    member: Client,
    ids: BTreeMap<String, String>,
}

impl Images {
    fn new() -> Self {
        let gateway = Gateway::builder().start();
        let (member, admin) = (gateway.member(), gateway.admin());
        let mut ids = BTreeMap::new();
        for (name, more) in [
            ("alpha", json!({"disk_format": "raw", "container_format": "bare", "tags": ["x", "y"]})),
            ("beta", json!({"disk_format": "qcow2", "container_format": "bare", "tags": ["x"], "foo": "bar"})),
            ("gam,ma", json!({"os_hidden": true})),
            ("priv", json!({"visibility": "private"})),
            ("pub", json!({"visibility": "public"})),
            ("comm", json!({"visibility": "community"})),
            ("other-shared", json!({"owner": "p2"})),
            ("other-comm", json!({"owner": "p2", "visibility": "community"})),
            ("other-pub", json!({"owner": "p2", "visibility": "public"})),
            ("other-priv", json!({"owner": "p2", "visibility": "private"})),
            ("zeta", json!({"protected": true, "min_ram": 5})),
        ] {
            let mut body = more.as_object().unwrap().clone();
            body.insert("name".into(), name.into());
            ids.insert(name.to_owned(), admin.create(&Value::Object(body)));
        }
        member.upload(&ids["alpha"], b"0123456789").expect(204);
        Self { gateway, member, ids }
    }

    #[track_caller]
    fn names(&self, client: &Client, query: &str) -> Vec<String> {
        let page = client.get(&format!("/v2/images{query}")).expect(200).json();
        assert_eq!(page["schema"], "/v2/schemas/images");
        page["images"].as_array().unwrap().iter().map(|image| image["name"].as_str().unwrap().to_owned()).collect()
    }

    #[track_caller]
    fn assert_found(&self, client: &Client, query: &str, wanted: &[&str]) {
        let mut names = self.names(client, query);
        names.sort_unstable();
        assert_eq!(names, wanted, "{query}");
    }
}

#[test]
fn whom_the_list_is_for_decides_what_is_in_it() {
    let images = Images::new();
    let all = ["alpha", "beta", "comm", "other-priv", "other-pub", "other-shared", "priv", "pub", "zeta"];
    images.assert_found(&images.member, "", &["alpha", "beta", "comm", "other-pub", "priv", "pub", "zeta"]);
    images.assert_found(&images.gateway.reader(), "", &["alpha", "beta", "comm", "other-pub", "priv", "pub", "zeta"]);
    images.assert_found(&images.gateway.admin(), "", &all);
    images.assert_found(&images.gateway.stranger(), "", &["other-pub", "pub"]);
    images.assert_found(&images.gateway.other(), "", &["other-comm", "other-priv", "other-pub", "other-shared", "pub"]);
}

#[test]
fn filters_find_what_they_name() {
    let images = Images::new();
    let mine = ["alpha", "beta", "comm", "other-pub", "priv", "pub", "zeta"];
    let by_id = format!("?id={}", images.ids["beta"]);
    let by_ids = format!("?id=in:{},{}", images.ids["beta"], images.ids["alpha"]);
    for (query, wanted) in [
        ("?visibility=all", &["alpha", "beta", "comm", "other-comm", "other-pub", "priv", "pub", "zeta"][..]),
        ("?visibility=community", &["comm", "other-comm"]),
        ("?visibility=public", &["other-pub", "pub"]),
        ("?visibility=private", &["priv"]),
        ("?visibility=shared", &["alpha", "beta", "zeta"]),
        ("?visibility=", &[]),
        ("?member_status=pending", &mine),
        ("?owner=p2", &["other-pub"]),
        ("?owner=p2&visibility=community", &["other-comm"]),
        ("?os_hidden=true", &["gam,ma"]),
        ("?os_hidden=TRUE", &["gam,ma"]),
        ("?os_hidden=false", &mine),
        ("?protected=true", &["zeta"]),
        ("?protected=false", &["alpha", "beta", "comm", "other-pub", "priv", "pub"]),
        ("?name=alpha", &["alpha"]),
        ("?name=eq:alpha", &["alpha"]),
        ("?name=in:alpha,beta", &["alpha", "beta"]),
        ("?name=in:%22gam,ma%22,alpha&os_hidden=true", &["gam,ma"]),
        ("?status=active", &["alpha"]),
        ("?status=in:active,queued", &mine),
        ("?status=zz", &[]),
        ("?disk_format=qcow2", &["beta"]),
        ("?disk_format=in:raw,qcow2", &["alpha", "beta"]),
        ("?container_format=bare", &["alpha", "beta"]),
        (&by_id, &["beta"]),
        (&by_ids, &["alpha", "beta"]),
        ("?tag=x", &["alpha", "beta"]),
        ("?tag=x&tag=y", &["alpha"]),
        ("?tag=nope", &[]),
        ("?foo=bar", &["beta"]),
        ("?foo=zz", &[]),
        ("?checksum=781e5e245d69b566979b86e28d23f2c7", &["alpha"]),
        ("?size=10", &["alpha"]),
        ("?size_min=5", &["alpha"]),
        ("?size_min=10&size_max=10", &["alpha"]),
        ("?size_max=5", &[]),
        ("?min_ram=5", &["zeta"]),
        ("?min_ram_min=5", &["zeta"]),
        ("?min_ram_max=4", &["alpha", "beta", "comm", "other-pub", "priv", "pub"]),
        ("?deleted=true", &mine),
        ("?created_at=gte:2020-01-01T00:00:00Z", &mine),
        ("?created_at=gt:2099-01-01T00:00:00Z", &[]),
        ("?created_at=lt:2099-01-01T00:00:00", &mine),
        ("?created_at=2020-01-01T00:00:00Z", &[]),
        ("?created_at=neq:2020-01-01T00:00:00Z", &mine),
        ("?updated_at=lte:2099-01-01T00:00:00%2B05:00", &mine),
        ("?unknown_param=1", &[]),
        ("?bogus", &[]),
        ("?limit=0", &[]),
        ("?limit=99999&name=alpha", &["alpha"]),
    ] {
        images.assert_found(&images.member, query, wanted);
    }
    let hash = images.member.show(&images.ids["alpha"])["os_hash_value"].as_str().unwrap().to_owned();
    images.assert_found(&images.member, &format!("?os_hash_value={hash}"), &["alpha"]);
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    let images = Images::new();
    let invisible = format!("?marker={}", images.ids["other-priv"]);
    let not_visible = format!("Forbidding request, image {} not visible", images.ids["other-priv"]);
    let many = |parameter: &str, count| format!("?{}", vec![parameter; count].join("&"));
    let bad_time = |key| format!("Bad \"{key}\" query filter format. Use ISO 8601 DateTime notation.");
    for (query, status, message) in [
        ("?visibility=zz", 400, "Invalid visibility value: zz"),
        ("?member_status=zz", 400, "Invalid status: zz"),
        ("?os_hidden=zz", 400, "Invalid value 'zz' for 'os_hidden' filter. Valid values are 'true' or 'false'."),
        ("?protected=True", 400, "Invalid value 'True' for 'protected' filter. Valid values are 'true' or 'false'."),
        ("?name=in:%22gam,ma", 400, "Invalid filter value \"gam,ma. The quote is not closed."),
        ("?name=gt:alpha", 400, "Unable to filter by unknown operator 'gt'."),
        ("?size_min=zz", 400, "Unable to filter on a range with a non-numeric value."),
        ("?zz_min=5", 400, "…"),
        ("?created_at=zz:2020-01-01T00:00:00Z", 400, "Unable to filter on a unknown operator."),
        ("?created_at=in:2020-01-01T00:00:00Z", 400, "Unable to filter on a unknown operator."),
        ("?created_at=bad", 400, &bad_time("created_at")),
        ("?updated_at=bad", 400, &bad_time("updated_at")),
        ("?changes-since=2020", 400, "The \"changes-since\" filter is no longer available on v2."),
        ("?sort=zz", 400, &format!("Invalid sort key: zz. {SORT_KEYS}")),
        ("?sort_key=tags", 400, &format!("Invalid sort key: tags. {SORT_KEYS}")),
        ("?sort=min_ram", 400, &format!("Invalid sort key: min_ram. {SORT_KEYS}")),
        ("?sort=name:up", 400, "Invalid sort direction: up"),
        ("?sort_key=name&sort_dir=up", 400, "Invalid sort direction: up"),
        (
            "?sort_key=name&sort_dir=asc&sort_dir=desc",
            400,
            "Number of sort dirs does not match the number of sort keys",
        ),
        ("?sort=name&sort_key=id", 400, "Old and new sorting syntax cannot be combined"),
        ("?limit=-1", 400, "limit param must be positive"),
        ("?limit=x", 400, "limit param must be an integer"),
        ("?marker=zz", 400, "No image found with ID zz"),
        (&many("tag=a", 501), 400, "A list takes at most 500 parameters."),
        (&format!("?id=in:{}", "a,".repeat(10_001)), 400, "The filters of a list take at most 10000 values."),
        (&invisible, 403, &not_visible),
    ] {
        images.member.get(&format!("/v2/images{query}")).refused(query, status, message);
    }
    images.member.get(&format!("/v2/images{}", many("tag=a", 500))).expect(200);
    images.member.get(&format!("/v2/images?id=in:{}", "a,".repeat(10_000))).expect(200);
}

#[test]
fn the_order_is_the_one_that_is_asked_for() {
    let images = Images::new();
    let ascending = ["alpha", "beta", "comm", "other-pub", "priv", "pub", "zeta"];
    let mut descending = ascending;
    descending.reverse();
    for (query, wanted) in [
        ("?sort=name", descending),
        ("?sort=name:asc", ascending),
        ("?sort=name:desc", descending),
        ("?sort=name:asc,status:desc", ascending),
        ("?sort_key=name", descending),
        ("?sort_key=name&sort_dir=asc", ascending),
        ("?sort_key=name&sort_key=status&sort_dir=asc", ascending),
    ] {
        assert_eq!(images.names(&images.member, query), wanted, "{query}");
    }
    assert_eq!(images.names(&images.member, "?sort=status:asc")[0], "alpha");
    assert_eq!(images.names(&images.member, "?sort=size")[0], "alpha");
}

#[test]
fn links_repeat_the_query_whole() {
    let images = Images::new();
    let page = |query: &str| images.member.get(&format!("/v2/images{query}")).expect(200).json();
    for (query, first) in [
        ("", "/v2/images"),
        ("?visibility=all", "/v2/images?visibility=all"),
        ("?name=in:alpha,beta", "/v2/images?name=in%3Aalpha%2Cbeta"),
        ("?tag=x&tag=y", "/v2/images?tag=x&tag=y"),
        ("?limit=1&name=a%20b", "/v2/images?limit=1&name=a+b"),
        ("?bogus", "/v2/images?bogus="),
        ("?visibility=", "/v2/images?visibility="),
    ] {
        let page = page(query);
        assert_eq!((&page["first"], page.get("next")), (&json!(first), None), "{query}");
    }
    let found = page("?tag=x&tag=y&limit=1&sort=name:asc");
    let id = &images.ids["alpha"];
    assert_eq!(found["next"], format!("/v2/images?tag=x&tag=y&limit=1&sort=name%3Aasc&marker={id}"));
    let found = page(&format!("?limit=1&sort=name:asc&marker={id}"));
    assert_eq!(found["first"], "/v2/images?limit=1&sort=name%3Aasc");
    assert_eq!(found["next"], format!("/v2/images?limit=1&sort=name%3Aasc&marker={}", images.ids["beta"]));
}
