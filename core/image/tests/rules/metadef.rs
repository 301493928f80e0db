//! Bodies of metadata definitions: refusals in Glance's words, and what becomes of the rest.

use casement_image::{
    SortDir,
    list::ListSettings,
    metadef::{
        Association, NamespaceBody, NamespaceQuery, NamespaceSortKey, Object, Property, Tag, TagQuery,
        check_object_query, namespace_links, wants_append,
    },
};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::datetime};

const NOW: OffsetDateTime = datetime!(2026-11-22 7:08:09 UTC);

fn refusal(kind: &str, body: &Value) -> casement_image::Error {
    match kind {
        "namespace" => NamespaceBody::parse(body, NOW).unwrap_err(),
        "object" => Object::parse_new(body, NOW).unwrap_err(),
        "property" => Property::parse(body).unwrap_err(),
        "resource_type" => Association::parse(body, NOW).unwrap_err(),
        "tag" => Tag::parse(body, NOW).unwrap_err(),
        "tags" => Tag::parse_list(body, NOW).unwrap_err(),
        other => panic!("{other}"),
    }
}

#[test]
fn every_refusal_reads_as_glances() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("data/metadef_schema_messages.json")).unwrap();
    assert!(cases.len() >= 70);
    for case in cases {
        let message = refusal(case["kind"].as_str().unwrap(), &case["body"]).message;
        assert_eq!(message, case["message"].as_str().unwrap(), "{} {}", case["kind"], case["body"]);
    }
}

#[test]
fn a_body_with_a_million_faults_is_refused_for_one() {
    let body = json!({"tags": vec![json!(1); 300_000]});
    let message = refusal("tags", &body).message;
    assert!(message.starts_with("Provided object does not match schema 'tags': 1 is not of type 'object'"));
}

#[test]
fn what_a_namespace_is_made_of_is_answered_as_it_was_given() {
    let body = json!({
        "namespace": "n", "objects": [{"name": "o"}, {"name": "p", "required": [], "properties": {}}],
        "properties": {"p": {"title": "t", "type": "number", "default": 1.5, "minimum": 1.9}}, "tags": [],
    });
    let wanted = NamespaceBody::parse(&body, NOW).unwrap();
    let namespace = wanted.build("p1".into(), NOW);
    assert_eq!(
        Value::Object(wanted.created_view(&namespace)),
        json!({
            "namespace": "n", "visibility": "private", "protected": false, "owner": "p1",
            "created_at": "2026-11-22T07:08:09Z", "updated_at": "2026-11-22T07:08:09Z",
            "self": "/v2/metadefs/namespaces/n", "schema": "/v2/schemas/metadefs/namespace",
            "objects": [{"name": "o"}, {"name": "p", "required": [], "properties": {}}],
            "properties": {"p": {"type": "number", "title": "t", "default": "1.5", "minimum": 1}}, "tags": [],
        })
    );
    assert_eq!(wanted.actions().collect::<Vec<_>>(), ["add_metadef_object", "add_metadef_property"]);
    let prefixed = |resource_type: Option<&str>| {
        let mut contents = wanted.contents();
        contents.associations = vec![Association::parse(&json!({"name": "t", "prefix": "x:"}), NOW).unwrap()];
        namespace.full_view(&contents, resource_type)["properties"].as_object().unwrap().keys().next().unwrap().clone()
    };
    assert_eq!(
        (prefixed(None).as_str(), prefixed(Some("t")).as_str(), prefixed(Some("u")).as_str()),
        ("p", "x:p", "p")
    );
}

#[test]
fn what_a_column_cannot_hold_is_refused() {
    let property = |more: Value| {
        let mut body = json!({"name": "p", "type": "string", "title": "t"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Property::parse(&body).unwrap().check_storable().map_err(|refusal| refusal.message)
    };
    assert_eq!(property(json!({})), Ok(()));
    assert_eq!(property(json!({"enum": ["\u{1f600}"]})).unwrap_err(), "Enum can't contain 4 byte unicode characters.");
    assert_eq!(property(json!({"title": "a\0"})).unwrap_err(), "Title can't contain NUL characters.");
    assert!(property(json!({"description": "x".repeat(70_000)})).unwrap_err().contains("at most 65535 bytes"));
    let object = json!({"name": "o", "properties": {"": {"type": "string", "title": "t"}}});
    assert!(Object::parse(&object, NOW).unwrap().check_storable().is_err());
    let wide = vec!["required"; 10_000].iter().enumerate().map(|(at, name)| json!(format!("{name}{at}"))).collect();
    let object = json!({"name": "o", "required": Value::Array(wide)});
    assert!(Object::parse(&object, NOW).unwrap().check_storable().is_err());
}

fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
    query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn lists_are_asked_for_as_with_glance() {
    let parse = |query: &[(&str, &str)]| NamespaceQuery::parse(&pairs(query), &ListSettings::default());
    let query = parse(&[]).unwrap();
    assert_eq!(
        (query.page.limit, query.page.sort_key, query.page.sort_dir),
        (Some(25), NamespaceSortKey::CreatedAt, SortDir::Desc)
    );
    let query = parse(&[("limit", "5000"), ("resource_types", "a,b"), ("visibility", ""), ("marker", "m")]).unwrap();
    assert_eq!(query.page.limit, Some(1000));
    assert_eq!(query.resource_types, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!((query.visibility.as_deref(), query.page.marker.as_deref()), (Some(""), Some("m")));
    for (query, message) in [
        (("limit", "x"), "limit param must be an integer"),
        (("limit", "-1"), "limit param must be positive"),
        (("sort_dir", "up"), "Invalid sort direction: up"),
        (("visibility", "shared"), "Invalid visibility value: shared"),
    ] {
        assert_eq!(parse(&[query]).unwrap_err().message, message);
    }
    assert_eq!(TagQuery::parse(&pairs(&[("limit", ""), ("marker", "")])).unwrap().limit, None);
    assert_eq!(check_object_query(&pairs(&[("limit", "0")])).unwrap_err().message, "limit param must be positive");
    let (first, next) = namespace_links(&pairs(&[("limit", "1"), ("marker", "a")]), Some("a&b=c"));
    assert_eq!(first, "/v2/metadefs/namespaces?limit=1");
    assert_eq!(next.unwrap(), "/v2/metadefs/namespaces?limit=1&marker=a%26b%3Dc");
}

#[test]
fn a_header_says_whether_tags_are_added() {
    for yes in ["1", "t", "True", "ON", "y", " yes "] {
        assert!(wants_append(Some(yes)), "{yes}");
    }
    for no in [None, Some(""), Some("no"), Some("2")] {
        assert!(!wants_append(no), "{no:?}");
    }
}
