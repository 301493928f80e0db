//! Where Glance 33 answers 500 or does harm, and where it is bounded only here.

use casement_tests::{Answer, Client, Gateway};
use serde_json::{Value, json};

const NAMESPACES: &str = "/v2/metadefs/namespaces";

fn put(client: &Client, path: &str, body: &Value) -> Answer {
    client.request("PUT", &format!("{NAMESPACES}{path}")).json(body)
}

fn post(client: &Client, path: &str, body: &Value) -> Answer {
    client.post(&format!("{NAMESPACES}{path}"), body)
}

fn names(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{NAMESPACES}{query}")).expect(200).json();
    list["namespaces"].as_array().unwrap().iter().map(|one| one["namespace"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn queries_that_make_no_sense_are_refused() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    post(&admin, "", &json!({"namespace": "n", "properties": {"p": {"type": "string", "title": "t"}}})).expect(201);
    for (path, message) in [
        ("?limit=x", "limit param must be an integer"),
        ("?limit=99999999999999999999x", "limit param must be an integer"),
        ("?sort_key=nope", "Invalid sort key: nope. It must be one of…"),
        ("/n/tags?sort_key=nope", "Invalid sort key: nope. It must be one of…"),
        ("/n/tags?limit=1.5", "limit param must be an integer"),
    ] {
        admin.get(&format!("{NAMESPACES}{path}")).refused(path, 400, message);
    }
    // Parameters that mean nothing are passed over.
    admin.get(&format!("{NAMESPACES}/n?foo=1")).expect(200);
    admin.get(&format!("{NAMESPACES}/n/properties/p?foo=1")).expect(200);
    admin.get(&format!("{NAMESPACES}?id_list=1&limit=99999999999999999999")).expect(200);
}

#[test]
fn pages_add_up_to_the_whole_list_for_every_sort_key_in_both_directions() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    for (name, more) in [
        ("b", json!({"display_name": "x", "visibility": "public"})),
        ("a", json!({"display_name": "x", "protected": true})),
        ("d", json!({"description": "y", "owner": "p2"})),
        ("c", json!({})),
        ("e&f=g", json!({"visibility": "public", "description": "a"})),
    ] {
        let mut body = json!({ "namespace": name });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        post(&admin, "", &body).expect(201);
    }
    let keys = [
        "namespace",
        "display_name",
        "description",
        "visibility",
        "protected",
        "owner",
        "created_at",
        "updated_at",
        "id",
    ];
    for key in keys {
        for dir in ["asc", "desc"] {
            let whole = names(&admin, &format!("?sort_key={key}&sort_dir={dir}"));
            let mut next = Some(format!("{NAMESPACES}?sort_key={key}&sort_dir={dir}&limit=2"));
            let mut pages = Vec::new();
            while let Some(path) = next {
                let page = admin.get(&path).expect(200).json();
                pages.extend(page["namespaces"].as_array().unwrap().iter().map(|one| one["namespace"].clone()));
                next = page["next"].as_str().map(str::to_owned);
            }
            assert_eq!((whole.len(), json!(whole)), (5, json!(pages)), "{key} {dir}");
        }
    }
    assert_eq!(names(&admin, "?sort_key=namespace&sort_dir=asc"), ["a", "b", "c", "d", "e&f=g"]);
}

#[test]
fn definitions_that_no_client_could_read_back_are_refused() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    let with = |more: Value| {
        let mut property = json!({"type": "string", "title": "t"});
        property.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"namespace": "n", "properties": {"p": property}})
    };
    for (body, message) in [
        (with(json!({"foo": 1})), "Unknown attribute: foo."),
        (with(json!({"required": ["a"]})), "Unknown attribute: required."),
        (with(json!({"enum": [1]})), "Invalid input for attribute enum: [1]."),
        (with(json!({"items": {}})), "Invalid input for attribute items: {}."),
        (with(json!({"minimum": 1e30})), "Invalid input for attribute minimum: 1e+30."),
        (json!({"namespace": "n", "objects": [{}]}), "Mandatory attribute missing in objects: name."),
        (json!({"namespace": "n", "tags": [{"name": "t", "x": 1}]}), "Unknown attribute in tags: x."),
        (json!({"namespace": ""}), "Couldn't create metadata namespace: The name of a namespace must not be empty."),
        (json!({"namespace": "a/b"}), "Couldn't create metadata namespace: The name of a namespace can't contain…"),
        (
            json!({"namespace": "n", "tags": [{"name": "x".repeat(81)}]}),
            "Couldn't create metadata namespace: The name 'x…",
        ),
        (json!([]), "The request body must be a JSON object."),
        (json!([1]), "The request body must be a JSON object."),
    ] {
        post(&admin, "", &body).refused(&body.to_string(), 400, message);
        admin.get(&format!("{NAMESPACES}/n")).expect(404);
    }
    post(&admin, "", &json!({"namespace": "n"})).expect(201);
    post(&admin, "/n/tags", &json!({})).refused("no tags", 400, "The list of tags is missing: 'tags'.");
    let long = json!({"tags": [{"name": "x".repeat(81)}]});
    post(&admin, "/n/tags", &long).refused("a long tag", 400, "Couldn't create metadata tags: The name 'x…");
    // What Glance can't show again is kept as it is.
    let property = json!({"name": "p", "type": "string", "title": "t", "default": "ünï"});
    assert_eq!(post(&admin, "/n/properties", &property).expect(201).json(), property);
    assert_eq!(admin.get(&format!("{NAMESPACES}/n/properties/p")).expect(200).json(), property);
}

#[test]
fn a_name_that_is_taken_is_a_conflict_in_an_update_too() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    let property = |name: &str| json!({"name": name, "type": "string", "title": "t"});
    let body = json!({"namespace": "n", "objects": [{"name": "a"}, {"name": "b"}]});
    post(&admin, "", &body).expect(201);
    for name in ["a", "b"] {
        post(&admin, "/n/properties", &property(name)).expect(201);
    }
    put(&admin, "/n/properties/a", &property("b")).refused(
        "property",
        409,
        "Invalid update. It would result in a duplicate metadata definition property with the same name=b in namespace=n.",
    );
    put(&admin, "/n/objects/a", &json!({"name": "b"})).refused(
        "object",
        409,
        "Invalid update. It would result in a duplicate metadata definition object with the same name=b in namespace=n.",
    );
    let shown = admin.get(&format!("{NAMESPACES}/n")).expect(200).json();
    assert_eq!(shown["properties"].as_object().unwrap().len(), 2);
}

#[test]
fn a_create_that_fails_half_way_leaves_nothing_of_a_protected_namespace_either() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    for protected in [false, true] {
        let body = json!({
            "namespace": "n", "protected": protected, "resource_type_associations": [{"name": "new-type"}],
            "objects": [{"name": "o"}], "tags": [{"name": "t"}, {"name": "t"}],
        });
        post(&admin, "", &body).expect(409);
        admin.get(&format!("{NAMESPACES}/n")).expect(404);
        assert_eq!(admin.get("/v2/metadefs/resource_types").expect(200).json(), json!({"resource_types": []}));
    }
}

#[test]
fn a_new_namespace_has_nothing_of_one_that_had_its_name() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    let full = json!({
        "namespace": "n", "resource_type_associations": [{"name": "type"}], "objects": [{"name": "o"}],
        "tags": [{"name": "t"}], "properties": {"p": {"type": "string", "title": "t"}},
    });
    post(&admin, "", &full).expect(201);
    admin.delete(&format!("{NAMESPACES}/n")).expect(204);
    post(&admin, "", &json!({"namespace": "n"})).expect(201);
    let shown = admin.get(&format!("{NAMESPACES}/n")).expect(200).json();
    for part in ["resource_type_associations", "objects", "tags", "properties"] {
        assert_eq!(shown.get(part), None, "{shown}");
    }
}

#[test]
fn a_namespace_has_room_for_so_much_and_no_more() {
    let gateway = Gateway::builder().server("max_json_body_bytes = 1048576").start();
    let admin = gateway.admin();
    post(&admin, "", &json!({"namespace": "n"})).expect(201);
    let large = |at: usize| json!({"name": format!("p{at}"), "type": "string", "title": "x".repeat(60_000)});
    let refused = (0..100).find(|at| post(&admin, "/n/properties", &large(*at)).status == 413).unwrap();
    assert!((60..80).contains(&refused), "{refused}");
    let message = "The definitions of namespace n would take more than 4194304 bytes; use a second namespace.";
    post(&admin, "/n/properties", &large(refused)).refused("full", 413, message);
    let longer = json!({"name": "p", "type": "string", "title": "x".repeat(70_000)});
    let message = "Couldn't create metadata property: The definition is too long: at most 65535 bytes.";
    post(&admin, "/n/properties", &longer).refused("one too long", 400, message);

    for at in 0..100 {
        post(&admin, "/n/resource_types", &json!({"name": format!("t{at}")})).expect(201);
    }
    let message = "There can be at most 100 resource type associations in a namespace.";
    post(&admin, "/n/resource_types", &json!({"name": "more"})).refused("types", 413, message);
}
